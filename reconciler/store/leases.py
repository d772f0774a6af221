"""Leases: how long a lock is held without a sign of life, and the thread that gives the signs.

A run judges its own lease by how much time has passed here since it began to renew it, never by comparing
clocks with another host. It counts the longer of two measures: the steady clock misses the sleep of a laptop,
the time of day may be set back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from reconciler.errors import StateError
from reconciler.model.ports import Clock
from reconciler.settings import LockSettings

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as its holder sees it.

    Args:
        token: in the lock's row while it is ours.
        steady_s: the steady clock when the last renewal began.
        day_time: the time of day then.
    """

    token: str
    steady_s: float
    day_time: datetime

    @classmethod
    def beginning(cls, token: str, clock: Clock) -> Self:
        """A lease that begins, or is renewed, now."""
        return cls(token, clock.monotonic(), clock.now())

    def age_s(self, clock: Clock) -> float:
        """Seconds since the last renewal began, by whichever clock says more."""
        return max(clock.monotonic() - self.steady_s, (clock.now() - self.day_time).total_seconds())


class Renewal:
    """Renews a lease in a thread of its own, until it is stopped or the lease is lost.

    Args:
        renew: renews once; False when the lease is lost.
    """

    def __init__(self, renew: Callable[[], bool], settings: LockSettings) -> None:
        self._renew = renew
        self._settings = settings
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="lease", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it; waits for a renewal that is under way, but not longer than a lease."""
        self._stopped.set()
        self._thread.join(self._settings.lease_s)

    def _go_on(self) -> None:
        wait_s, said = self._settings.renewal_s, ""
        while not self._stopped.wait(wait_s):
            try:
                if not self._renew():
                    return
                wait_s, said = self._settings.renewal_s, ""
            except StateError as error:
                if error.message != said:
                    _logger.warning("the lock's lease was not renewed: %s", error.message)
                wait_s, said = min(self._settings.retry_s, self._settings.renewal_s), error.message
