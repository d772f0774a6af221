"""Counts of a client's requests (design.md, section 5), and what their answers say besides."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.remote.ratelimit import Window


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
    """What the wire counts and hears; the one mutable part that all calls share.

    Args:
        clock_skew_s: how far this host's clock was ahead of the last answer's `Date`.
        window: what the last answer that said it tells of the rate limit.
    """

    total: int = 0
    succeeded: int = 0
    retried: int = 0
    throttled: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    clock_skew_s: float | None = None
    window: Window | None = None

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
