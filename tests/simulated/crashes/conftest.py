"""An org for each test; its crashes put it back themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.simulated.apply.bench import Bench, bench

MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of our own in it
"""What a process leaves when it is killed needs no disk, and hundreds of deaths wait for one for long."""


@pytest.fixture
def work() -> Iterator[Bench]:
    """A project beside an org in which everything happens at once."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder, bench(Path(folder)) as made:
        yield made
