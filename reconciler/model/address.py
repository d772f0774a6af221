"""Addresses: our identity of a resource, `Kind/name`."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass

NAME = re.compile(r"[a-z0-9][-a-z0-9_.]{0,99}")
"""What a manifest's `metadata.name` must match whole (design.md, section 3)."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """`Kind/name`; sorts by kind, then name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    def matches(self, pattern: str) -> bool:
        """Whether an address or glob (`Widget/*`) names this one."""
        return fnmatch.fnmatchcase(str(self), pattern)


def parse_address(text: str) -> Address:
    """Reads `Kind/name`.

    Raises:
        ValueError: the text has another form.
    """
    kind, slash, name = text.partition("/")
    if not (kind and slash and name) or "/" in name or not kind.isidentifier():
        raise ValueError(f"{text!r} is not an address: write Kind/name, as in Widget/queue-aht")
    return Address(kind, name)
