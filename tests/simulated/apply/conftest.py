"""An org for each test: what one test leaves in it must not help another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulated.apply.bench import Bench, bench


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Bench]:
    """A project beside an org in which everything happens at once."""
    with bench(tmp_path) as made:
        yield made
