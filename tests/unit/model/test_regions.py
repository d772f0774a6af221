"""Which hosts a file may name."""

import pytest

from reconciler.model.regions import AWS_REGIONS, REGIONS, is_loopback, is_trusted_region


def test_there_are_eighteen_regions() -> None:
    assert len(REGIONS) == len(AWS_REGIONS) == 18
    assert AWS_REGIONS["us-east-1"] == "mypurecloud.com"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_a_loopback_host(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "localhost.example", "127.0.0.1.example", "0.0.0.0", "10.0.0.1", "127.1", "x"],  # noqa: S104
)
def test_a_host_that_is_no_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "text",
    [
        *sorted(REGIONS),
        *sorted(AWS_REGIONS),
        "MyPureCloud.com",
        "api.mypurecloud.de",
        "https://api.mypurecloud.de",
        "https://api.mypurecloud.de/",
        "localhost",
        "localhost:8080",
        "127.0.0.1:8080",
        "http://127.0.0.1:8080",
        "https://[::1]:8443",
    ],
)
def test_a_region_that_a_file_may_name(text: str) -> None:
    assert is_trusted_region(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "evil.example",
        "mypurecloud.com.evil.example",
        "evil-mypurecloud.com",
        "mypurecloud.com:8443",
        "http://api.mypurecloud.com",
        "https://user@mypurecloud.com",
        "https://mypurecloud.com@evil.example",
        "http://127.0.0.1@evil.example",
        "http://127.0.0.1\\@evil.example",
        "http://127.0.0.1/../evil",
        "http://127.0.0.1#evil",
        "https://mypurecloud.com/path",
        "ftp://127.0.0.1",
        "127.0.0.1.evil.example",
        "mypurecloud.com\n",
        "api.api.mypurecloud.com",
    ],
)
def test_a_host_that_a_file_may_not_name(text: str) -> None:
    assert not is_trusted_region(text)
