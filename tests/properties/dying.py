"""Applies in processes of their own, which are killed at a request or at an event of the run."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.commands.apply import ApplyRequest, apply
from reconciler.commands.plan import PlanRequest
from reconciler.commands.saved import SavedPlan
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.errors import ReconcilerError
from reconciler.planning.inputs import PlanOptions
from tests.simulated.apply import children
from tests.simulated.apply.bench import Silent, quick_project
from tests.simulated.faults.striking import FastClock

_PROCESSES = multiprocessing.get_context("forkserver")
_LAZY = ("deepdiff", "httpcore", "httpx", "jsonschema", "networkx", "sqlalchemy.dialects.sqlite")
"""What the product imports when it needs it: once here, not in each child."""
_PROCESSES.set_forkserver_preload([*_LAZY, children.__name__, __name__])
_DEADLINE_S = 60


@dataclass(frozen=True, slots=True)
class Errand:
    """What a child is to do.

    Args:
        dies_at: the how manyth event of the run kills the child; None: somebody else does.
    """

    folder: Path
    environ: dict[str, str]
    options: PlanOptions
    saved: SavedPlan | None
    parallelism: int
    dies_at: int | None


def apply_mortally(errand: Errand, born: Callable[[int], None]) -> bool:
    """Applies in another process.

    Args:
        born: told the child's id before it begins.

    Returns:
        Whether it died; False when the run came to its end before.
    """
    gate, ours = _PROCESSES.Pipe(duplex=False)
    child = _PROCESSES.Process(target=_run, args=(errand, gate))
    child.start()
    gate.close()
    born(int(child.pid or 0))
    ours.send(None)
    child.join(_DEADLINE_S)
    ours.close()
    assert child.exitcode in (0, -signal.SIGKILL), f"the child ended with {child.exitcode}"
    return child.exitcode != 0


@dataclass(slots=True)
class _Death:
    """An observer that kills its process."""

    left: int

    def notify(self, _event: object) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _run(errand: Errand, gate: multiprocessing.connection.Connection) -> None:
    gate.recv()
    around = Surroundings(errand.folder, errand.environ, is_terminal=True)
    project = replace(quick_project(CommonOptions(), around), clock=FastClock())
    request = ApplyRequest(PlanRequest(errand.options), errand.saved, parallelism=errand.parallelism)
    observer = _Death(errand.dies_at) if errand.dies_at else Silent()
    with suppress(ReconcilerError):  # refused, or turned away: an end like any other
        asyncio.run(apply(project, request, observer))
