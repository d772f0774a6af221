"""Processes of their own for tests."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


@contextmanager
def child(what: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run one of the child module's commands; it is killed when the body ends."""
    command = [sys.executable, "-m", "tests.unit.store.child", what, str(folder)]
    started = subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with started:
        try:
            yield started
        finally:
            started.kill()
