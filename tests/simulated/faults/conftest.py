"""An org for each case, and a clock whose sleeps are over at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulated.apply.bench import Bench, bench
from tests.simulated.faults.striking import FastClock


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Bench]:
    """A project beside an org in which everything happens at once, as does every wait."""
    with bench(tmp_path) as made:
        made.clock = FastClock()
        yield made
