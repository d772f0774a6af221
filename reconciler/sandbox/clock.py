"""The org's clock, which tests can move forward instead of sleeping."""

from collections.abc import Callable
from datetime import UTC, datetime

_TOLERANCE_S = 1e-6


class SandboxClock:
    """A source of time that runs with the given clock and can be moved forward."""

    def __init__(self, source: Callable[[], float]) -> None:
        """Take the time from `source`, seconds since 1970, which outlive a restart of the org."""
        self._source = source
        self._ahead_s = 0.0

    def now(self) -> float:
        """Return the org's time, seconds since 1970."""
        return self._source() + self._ahead_s

    def has_come(self, at: float) -> bool:
        """Tell whether a time is not in the future.

        Sums of seconds since 1970 are off by parts of a microsecond, so a microsecond ahead counts as now.
        """
        return at <= self.now() + _TOLERANCE_S

    def advance(self, seconds: float) -> None:
        """Move the org's time forward."""
        self._ahead_s += seconds

    def timestamp(self) -> str:
        """Return the org's time as the platform writes it, in UTC with milliseconds."""
        return written(self.now())


def written(at: float) -> str:
    """Return a time as the platform writes it.

    Args:
        at: Seconds since 1970.
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
