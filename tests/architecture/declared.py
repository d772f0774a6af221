"""What `pyproject.toml` declares: distributions by name, and import contracts."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache

from tests.architecture.sources import ROOT


def runtime_distributions() -> list[str]:
    """Name the distributions that the package needs at run time."""
    return _names(_table(_project(), "project")["dependencies"])


def all_distributions() -> list[str]:
    """Name every distribution: at run time, of an extra, for development."""
    extras = _table(_table(_project(), "project"), "optional-dependencies")
    groups = _table(_project(), "dependency-groups")
    further = [name for listed in (*extras.values(), *groups.values()) for name in _names(listed)]
    return [*runtime_distributions(), *further]


def owned_modules() -> set[str]:
    """Name the modules that a contract gives to one owner."""
    contracts = _table(_table(_project(), "tool"), "importlinter")["contracts"]
    assert isinstance(contracts, list)
    return {module for contract in contracts for module in contract.get("forbidden_modules", [])}


@cache
def _project() -> Mapping[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _names(requirements: object) -> list[str]:
    assert isinstance(requirements, list)
    return [re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in requirements]


def _table(parent: Mapping[str, object], name: str) -> Mapping[str, object]:
    child = parent.get(name, {})
    assert isinstance(child, dict)
    return child
