"""The rate limit, learned from the answers (platform-api.md, section 3).

A burst inside the window is allowed: the window is spent at once, then everybody waits until its reset and a
second more. Until an answer has told how the window stands, one request is under way at a time. Numbers in
the configuration play no part. The limiter counts what it lets through, so a client that is alone never meets
a 429; where others share the limit, their share shows in the answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from reconciler.model.events import Throttled, WindowSeen
from reconciler.model.ports import Clock, Observer

GRACE_S = 1.0
"""Waited beyond a reset: the header is in whole seconds."""

_ROUNDING_S = 1.5
"""Two answers of one window may differ by so much in when it ends: rounding, and time on the way."""

_INSTANT_S = 0.001
"""Nothing is waited for that comes this soon: sums of seconds are not exact."""


class WaitTooLong(Exception):
    """The window stays closed for longer than is reasonable; never leaves this folder."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Window:
    """What one answer says: `allowed` in all, `count` used so far, `reset_s` to the next window."""

    allowed: int
    count: int
    reset_s: float


def window_in(headers: Mapping[str, str]) -> Window | None:
    """The rate-limit headers of an answer; None when they are missing or make no sense."""
    names = ("inin-ratelimit-allowed", "inin-ratelimit-count", "inin-ratelimit-reset")
    try:
        allowed, count, reset = (float(headers[name]) for name in names)
        window = Window(int(allowed), int(count), reset)
    except (KeyError, ValueError, OverflowError):
        return None
    return window if window.allowed > 0 and window.count >= 0 and 0 <= window.reset_s < inf else None


class RateLimiter:
    """Admits requests; all calls to one host share it.

    Args:
        most_at_once: requests under way; one that is let through leaves at once, so there must be as many
            connections.
    """

    def __init__(self, *, clock: Clock, observer: Observer, longest_wait_s: float, most_at_once: int) -> None:
        self._most_at_once = most_at_once
        self._clock = clock
        self._observer = observer
        self._longest_wait_s = longest_wait_s
        self._turn = asyncio.Lock()
        self._left_one = asyncio.Event()
        self._under_way = 0
        self._allowed = 0
        self._left = 0
        self._ends_at: float | None = None
        self._paused_until = -inf

    async def enter(self) -> None:
        """Waits until a request may leave. Each `enter` is followed by one `leave`.

        First come, first served: whoever waits for the window holds the turn, so a wait is announced once.

        Raises:
            WaitTooLong: the window opens later than is reasonable.
        """
        async with self._turn:
            while not self._is_open():
                await self._wait()
            self._left -= 1
            self._under_way += 1

    def leave(self, window: Window | None) -> None:
        """Takes note that a request has ended; `window` is None when its answer said nothing."""
        self._under_way -= 1
        if window is not None:
            self._observer.notify(self._learn(window))
        self._left_one.set()

    def pause(self, seconds: float) -> None:
        """Lets nothing leave for so long: the platform asked for it.

        Raises:
            WaitTooLong: it asks for more than is reasonable.
        """
        if seconds > self._longest_wait_s:
            raise WaitTooLong(seconds)
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    def _is_open(self) -> bool:
        self._begin_window()
        if self._seconds_to_wait() > 0 or self._under_way >= self._most_at_once:
            return False
        return self._left > 0 or (self._ends_at is None and self._under_way == 0)

    def _begin_window(self) -> None:
        """Counts afresh once the window is over; the next answer says when the new one ends."""
        if self._ends_at is not None and self._seconds_until(self._ends_at + GRACE_S) == 0:
            self._left, self._ends_at = self._allowed - self._under_way, None

    def _seconds_to_wait(self) -> float:
        opens_at = self._paused_until
        if self._ends_at is not None and self._left <= 0:
            opens_at = max(opens_at, self._ends_at + GRACE_S)
        return self._seconds_until(opens_at)

    def _seconds_until(self, moment: float) -> float:
        seconds = moment - self._clock.monotonic()
        return seconds if seconds > _INSTANT_S else 0.0

    async def _wait(self) -> None:
        seconds = self._seconds_to_wait()
        if seconds > self._longest_wait_s + GRACE_S:
            raise WaitTooLong(seconds)
        if seconds > 0:
            self._observer.notify(Throttled(seconds))
            await self._clock.sleep(seconds)
        elif self._under_way:
            self._left_one.clear()
            await self._left_one.wait()
        # Else the last instant of the wait has passed since it was found closed: nobody is left to wait for.

    def _learn(self, window: Window) -> WindowSeen:
        """How the window stands by all that is known of it."""
        ends_at = self._clock.monotonic() + window.reset_s
        remaining = max(0, window.allowed - window.count)
        self._allowed = window.allowed
        if self._is_first_of_window(ends_at):
            self._left, self._ends_at = remaining - self._under_way, ends_at
        else:
            self._left = min(self._left, remaining)
            self._ends_at = self._sooner(ends_at)
        return WindowSeen(max(0, self._left), self._allowed, self._seconds_until(self._ends_at))

    def _sooner(self, ends_at: float) -> float:
        """When the window ends: as early as its answers say; those of another window say nothing."""
        if self._ends_at is None:
            return ends_at
        return min(self._ends_at, ends_at) if abs(ends_at - self._ends_at) <= _ROUNDING_S else self._ends_at

    def _is_first_of_window(self, ends_at: float) -> bool:
        """Whether a window begins with this answer that `enter` did not see coming."""
        if self._ends_at is None:
            return self._left <= 0
        return self._clock.monotonic() >= self._ends_at - GRACE_S and ends_at > self._ends_at + _ROUNDING_S
