"""Applies in processes of their own, which die by SIGKILL.

All are forked from one process that has loaded and tried everything, and has one thread: the process of the
tests, in which the org answers, has several.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn, TypeVar

from reconciler.commands.apply import ApplyRequest, apply
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.model.events import Event
from reconciler.model.ports import Observer
from reconciler.settings import Settings
from tests.simulated.apply.bench import QUICK, Bench, Silent, quick_project

LIFE_S = 60
"""A child that lives longer hangs, and is ended."""

_PROCESSES = multiprocessing.get_context("forkserver")
_LATE = ("anyio._backends._asyncio", "deepdiff", "jsonschema", "networkx", "sqlalchemy.dialects.sqlite")
"""What a run loads only when it comes to it, so that no child does."""
_PROCESSES.set_forkserver_preload([__name__, *_LATE])

Told = TypeVar("Told")


@dataclass(slots=True)
class Death:
    """An observer that kills its process.

    Args:
        event: the name of the event's class; `Event`: any.
        number: at so many of them.
    """

    event: str
    number: int

    def notify(self, event: Event) -> None:
        """Counts an event."""
        self.number -= self.event in ("Event", type(event).__name__)
        if self.number == 0:
            die()


def die() -> None:
    """Ends this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Run:
    """An apply, as another process is told of it."""

    folder: Path
    environ: dict[str, str]
    parallelism: int = 10
    settings: Settings = QUICK

    @classmethod
    def of(cls, work: Bench, *, parallelism: int = 10, settings: Settings = QUICK) -> Run:
        """An apply of a project."""
        return cls(work.folder, work.surroundings(), parallelism, settings)


def apply_run(run: Run, observer: Observer | None = None, request: ApplyRequest | None = None) -> None:
    """Applies, in whichever process this is."""
    around = Surroundings(run.folder, run.environ, is_terminal=True)
    project = quick_project(CommonOptions(), around, run.settings)
    request = request or ApplyRequest(parallelism=run.parallelism)
    asyncio.run(apply(project, request, observer or Silent()))


def apply_and_die(work: Bench, death: Death, *, parallelism: int = 10) -> bool:
    """Applies in another process.

    Returns:
        Whether it died; False when the run came to its end before.
    """
    return dies(apply_run, Run.of(work, parallelism=parallelism), death)


def dies(act: Callable[..., object], *arguments: object) -> bool:
    """Does something in a child, and says whether SIGKILL ended it; everything is pickled."""
    status: int = _asked(_forked, act, arguments)
    assert status in (0, -signal.SIGKILL), f"the child ended with {status}"
    return status != 0


def rehearsed(act: Callable[..., Told], *arguments: object) -> Told:
    """Does something where the children come from, so that they begin with everything loaded."""
    told: Told = _asked(_rehearsed, act, arguments)
    return told


def _asked(how: Callable[..., Told], act: Callable[..., object], arguments: tuple[object, ...]) -> Told:
    origin = _origin()
    origin.send((how, act, arguments))
    assert origin.poll(2 * LIFE_S), "no word from the children"
    told: Told = origin.recv()
    return told


@cache
def _origin() -> Connection:
    """The process that all children are forked from; it ends with this one."""
    here, there = _PROCESSES.Pipe()
    _PROCESSES.Process(target=_serve, args=(there,), daemon=True).start()
    there.close()
    return here


def _serve(asked: Connection) -> None:
    while True:
        try:
            how, act, arguments = asked.recv()
        except EOFError:
            return
        asked.send(how(act, *arguments))


def _rehearsed(act: Callable[..., Told], *arguments: object) -> Told:
    told = act(*arguments)
    gc.collect()
    gc.freeze()  # what the children share stays shared
    return told


def _forked(act: Callable[..., object], *arguments: object) -> int:
    """A child's exit code; negative: the signal that ended it."""
    child = os.fork()
    if child == 0:
        _live(act, *arguments)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _live(act: Callable[..., object], *arguments: object) -> NoReturn:
    signal.alarm(LIFE_S)
    try:
        act(*arguments)
    except BaseException:  # noqa: BLE001  # whatever it is, it must not go on as the process it came from
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
