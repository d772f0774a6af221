"""Counts of a client's requests, for budgets and metrics (design.md, section 5)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Statistics:
    """Requests so far, tokens and repeats included: `total = succeeded + failed + throttled`.

    Args:
        succeeded: those that got an answer, an expected 404 among them.
        failed: those that got an error or nothing.
        retried: those that were repeats; also counted above.
        throttled: those answered 429.
        latencies_ms: of each, in order of answers.
    """

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    retried: int = 0
    throttled: int = 0
    latencies_ms: tuple[float, ...] = ()


@dataclass(slots=True)
class Tally:
    """What the wire counts; the one mutable part that all calls share."""

    total: int = 0
    succeeded: int = 0
    retried: int = 0
    throttled: int = 0
    latencies_ms: list[float] = field(default_factory=list)

    def statistics(self) -> Statistics:
        """A snapshot; a request still under way counts as failed nowhere but in a later snapshot."""
        answered = len(self.latencies_ms)
        return Statistics(
            total=answered,
            succeeded=self.succeeded,
            failed=answered - self.succeeded - self.throttled,
            retried=self.retried,
            throttled=self.throttled,
            latencies_ms=tuple(self.latencies_ms),
        )
