"""Where stores are kept: the same tests for a file and for a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.store import Location, PostgresUrl
from tests.postgres import Server, is_required, new_schema, running_server, server_programs


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
def database(server: Server) -> PostgresUrl:
    """An empty place on the server."""
    return PostgresUrl(server.url(new_schema(server)))


@pytest.fixture(params=["embedded", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """An empty place of each kind."""
    if request.param == "embedded":
        return tmp_path
    found: PostgresUrl = request.getfixturevalue("database")
    return found
