"""The real clock and the real randomness; everything else takes them as arguments."""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import UTC, datetime


class SystemClock:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Lets others run for so long."""
        await asyncio.sleep(seconds)


class RandomIds:
    """Implements `ports.Ids`."""

    def run_id(self) -> str:
        """A new run's id."""
        return uuid.uuid4().hex
