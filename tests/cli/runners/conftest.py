"""Both places for the state, and an org for each test."""

from __future__ import annotations

from tests.simulated.store.conftest import work
from tests.unit.store.conftest import database, location, server

__all__ = ["database", "location", "server", "work"]
