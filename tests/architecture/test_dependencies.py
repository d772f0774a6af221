"""Each dependency is declared once, has a written reason, is used, and is owned."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.declared import all_distributions, owned_modules, runtime_distributions
from tests.architecture.sources import PACKAGE, ROOT, modules, syntax

# pydantic describes input wherever input comes in (specs, configuration), so it has no single owner.
SHARED = ["pydantic", "tzdata"]
DATA = ["tzdata"]
"""Read by the standard library, where the system brings none of its own."""


def test_each_dependency_has_a_line_of_reason_and_each_line_a_dependency() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    reasons = re.findall(r"^\| `([^`]+)` \| \S", text, re.MULTILINE)

    assert sorted(reasons) == sorted(all_distributions())


@pytest.mark.parametrize("distribution", sorted(set(runtime_distributions()) - set(DATA)))
def test_runtime_dependency_is_imported(distribution: str) -> None:
    assert _import_names(distribution) & set(_imported()), f"{distribution} is declared and never imported"


def test_each_runtime_dependency_has_an_owner() -> None:
    unowned = [name for name in runtime_distributions() if not _import_names(name) & owned_modules()]

    assert unowned == SHARED


def _import_names(distribution: str) -> set[str]:
    """Say under which names a distribution is imported: PyYAML as `yaml`."""
    wanted = distribution.lower()
    return {
        module
        for module, names in packages_distributions().items()
        if wanted in {name.lower() for name in names} and not module.startswith("_")
    }


def _imported() -> Iterator[str]:
    for path in modules(PACKAGE):
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.split(".")[0]
