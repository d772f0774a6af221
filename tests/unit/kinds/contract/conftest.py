"""Examples, each applied once for all tests."""

from __future__ import annotations

import pytest

from tests.unit.kinds.contract.harness import Example, applied_example


@pytest.fixture(scope="module", name="made")
def _made() -> dict[str, Example]:
    return {}


@pytest.fixture(name="example")
def _example(kind: str, made: dict[str, Example], tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Each example is applied once; planning it again is pure."""
    if kind not in made:
        made[kind] = applied_example(kind, tmp_path_factory.mktemp(kind))
    return made[kind]
