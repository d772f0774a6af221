"""The command as processes of their own, forked from one that has loaded everything: many, and quickly.

Each has its own standard streams, environment and working folder, and may be given limits.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import resource
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TextIO

from reconciler.cli.main import main
from reconciler.settings import Settings
from tests.cli.commands import Ran
from tests.unit.store.privileges import obey_permissions

LIFE_S = 120
"""A child that lives longer hangs, and is ended."""

_PROCESSES = multiprocessing.get_context("forkserver")
_LATE = (
    "anyio._backends._asyncio",
    "certifi",
    "deepdiff",
    "httpcore",
    "jsonschema",
    "networkx",
    "psycopg",
    "reconciler.cli.app",
    "reconciler.commands.apply",
    "reconciler.reports.progress",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
)
"""What a command loads only when it comes to it, so that no child does."""
_PROCESSES.set_forkserver_preload([__name__, "tests.simulated.apply.children", *_LATE])


@dataclass(frozen=True, slots=True)
class Order:
    """A command, as another process is told of it.

    Args:
        environ: its whole environment.
        largest_file: no file may grow beyond so many bytes: a write fails, as on a full disk.
        obeys_permissions: what is read-only is so to it, even if it is root's.
        settings: other numbers than the usual ones.
    """

    arguments: Sequence[str]
    cwd: Path
    environ: Mapping[str, str]
    largest_file: int | None = None
    obeys_permissions: bool = False
    settings: Settings | None = None


@dataclass(slots=True)
class Running:
    """A command that runs."""

    process: multiprocessing.process.BaseProcess
    pid: int
    out: _Reader
    err: _Reader
    told: list[str] = field(default_factory=list)

    def tells(self, text: str) -> str:
        """Waits for a line on its stderr with some text, and gives the line."""
        while (line := self.err.lines.get(timeout=LIFE_S)) is not None:
            self.told.append(line)
            if text in line:
                return line
        raise AssertionError(f"it ended without a word of {text!r}: {''.join(self.told)}")

    def suspend(self) -> None:
        """Stops it where it is."""
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Lets it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def ended(self) -> Ran:
        """Waits for its end."""
        self.process.join(LIFE_S)
        assert self.process.exitcode is not None, "it does not end"
        self.told += self.err.rest()
        return Ran(self.process.exitcode, "".join(self.out.rest()), "".join(self.told))


class _Reader:
    """Takes what a child writes, so that the child never waits; None is the end."""

    def __init__(self, stream: Connection) -> None:
        self.lines: queue.Queue[str | None] = queue.Queue()
        self._file = os.fdopen(os.dup(stream.fileno()), encoding="utf-8", errors="replace")
        stream.close()
        threading.Thread(target=self._read, daemon=True).start()

    def rest(self) -> list[str]:
        """All that has not been asked for yet, to the end."""
        found = []
        while (line := self.lines.get(timeout=LIFE_S)) is not None:
            found.append(line)
        self.lines.put(None)
        return found

    def _read(self) -> None:
        with self._file:
            for line in self._file:
                self.lines.put(line)
        self.lines.put(None)


@contextmanager
def running(order: Order) -> Iterator[Running]:
    """Starts a command; it is killed when the body ends."""
    streams = [_PROCESSES.Pipe(duplex=False) for _ in ("out", "err")]
    process = _PROCESSES.Process(target=_carry_out, args=(order, *(there for _, there in streams)))
    process.start()
    for _, there in streams:
        there.close()
    out, err = (_Reader(here) for here, _ in streams)
    try:
        yield Running(process, process.pid or 0, out, err)
    finally:
        process.kill()
        process.join(LIFE_S)
        process.close()


def ran(order: Order) -> Ran:
    """Runs a command to its end."""
    with running(order) as started:
        return started.ended()


def _stream(taken: Connection, number: int) -> TextIO:
    """A standard stream of the child's own: what was there before may have been of another sort."""
    os.dup2(taken.fileno(), number)
    taken.close()
    return os.fdopen(number, "w", encoding="utf-8", closefd=False)


def _carry_out(order: Order, out: Connection, err: Connection) -> None:
    signal.alarm(LIFE_S)
    sys.stdout, sys.stderr = _stream(out, 1), _stream(err, 2)
    os.environ.clear()
    os.environ.update(order.environ)
    os.chdir(order.cwd)
    if order.obeys_permissions:
        obey_permissions()
    if order.largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.largest_file, resource.RLIM_INFINITY))
    code = main(order.arguments, order.settings)
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(code)
