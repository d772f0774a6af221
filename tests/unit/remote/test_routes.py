"""Proxy and certificates as they are shown: nothing secret in them."""

import os

import pytest

from reconciler.remote import Route, route_to

URL = "https://api.mypurecloud.com"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or "CERT" in name or name.endswith("CA_BUNDLE"):
            monkeypatch.delenv(name)


def test_nothing_set_is_the_direct_way() -> None:
    assert route_to(URL) == Route(None, None)


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://kim:hunter2@proxy.test:3128", "http://***@proxy.test:3128"),
        ("http://kim:p@ss@proxy.test:3128", "http://***@proxy.test:3128"),
        ("kim:hunter2@proxy.test:3128", "http://***@proxy.test:3128"),
        ("http://proxy.test:3128", "http://proxy.test:3128"),
    ],
)
def test_credentials_of_a_proxy_are_blotted_out(
    monkeypatch: pytest.MonkeyPatch, proxy: str, shown: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)

    assert route_to(URL).proxy == shown


def test_bundle_is_named_with_the_variable_that_won(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", "/etc/curl.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/requests.pem")

    assert route_to(URL).certificates == "REQUESTS_CA_BUNDLE=/etc/requests.pem"


def test_loopback_has_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.test")
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/own.pem")

    assert route_to("http://127.0.0.1:8080") == Route(None, None)
