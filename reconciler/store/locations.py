"""Where the state is: a folder of this host, or a PostgreSQL database."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from reconciler.errors import ConfigError

_URL = re.compile(r"([a-z][a-z0-9+.-]+):/", re.IGNORECASE)
_POSTGRES = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """A database as libpq takes it; shown by its scheme alone, since the rest may hold a password."""

    text: str = field(repr=False)

    def __str__(self) -> str:
        return "the PostgreSQL database"


Location: TypeAlias = "Path | PostgresUrl"
"""Where the state is."""


def state_location(text: str, base: Path) -> Location:
    """What a configured `state` names; a folder is relative to `base`.

    Raises:
        ConfigError: a URL of another kind; only its scheme is shown.
    """
    url = _URL.match(text)
    if url is None:
        return base / Path(text).expanduser()
    scheme = url.group(1)
    if scheme.lower() not in _POSTGRES or not text[len(scheme) :].startswith("://"):
        raise ConfigError(
            f"state: a {scheme} URL is no place for the state",
            hint="name a folder, such as state, or a database, as postgresql://user@host/name",
        )
    return PostgresUrl(scheme.lower() + text[len(scheme) :])  # libpq knows it in lower case only


def local_folder(location: Location, base: Path) -> Path:
    """The folder for what stays on this host, such as the embedded org's objects.

    Args:
        base: the folder of the configuration; beside a database, its `state` is taken.
    """
    return location if isinstance(location, Path) else base / "state"
