"""A repository, its forge, and an org that another process serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.pipelines.forge import Forge, running_forge
from tests.cli.pipelines.jobs import Workshop
from tests.cli.pipelines.org import Org, served_org


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "workshop")


@pytest.fixture
def forge() -> Iterator[Forge]:
    with running_forge() as found:
        yield found


@pytest.fixture
def org() -> Iterator[Org]:
    with served_org() as found:
        yield found
