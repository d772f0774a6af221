"""Where on the page a resource stands, so that others can lead there: `#Widget/queue-aht`."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from urllib.parse import quote

_ADDRESS = re.compile(r"[A-Za-z]+/[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """A resource by its address; `href` is empty where the page does not show it."""

    address: str
    href: str = ""


def anchor(address: str) -> str:
    """An address as the id of an element: as it is, or quoted where it is none of ours."""
    if _ADDRESS.fullmatch(address):
        return address
    return f"address:{quote(address, safe='', errors='replace')}"


def link_to(address: str, shown: Container[str]) -> Link:
    """A link, where the page shows the address."""
    return Link(address, f"#{anchor(address)}" if address in shown else "")
