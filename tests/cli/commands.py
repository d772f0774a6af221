"""Running the command line: in this process, quickly, or as a process of its own, as users do."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.cli.main import main

COMMAND = (sys.executable, "-m", "reconciler")


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401  # JSON, indexed freely by tests
        """Its stdout as the one JSON document that it must be."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Its stdout as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def codes(self) -> list[str]:
        """The codes of the diagnostics in its document."""
        return [found["code"] for found in self.document["diagnostics"]]

    @property
    def last(self) -> str:
        """The last line of its stdout."""
        return self.out.splitlines()[-1]


def run(*arguments: str) -> Ran:
    """Runs a command in this process, in the working folder and environment of the test."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), _logging_left_alone():
        code = main(arguments)
    return Ran(code, out.getvalue(), err.getvalue())


def run_child(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Ran:
    """Runs a command as a process of its own, without a terminal."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@contextmanager
def _logging_left_alone() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("reconciler")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
