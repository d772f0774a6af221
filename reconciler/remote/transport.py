"""The HTTP client underneath: one for a run, with limits, time-outs, proxies and certificates.

Proxies and certificate bundles come from the usual variables, as httpx reads them itself when it is given no
transport; it is given one here, because a client for reading must not be able to send anything that changes
the org.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from reconciler.remote.endpoints import QUERY_PATH, TOKEN_PATH
from reconciler.remote.hosts import Target
from reconciler.remote.routes import (
    OTHER_BUNDLE_NAMES,
    OWN_BUNDLE_NAMES,
    UnusableBundle,
    UnusableProxy,
    other_tools_bundle,
    proxy_for,
)
from reconciler.settings import HttpSettings

_PROXY_NAMES = "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and their lower-case spellings"


class MutationRefused(RuntimeError):
    """A client made for reading was asked to write: a mistake in this program, never a user's."""


class ReadOnlyTransport(httpx.AsyncBaseTransport):
    """Lets nothing through but GET, token request and analytics query (design.md, section 1)."""

    def __init__(self, inner: httpx.AsyncBaseTransport, target: Target) -> None:
        self._inner = inner
        self._posts = frozenset(
            {httpx.URL(target.login_url + TOKEN_PATH), httpx.URL(target.api_url + QUERY_PATH)}
        )

    async def pass_on(self, request: httpx.Request) -> httpx.Response:
        """Passes a request on.

        Raises:
            MutationRefused: it might change the org.
        """
        is_post = request.method == "POST" and request.url.copy_with(query=None) in self._posts
        if request.method != "GET" and not is_post:
            raise MutationRefused(f"{request.method} {request.url.path} through a client made for reading")
        return await self._inner.handle_async_request(request)

    handle_async_request = pass_on
    """The name that httpx calls it by."""

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()


def open_reading(target: Target, settings: HttpSettings, *, user_agent: str) -> httpx.AsyncClient:
    """An HTTP client that cannot change anything; close it."""
    transports = {url: ReadOnlyTransport(_transport(url, settings), target) for url in _origins(target)}
    return _client(transports, settings, user_agent)


def open_writing(target: Target, settings: HttpSettings, *, user_agent: str) -> httpx.AsyncClient:
    """An HTTP client that can; close it."""
    transports = {url: _transport(url, settings) for url in _origins(target)}
    return _client(transports, settings, user_agent)


def _client(
    transports: Mapping[str, httpx.AsyncBaseTransport], settings: HttpSettings, user_agent: str
) -> httpx.AsyncClient:
    (_, api), *others = transports.items()
    return httpx.AsyncClient(
        transport=api,
        mounts=dict(others),
        headers={"Accept": "application/json", "User-Agent": user_agent},
        # Waiting for a free connection is no fault: the connections are ours to share.
        timeout=httpx.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s, pool=None),
        follow_redirects=False,
    )


def _origins(target: Target) -> tuple[str, ...]:
    """The hosts that get connections of their own, the API's first."""
    urls = (urlsplit(url) for url in (target.api_url, target.login_url))
    return tuple(dict.fromkeys(f"{parts.scheme}://{parts.netloc}" for parts in urls))


def _transport(url: str, settings: HttpSettings) -> httpx.AsyncHTTPTransport:
    connections = settings.connections + 1  # one more for a token: who was let through never waits for one
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    try:
        return httpx.AsyncHTTPTransport(verify=_certificates(url), limits=limits, proxy=proxy_for(url))
    except ImportError as error:
        raise UnusableProxy(
            "the proxy that the environment names speaks SOCKS, which needs the package socksio",
            hint=f"install socksio, or check {_PROXY_NAMES}",
        ) from error
    except ValueError as error:
        raise UnusableProxy(
            "the environment names a proxy that is no http://, https:// or socks5:// URL",
            hint=f"check {_PROXY_NAMES}",
        ) from error


def _certificates(url: str) -> ssl.SSLContext:
    if url.startswith("http://"):
        # Never used, and reading the bundle would cost a short command more than all else here.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        bundle = other_tools_bundle()
        return ssl.create_default_context(cafile=bundle) if bundle else httpx.create_ssl_context()
    except OSError as error:
        raise UnusableBundle(
            f"the certificate bundle cannot be read: {error}",
            hint=f"check {', '.join((*OWN_BUNDLE_NAMES, *OTHER_BUNDLE_NAMES))}",
        ) from error
