"""Processes of their own for tests."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.store import Location, PostgresUrl

REPOSITORY = Path(__file__).parents[3]


@contextmanager
def child(what: str, location: Location) -> Iterator[subprocess.Popen[str]]:
    """Run one of the child module's commands; it is killed when the body ends."""
    place = location.text if isinstance(location, PostgresUrl) else str(location)
    command = [sys.executable, "-m", "tests.unit.store.child", what, place]
    started = subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with started:
        try:
            yield started
        finally:
            started.kill()


def told(started: subprocess.Popen[str]) -> str:
    """The child's next line."""
    assert started.stdout is not None
    return started.stdout.readline().rstrip("\n")


def tell(started: subprocess.Popen[str], line: str) -> None:
    """A line for the child."""
    assert started.stdin is not None
    started.stdin.write(f"{line}\n")
    started.stdin.flush()
