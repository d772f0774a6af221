"""A server that goes away in the middle of a run is waited for, for as long as the run's lease lasts.

Past its lease a run may move nothing, so there is nothing to wait for. Whoever holds no lock does not wait.
Knows no database.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from reconciler.store.database import Result, StoreAway

FIRST_PAUSE_S = 0.1
"""A connection that broke is there again at once; the pause doubles each time."""
LONGEST_PAUSE_S = 2.0
"""A server that has come back is not kept waiting for longer."""

_logger = logging.getLogger(__name__)


class Outages:
    """Outlasts the server's absences, for one run.

    Args:
        lease_left_s: for how long the run may still move anything, seconds.
        pause: waits some seconds.
    """

    def __init__(
        self, lease_left_s: Callable[[], float], *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._lease_left_s = lease_left_s
        self._pause = pause
        self._given_up: StoreAway | None = None

    def outlast(self, action: Callable[[], Result]) -> Result:
        """The action's result.

        Args:
            action: one transaction; may run again though an earlier run of it took effect.

        Raises:
            StoreAway: the server stays away for longer than the lease lasts.
        """
        if self._given_up is not None:
            raise self._given_up  # each further try might hang for a connection's whole time-out
        try:
            return action()
        except StoreAway as error:
            return self._again(action, error)

    def _again(self, action: Callable[[], Result], error: StoreAway) -> Result:
        pause_s, left_s = FIRST_PAUSE_S, self._lease_left_s()
        if left_s > 0:
            _logger.warning("%s; trying again for up to %.0f s", error.message, left_s)
        while left_s > 0:
            self._pause(min(pause_s, left_s))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            try:
                result = action()
            except StoreAway as later:
                error, left_s = later, self._lease_left_s()
            else:
                _logger.warning("the store is there again")
                return result
        self._given_up = error
        raise error
