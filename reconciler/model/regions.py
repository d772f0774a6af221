"""The platform's regions, and which hosts a file may name.

A host in a file is where credentials go: only the platform's own regions and loopback are taken from one
(design.md, section 3). Any other host comes from the environment, which its owner sets.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from types import MappingProxyType

AWS_REGIONS: Mapping[str, str] = MappingProxyType(
    {
        "us-east-1": "mypurecloud.com",
        "us-east-2": "use2.us-gov-pure.cloud",
        "us-west-2": "usw2.pure.cloud",
        "ca-central-1": "cac1.pure.cloud",
        "sa-east-1": "sae1.pure.cloud",
        "mx-central-1": "mxc1.pure.cloud",
        "eu-west-1": "mypurecloud.ie",
        "eu-west-2": "euw2.pure.cloud",
        "eu-central-1": "mypurecloud.de",
        "ap-southeast-2": "mypurecloud.com.au",
        "ap-northeast-1": "mypurecloud.jp",
        "ap-northeast-2": "apne2.pure.cloud",
        "ap-northeast-3": "apne3.pure.cloud",
        "ap-south-1": "aps1.pure.cloud",
        "ap-southeast-1": "apse1.pure.cloud",
        "me-central-1": "mec1.pure.cloud",
        "eu-central-2": "euc2.pure.cloud",
        "eusc-de-east-1": "edee1.eusc-pure.cloud",
    }
)
"""AWS region name -> host name; each of the platform's regions runs in one."""

REGIONS: frozenset[str] = frozenset(AWS_REGIONS.values())
"""The host names of the platform's 18 regions; `api.` and `login.` stand in front of them."""

_BASE_URL = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<host>[a-z0-9.-]+|\[[0-9a-f:]+\])(?P<port>:\d{1,5})?/?", re.IGNORECASE
)
"""Narrow on purpose: no credentials, path or backslash that two readers could take differently."""


def is_loopback(host: str) -> bool:
    """Whether a host name or IP address, without port, is this machine itself."""
    name = host.lower().removeprefix("[").removesuffix("]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_trusted_region(text: str) -> bool:
    """Whether a file may name this region: one of the platform's, by host, AWS name or base URL, or loopback.

    Args:
        text: `mypurecloud.com`, `us-east-1`, `https://api.mypurecloud.com`, `127.0.0.1:8080` or
            `http://127.0.0.1:8080`. Plain `http://` is taken for loopback only.
    """
    if text.lower() in AWS_REGIONS:
        return True
    match = _BASE_URL.fullmatch(text)
    if match is None:
        return False
    host = match["host"].lower()
    if is_loopback(host):
        return True
    is_plain = match["scheme"] is not None and match["scheme"].lower() == "http"
    return host.removeprefix("api.") in REGIONS and not is_plain and match["port"] is None
