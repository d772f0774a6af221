"""Stand-ins for time, watcher and chance, behind the house's Protocols."""

import asyncio
from datetime import UTC, datetime, timedelta

from reconciler.model.events import Event, Retrying, Throttled

STARTED_AT = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


class FakeClock:
    """A clock whose sleep is over at once: it notes the seconds, and moves on by them."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return STARTED_AT + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        wakes_at = self.passed_s + seconds
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self.passed_s = max(self.passed_s, wakes_at)


class Watcher:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)

    @property
    def throttled_s(self) -> list[float]:
        return [event.seconds for event in self.events if isinstance(event, Throttled)]

    @property
    def retries(self) -> list[Retrying]:
        return [event for event in self.events if isinstance(event, Retrying)]


class Held:
    """A lock that nobody takes."""

    def check(self) -> None:
        """Lets everything pass."""


HELD = Held()


def highest(_low: float, high: float) -> float:
    """Chance that always takes the upper bound, so that waits can be told exactly."""
    return high
