"""Both places for the state, and an org for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.store import Location, PostgresUrl
from tests.simulated.apply.bench import Bench, bench
from tests.unit.store.conftest import database, location, server

__all__ = ["database", "location", "server"]


@pytest.fixture
def work(tmp_path: Path, location: Location) -> Iterator[Bench]:  # pytest's way
    """A project whose state is in each of the places."""
    folder = tmp_path / "project"
    folder.mkdir()
    with bench(folder) as made:
        made.configure(state=location.text if isinstance(location, PostgresUrl) else str(location / "state"))
        yield made
