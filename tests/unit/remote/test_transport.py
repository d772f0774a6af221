"""Proxies and certificates from the usual variables."""

import asyncio

import httpx
import pytest

from reconciler.errors import ConfigError
from reconciler.remote import Target
from reconciler.remote.transport import open_reading, open_writing
from reconciler.settings import HttpSettings
from tests.simulated.remote.scripted import SETTINGS, Scripted, scripted_host

LOOPBACK = "http://127.0.0.1:9"
BUNDLE_NAMES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PROXY_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in BUNDLE_NAMES:
        monkeypatch.delenv(name, raising=False)
    for name in PROXY_NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def _open(target: Target) -> None:
    async def told() -> None:
        await open_writing(target, HttpSettings(), user_agent="t").aclose()

    asyncio.run(told())


def _target(host: str = "https://api.example.test") -> Target:
    return Target(host, host, "id", "secret")


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_proxy_of_the_environment_is_asked_for_the_host(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    async def told() -> None:
        async with scripted_host() as proxy:
            monkeypatch.setenv(name, proxy.url)
            proxy.on("CONNECT", "", Scripted(502))
            async with open_reading(_target(), SETTINGS, user_agent="t") as http:
                with pytest.raises(httpx.ProxyError):
                    await http.get("https://api.example.test/x")
            assert [seen.headers["host"] for seen in proxy.seen] == ["api.example.test:443"]

    asyncio.run(told())


@pytest.mark.parametrize("exempt", [None, "127.0.0.1", "*"])
def test_loopback_is_reached_directly_whatever_the_variables_say(
    monkeypatch: pytest.MonkeyPatch, exempt: str | None
) -> None:
    async def told() -> int:
        async with scripted_host() as host:
            for name in ("http_proxy", "https_proxy", "all_proxy"):
                monkeypatch.setenv(name, "http://127.0.0.1:1")
            if exempt:
                monkeypatch.setenv("no_proxy", exempt)
            host.on("GET", "/x", Scripted(200, {}))
            async with open_reading(host.target, SETTINGS, user_agent="t") as http:
                return (await http.get(f"{host.url}/x")).status_code

    assert asyncio.run(told()) == 200


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "ftp://127.0.0.1:1"])
def test_proxy_that_cannot_be_used_is_the_configuration_s_error(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)

    with pytest.raises(ConfigError, match="proxy"):
        _open(_target())


def test_host_exempt_from_the_proxy_does_not_need_a_usable_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "ftp://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "example.test")

    _open(_target())


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificate_bundle_that_is_missing_is_the_configuration_s_error(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "/nowhere/bundle.pem")

    with pytest.raises(ConfigError, match="certificate bundle"):
        _open(_target())


def test_loopback_needs_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/bundle.pem")

    _open(_target(LOOPBACK))
