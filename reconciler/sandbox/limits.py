"""The rate limit: so many requests a token in fixed windows (platform-api.md, section 3)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.refusals import Refusal


@dataclass(slots=True)
class _Window:
    started_at: float
    count: int = 0


class RateLimit:
    """Counts the requests of each token."""

    def __init__(self, allowed: int | None, window_s: float, clock: SandboxClock) -> None:
        """Start with fresh windows; `allowed` None lifts the limit and leaves the headers out."""
        self.allowed = allowed
        self._window_s = window_s
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def count(self, token: str) -> None:
        """Count a request.

        Raises:
            Refusal: 429 with Retry-After where the window is spent; a refused request does not count.
        """
        if self.allowed is None:
            return
        window = self._window(token)
        if window.count >= self.allowed:
            raise Refusal(
                429,
                "too.many.requests",
                f"Rate limit exceeded the maximum of {self.allowed} requests in {self._window_s:g} seconds.",
                headers={"Retry-After": str(self._reset_s(window))},
            )
        window.count += 1

    def headers(self, token: str) -> Mapping[str, str]:
        """Return the headers that say how the token's window stands."""
        if self.allowed is None:
            return {}
        window = self._window(token)
        return {
            "inin-ratelimit-allowed": str(self.allowed),
            "inin-ratelimit-count": str(window.count),
            "inin-ratelimit-reset": str(self._reset_s(window)),
        }

    def _window(self, token: str) -> _Window:
        now = self._clock.now()
        window = self._windows.setdefault(token, _Window(now))
        if self._clock.has_come(window.started_at + self._window_s):
            window.started_at += max(1, (now - window.started_at) // self._window_s) * self._window_s
            window.count = 0
        return window

    def _reset_s(self, window: _Window) -> int:
        return max(1, math.ceil(round(window.started_at + self._window_s - self._clock.now(), 6)))
