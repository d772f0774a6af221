"""Addresses as arguments: read, and found among what there is."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.errors import UsageError
from reconciler.manifests.suggestions import did_you_mean
from reconciler.model.address import Address, parse_address


def read_address(text: str) -> Address:
    """The address that a person wrote.

    Raises:
        UsageError: it has another form than `Kind/name`.
    """
    try:
        return parse_address(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


def find_address(text: str, known: Collection[Address], *, where: str) -> Address:
    """The address, one of those that are known.

    Args:
        where: what is searched, for the message: `the manifests`.

    Raises:
        UsageError: it is none, or none of them; the hint names the nearest one.
    """
    address = read_address(text)
    if address not in known:
        near = did_you_mean(text, map(str, known), otherwise=_otherwise(known, where))
        raise UsageError(f"{where} hold no {text}", hint=near)
    return address


def _otherwise(known: Collection[Address], where: str) -> str | None:
    return None if known else f"{where} hold nothing"
