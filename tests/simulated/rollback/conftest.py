"""An org for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulated.apply.bench import bench
from tests.simulated.rollback.going import Going


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Going]:
    """A project beside an org in which everything happens at once, with rollbacks."""
    with bench(tmp_path) as made:
        yield Going(made)
