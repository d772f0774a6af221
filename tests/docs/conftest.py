"""The workshop in which the documents' examples run: one a worker, since applying the demo takes seconds."""

import pytest

from scripts.documents import Workshop


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("documents"))
