"""The way to a host: proxy and certificate bundle, as the usual variables name them, and said for people."""

from __future__ import annotations

import os
import re
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

from reconciler.errors import ConfigError
from reconciler.remote.hosts import host_of, is_loopback_url

OWN_BUNDLE_NAMES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables that httpx reads by itself."""

OTHER_BUNDLE_NAMES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_CREDENTIALS = re.compile(r"(?<=//)[^/]*@")


class UnusableProxy(ConfigError):
    """The proxy that the environment names cannot be used."""


class UnusableBundle(ConfigError):
    """The certificate bundle that the environment names cannot be used."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a host is reached, fit to be shown.

    Args:
        proxy: its URL without the credentials; None: none is used.
        certificates: `VARIABLE=path`; None: the bundle that comes with the program, or no TLS at all.
    """

    proxy: str | None
    certificates: str | None


def route_to(url: str) -> Route:
    """The way to a host, with nothing secret in it."""
    proxy = proxy_for(url)
    names = (*OWN_BUNDLE_NAMES, *OTHER_BUNDLE_NAMES)
    bundle = next((f"{name}={os.environ[name]}" for name in names if os.environ.get(name)), None)
    return Route(
        _CREDENTIALS.sub("***@", proxy) if proxy else None, bundle if url.startswith("https://") else None
    )


def proxy_for(url: str) -> str | None:
    """The proxy that the usual variables name for a host; loopback has none, whatever they say."""
    if is_loopback_url(url) or urllib.request.proxy_bypass(host_of(url)):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(urlsplit(url).scheme) or proxies.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def other_tools_bundle() -> str | None:
    """The bundle of the variables that httpx does not read, where those that it does read say nothing."""
    if any(os.environ.get(name) for name in OWN_BUNDLE_NAMES):
        return None
    return next((os.environ[name] for name in OTHER_BUNDLE_NAMES if os.environ.get(name)), None)
