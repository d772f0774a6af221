"""The configuration: what `reconciler.yaml` says, or the environment without one (design.md, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.model.values import JsonValue, Secret
from reconciler.model.windows import ChangeWindow
from reconciler.settings import SafetySettings


@dataclass(frozen=True, slots=True)
class OrgConfiguration:
    """One org.

    Args:
        sandbox: the embedded org, on loopback.
        region: one of the platform's regions or a loopback address; None: the environment decides the host.
        organization: the org's id, when it must be this one.
        state: overrides the configuration's.
        client_id: text, or `${env.X}`; None: the usual variables.
        protected: only a saved plan or `--expect` may be applied.
        line: where the file says it; None for the org that the environment describes.
    """

    name: str
    sandbox: bool = False
    region: str | None = None
    organization: str | None = None
    vars: Mapping[str, JsonValue] = field(default_factory=dict)
    state: str | None = None
    protected: bool = False
    client_id: str | Secret | None = None
    client_secret: str | Secret | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a run works with; paths are absolute.

    Args:
        file: the configuration file; None when there is none.
        root: the folder that holds it, or the working folder: messages show paths relative to it.
        environment: the only names that `${env.X}` may read.
        windows: when changes may be made; at any time where there are none.
        lines: JSON pointer -> line in the file.
    """

    file: Path | None
    root: Path
    manifests: Path
    state: str
    orgs: Mapping[str, OrgConfiguration]
    default_org: str | None = None
    environment: tuple[str, ...] = ()
    vars: Mapping[str, JsonValue] = field(default_factory=dict)
    safety: SafetySettings = field(default_factory=SafetySettings)
    windows: tuple[ChangeWindow, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
