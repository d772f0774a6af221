"""A repository, its forge, and an org that another process serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.pipelines.forge import Forge, running_forge
from tests.cli.pipelines.jobs import Workshop
from tests.cli.pipelines.org import Org, served_org
from tests.postgres import Server, is_required, new_schema, running_server, server_programs


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


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server; made when the first test asks for it."""
    programs = server_programs()
    if programs is None:
        lacking = pytest.fail if is_required() else pytest.skip
        lacking("no PostgreSQL server was found: install postgresql")
    with running_server(programs) as running:
        yield running


@pytest.fixture
def place(request: pytest.FixtureRequest, workshop: Workshop) -> dict[str, str]:
    """Where the state is kept, by the name of `init --state`: what the repository's settings say of it."""
    keeping = getattr(request, "param", "pushed")
    found = {"keeping": keeping}
    if keeping == "postgres":
        running: Server = request.getfixturevalue("server")
        found["url"] = running.url(new_schema(running))
    elif keeping == "runner":
        found["folder"] = str(workshop.folder / "disk")
    return found
