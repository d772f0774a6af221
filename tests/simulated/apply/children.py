"""Applies in processes of their own, which die by SIGKILL at an event of the run."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from reconciler.commands.apply import ApplyRequest, apply
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.model.events import Event
from tests.simulated.apply.bench import Bench, quick_project

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


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
            os.kill(os.getpid(), signal.SIGKILL)


def apply_and_die(work: Bench, death: Death, *, parallelism: int = 10) -> bool:
    """Applies in another process.

    Returns:
        Whether it died; False when the run came to its end before.
    """
    arguments = (work.folder, work.surroundings(), death, parallelism)
    child = _PROCESSES.Process(target=_apply, args=arguments)
    child.start()
    child.join(60)
    assert child.exitcode in (0, -signal.SIGKILL), child.exitcode
    return child.exitcode != 0


def _apply(folder: Path, environ: dict[str, str], death: Death, parallelism: int) -> None:
    project = quick_project(CommonOptions(), Surroundings(folder, environ, is_terminal=True))
    asyncio.run(apply(project, ApplyRequest(parallelism=parallelism), death))
