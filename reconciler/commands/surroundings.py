"""What a command is given: the common options, and what it finds around it. Light: each start imports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a command finds around it.

    Args:
        environ: not to be spelled out: it holds the secrets.
        is_terminal: whether a person sits there: stdin and stderr are a terminal.
    """

    cwd: Path
    environ: Mapping[str, str] = field(repr=False)
    is_terminal: bool = False


@dataclass(frozen=True, slots=True)
class CommonOptions:
    """Options that every command takes (design.md, section 4)."""

    config: Path | None = None
    org: str | None = None
    state: str | None = None
    variables: tuple[str, ...] = ()
