"""Another run that holds the lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.commands.clocks import SystemClock
from reconciler.store import OpenMode, RunIdentity, open_store


@contextmanager
def held_lock(state: Path) -> Iterator[None]:
    """Holds the lock of the org `sandbox` while the block lasts."""
    run = RunIdentity("another-run")
    with (
        open_store(state, org="sandbox", mode=OpenMode.WRITE, clock=SystemClock(), run=run) as store,
        store.lock("apply by alex", 0),
    ):
        yield
