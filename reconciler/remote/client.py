"""The client: reads from an org and, when it was opened for that, writes to it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Literal, overload

import httpx

from reconciler.model.ports import Clock, Fence, Observer
from reconciler.model.remote import Answer, Paging, Read
from reconciler.model.values import JsonValue
from reconciler.remote.auth import BasicCredentials, TokenCredentials
from reconciler.remote.calls import reading, token_request, writing
from reconciler.remote.hosts import Target
from reconciler.remote.paging import read_listing
from reconciler.remote.ratelimit import RateLimiter, Window
from reconciler.remote.retry import Caller, Credentials, Terms, Uniform
from reconciler.remote.tally import Statistics, Tally
from reconciler.remote.transport import open_reading, open_writing
from reconciler.remote.wire import Wire, silence_libraries
from reconciler.settings import HttpSettings


class ReadOnlyClient:
    """Reads from an org; `open_client` makes it. Implements `OrgReader`."""

    def __init__(self, http: httpx.AsyncClient, terms: Terms) -> None:
        target = terms.target
        self._page_size = terms.settings.page_size
        self._tally = Tally()
        login = self._caller(http, target.login_url, BasicCredentials(target), terms)
        self._tokens = TokenCredentials(
            lambda: login.ask(token_request()),
            target=target,
            clock=terms.clock,
            margin_s=terms.settings.token_margin_s,
        )
        self._api = self._caller(http, target.api_url, self._tokens, terms)

    @property
    def requests_made(self) -> int:
        """Requests sent so far, tokens and repeats included."""
        return self._tally.total

    @property
    def granted_scopes(self) -> frozenset[str] | None:
        """The token's scopes; None before the first request, or when the login host did not say."""
        return self._tokens.scopes

    @property
    def has_token(self) -> bool:
        """Whether the login host has given a token."""
        return self._tokens.has_token

    @property
    def token_lifetime_s(self) -> float | None:
        """How long the newest token serves in all, seconds; None without one, or without an end."""
        return self._tokens.lifetime_s

    @property
    def clock_skew_s(self) -> float | None:
        """Seconds that this host's clock was ahead at the last answer that said its time."""
        return self._tally.clock_skew_s

    @property
    def rate_window(self) -> Window | None:
        """How the rate limit stood at the last answer that said it."""
        return self._tally.window

    @property
    def statistics(self) -> Statistics:
        """What became of the requests so far."""
        return self._tally.statistics()

    async def read(self, read: Read) -> Answer:
        """Asks one question; all pages of a listing.

        Returns:
            The answer. 404 is an answer; so is 400 to a query. Its latency is the whole time, waits included.

        Raises:
            RemoteError: no answer, or an error that is no answer.
        """
        if read.paging is Paging.NUMBER:
            return await read_listing(self._api.ask, read, page_size=self._page_size)
        return await self._api.ask(reading(read))

    def _caller(self, http: httpx.AsyncClient, root: str, credentials: Credentials, terms: Terms) -> Caller:
        """One host's caller: login host and API do not share a rate limit."""
        limiter = RateLimiter(
            clock=terms.clock,
            observer=terms.observer,
            longest_wait_s=terms.settings.longest_wait_s,
            most_at_once=terms.settings.connections,
        )
        secrets = terms.target.hidden | {terms.target.client_secret}
        wire = Wire(http, root, secrets, terms.clock, self._tally)
        return Caller(wire, limiter, credentials, terms=terms)


class OrgClient(ReadOnlyClient):
    """Reads and writes; implements `OrgWriter`."""

    async def send(
        self,
        method: str,
        path: str,
        body: JsonValue,
        *,
        fence: Fence,
        key: tuple[str, str] | None = None,
        if_match: str | None = None,
    ) -> Answer:
        """Sends one request that changes the org, repeating it by the rules of platform-api.md, section 3.

        A POST, and a PATCH of anything but a schema, is repeated only under a key, or when it cannot have
        arrived.

        Args:
            fence: asked right before each try leaves; back-offs and waits for the rate limit outlast leases.
            key: header name and idempotency key.
            if_match: the version that must still hold.

        Returns:
            The answer; 404 to a DELETE and 409 with code `idempotency.existing` are answers too.

        Raises:
            RemoteError: refused, or no answer; `outcome_unknown` says that it may have taken effect.
            StateLocked: the fence; earlier tries may have taken effect.
        """
        return await self._api.ask(writing(method, path, body, key=key, if_match=if_match), fence)


@overload
def open_client(
    target: Target,
    *,
    settings: HttpSettings,
    clock: Clock,
    observer: Observer,
    user_agent: str,
    read_only: Literal[False],
    uniform: Uniform = random.uniform,
) -> AbstractAsyncContextManager[OrgClient]: ...


@overload
def open_client(
    target: Target,
    *,
    settings: HttpSettings,
    clock: Clock,
    observer: Observer,
    user_agent: str,
    read_only: bool = True,
    uniform: Uniform = random.uniform,
) -> AbstractAsyncContextManager[ReadOnlyClient]: ...


def open_client(
    target: Target,
    *,
    settings: HttpSettings,
    clock: Clock,
    observer: Observer,
    user_agent: str,
    read_only: bool = True,
    uniform: Uniform = random.uniform,
) -> AbstractAsyncContextManager[ReadOnlyClient]:
    """Opens a client; nothing is sent before the first read.

    Args:
        user_agent: `reconciler/<version>`.
        read_only: the client has no `send`, and its transport refuses whatever might change the org.
        uniform: randomness of the back-off.

    Raises:
        ConfigError: proxy or certificate bundle, as the environment names them, cannot be used.
    """
    silence_libraries()
    terms = Terms(target, settings, clock, observer, uniform)
    return _reading(terms, user_agent) if read_only else _writing(terms, user_agent)


@asynccontextmanager
async def _reading(terms: Terms, user_agent: str) -> AsyncIterator[ReadOnlyClient]:
    async with open_reading(terms.target, terms.settings, user_agent=user_agent) as http:
        yield ReadOnlyClient(http, terms)


@asynccontextmanager
async def _writing(terms: Terms, user_agent: str) -> AsyncIterator[OrgClient]:
    async with open_writing(terms.target, terms.settings, user_agent=user_agent) as http:
        yield OrgClient(http, terms)
