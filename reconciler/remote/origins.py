"""Where each part of a target comes from, configuration or variable: names, never values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.configuration import OrgConfiguration
from reconciler.model.values import Secret
from reconciler.remote.hosts import (
    BASE_URL,
    CLIENT_ID_NAMES,
    CLIENT_SECRET_NAMES,
    LOGIN_URL,
    REGION_NAMES,
    first_set,
)


@dataclass(frozen=True, slots=True)
class Origins:
    """Who won; None where nothing says it.

    Args:
        host: of the API's URL.
        login: of the login host's URL.
        passed_over: variables that are set too, and came too late.
    """

    host: str | None
    login: str | None
    client_id: str | None
    client_secret: str | None
    passed_over: tuple[str, ...] = ()


def origins_of(org: OrgConfiguration, environ: Mapping[str, str]) -> Origins:
    """The origins of an org's hosts and client, in the order in which `resolve_target` looks for them."""
    host = f"region of org {org.name}" if org.region else _first((BASE_URL, *REGION_NAMES), environ)
    login = host if org.region else _first((LOGIN_URL,), environ) or host
    client_id = _own(org.client_id, "clientId", org) or _first(CLIENT_ID_NAMES, environ)
    client_secret = _own(org.client_secret, "clientSecret", org) or _first(CLIENT_SECRET_NAMES, environ)
    names = (BASE_URL, *REGION_NAMES, *CLIENT_ID_NAMES, *CLIENT_SECRET_NAMES)
    winners = {host, login, client_id, client_secret}
    passed_over = tuple(name for name in names if first_set((name,), environ)[0] and name not in winners)
    return Origins(host, login, client_id, client_secret, passed_over)


def _first(names: tuple[str, ...], environ: Mapping[str, str]) -> str | None:
    return first_set(names, environ)[0] or None


def _own(value: str | Secret | None, member: str, org: OrgConfiguration) -> str | None:
    if value is None:
        return None
    return ", ".join(value.names) if isinstance(value, Secret) else f"{member} of org {org.name}"
