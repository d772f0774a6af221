"""`drift`: its exit codes and formats."""

from __future__ import annotations

import pytest

from reconciler.sandbox import SandboxOrg
from tests.cli.commands import run
from tests.cli.folders import Folder


@pytest.fixture
def drifted(org: SandboxOrg, folder: Folder) -> Folder:
    """Two schemas in the org, one of them edited there since."""
    folder.path("reconciler.yaml").unlink()
    assert run("apply", "-y", "--new-state").code == 0
    found = org.collection("schemas").all()
    ticket = next(schema for schema in found if schema["externalId"] == "ticket")
    org.alter("schemas", str(ticket["externalId"]), {"name": "Renamed"})
    return folder


def test_clean_is_0_and_a_plan_without_changes(applied: Folder) -> None:
    ran = run("drift", "--format", "json")

    assert ran.code == 0
    assert (ran.document["format"], ran.document["changes"]) == ("reconciler.plan/1", [])
    assert (ran.document["drift"], ran.document["summary"]["unchanged"]) == ([], 3)
    assert not applied.path("state", "reconciler.sqlite3-wal").exists()


@pytest.mark.usefixtures("drifted")
def test_drift_is_2_with_every_field() -> None:
    ran = run("drift", "--format", "json")

    assert ran.code == 2
    (found,) = ran.document["drift"]
    assert sorted(found) == ["address", "fields", "modified_at", "modified_by", "remote_id"]
    assert [
        (field["path"], field["before"], field["after"], field["origin"]) for field in found["fields"]
    ] == [("/name", "Ticket", "Renamed", "drift")]


@pytest.mark.usefixtures("drifted")
@pytest.mark.parametrize("how", ["text", "markdown"])
def test_drift_is_told_in_words(how: str) -> None:
    ran = run("drift", "--format", how)

    assert ran.code == 2
    for word in ("Schema/ticket", "/name", "Renamed"):
        assert word in ran.out


def test_drift_needs_a_state(folder: Folder) -> None:
    ran = run("drift", "--format", "json")

    assert (ran.code, ran.codes) == (78, ["state.missing"])
    assert not folder.path("state").exists()
