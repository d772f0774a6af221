"""Tokens: OAuth 2.0 client credentials (platform-api.md, section 2).

One refresh at a time, however many requests wait for it; who waited for a refresh that failed gets its error
instead of trying again. Secret and token leave this module only in a header.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import dataclass
from math import inf, isfinite

from reconciler.errors import AuthFailed, RemoteError
from reconciler.model.ports import Clock
from reconciler.model.remote import Answer
from reconciler.model.values import JsonObject
from reconciler.remote.hosts import Target


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """The client itself, at the login host."""

    target: Target

    async def current(self) -> str:
        """`Basic base64(id:secret)`."""
        pair = f"{self.target.client_id}:{self.target.client_secret}"
        return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"

    async def renewed(self, refused: str) -> None:
        """Nothing: a client has no other secret."""


@dataclass(frozen=True, slots=True)
class _Token:
    authorization: str
    stale_at: float
    lifetime_s: float
    scopes: frozenset[str] | None


class TokenCredentials:
    """A bearer token, cached and refreshed before it expires.

    Args:
        fetch: asks the login host for a token.
        margin_s: a token is stale so long before it expires, or a tenth of its lifetime when that is shorter.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[Answer]], *, target: Target, clock: Clock, margin_s: float
    ) -> None:
        self._fetch = fetch
        self._target = target
        self._clock = clock
        self._margin_s = margin_s
        self._refreshing = asyncio.Lock()
        self._refreshes = 0
        self._failure: RemoteError | None = None
        self._token: _Token | None = None

    @property
    def scopes(self) -> frozenset[str] | None:
        """Scopes of the newest token; None when there is none yet, or the login host did not say."""
        return self._token.scopes if self._token else None

    @property
    def has_token(self) -> bool:
        """Whether there was a token to be had."""
        return self._token is not None

    @property
    def lifetime_s(self) -> float | None:
        """How long the newest token serves in all; None when there is none yet, or it has no end."""
        return self._token.lifetime_s if self._token and isfinite(self._token.lifetime_s) else None

    async def current(self) -> str:
        """`Bearer …` of a token that still lives.

        Raises:
            RemoteError: there is no token to be had.
        """
        return await self._other_than(None)

    async def renewed(self, refused: str) -> str:
        """`Bearer …` of another token than the refused one, fetched once for all who saw that one refused.

        Raises:
            RemoteError: there is no token to be had.
        """
        return await self._other_than(refused)

    async def _other_than(self, refused: str | None) -> str:
        if (usable := self._usable(refused)) is not None:
            return usable
        seen = self._refreshes
        async with self._refreshing:
            if (usable := self._usable(refused)) is not None:
                return usable
            if self._failure is not None and self._refreshes != seen:
                raise copy(self._failure)
            return await self._refresh()

    def _usable(self, refused: str | None) -> str | None:
        token = self._token
        if token is None or self._clock.monotonic() >= token.stale_at:
            return None
        return token.authorization if token.authorization != refused else None

    async def _refresh(self) -> str:
        asked_at = self._clock.monotonic()
        self._failure = None
        try:
            self._token = _token_in(
                await self._fetch(), asked_at, margin_s=self._margin_s, target=self._target
            )
        except RemoteError as error:
            self._failure = error
            raise
        finally:
            self._refreshes += 1
        return self._token.authorization


def _token_in(answer: Answer, asked_at: float, *, margin_s: float, target: Target) -> _Token:
    body: JsonObject = answer.body if isinstance(answer.body, dict) else {}
    text, scope = body.get("access_token"), body.get("scope")
    # Anything else would not fit a header, and the complaint about it would quote the token.
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or text.split() != [text]:
        raise AuthFailed(
            f"the answer of {target.login_host} to client {target.client_id} holds no access_token",
            hint="check the region: this seems not to be the login host",
            http_status=answer.status,
            correlation_id=answer.correlation_id,
        )
    lifetime_s = _lifetime_s(body)
    return _Token(
        authorization=f"Bearer {text}",
        stale_at=asked_at + lifetime_s - min(margin_s, lifetime_s / 10),
        lifetime_s=lifetime_s,
        scopes=frozenset(scope.split()) if isinstance(scope, str) else None,
    )


def _lifetime_s(body: JsonObject) -> float:
    """Seconds; without a usable number the token serves until it is refused."""
    told = body.get("expires_in")
    try:
        lifetime_s = float(told) if isinstance(told, int | float | str) else inf
    except (ValueError, OverflowError):
        return inf
    return max(0.0, lifetime_s) if isfinite(lifetime_s) else inf
