"""An org for each case, and a clock whose sleeps are over at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulated.apply.bench import Bench, bench
from tests.simulated.faults.striking import FastClock


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes the thousands of cases of a whole product only where they may run."""
    for marker in metafunc.definition.iter_markers("product"):
        (name, cases), is_left_out = marker.args, metafunc.config.option.markexpr == "not soak"
        metafunc.parametrize(name, () if is_left_out else cases(), ids=lambda case: case.name)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Bench]:
    """A project beside an org in which everything happens at once, as does every wait."""
    with bench(tmp_path) as made:
        made.clock = FastClock()
        yield made
