"""Policies through the command: validate and plan judge them alike."""

from __future__ import annotations

import pytest

from tests.cli.commands import run
from tests.cli.folders import Folder

POLICY = """\
name: schemas-have-a-team
match: {kind: Schema}
require: {path: /metadata/labels/team, operator: in, value: [care, sales]}
message: the team is who we call
"""


@pytest.fixture
def governed(folder: Folder) -> Folder:
    """A project whose second schema breaks a policy."""
    folder.path("policies").mkdir()
    folder.path("policies", "teams.yaml").write_text(POLICY)
    return folder


@pytest.mark.usefixtures("governed")
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_broken_policy_is_an_invalid_manifest(command: str) -> None:
    ran = run(command, "--format", "json")

    assert ran.code == 65
    (found,) = ran.document["diagnostics"]
    assert (found["code"], found["severity"]) == ("policy.schemas-have-a-team", "error")
    assert (found["file"], found["line"], found["address"]) == ("manifests/ticket.yaml", 3, "Schema/ticket")
    assert found["hint"] == "the team is who we call (policies/teams.yaml:1)"


def test_policy_may_warn(governed: Folder) -> None:
    governed.path("policies", "teams.yaml").write_text(f"{POLICY}severity: warning\n")

    for command in ("validate", "plan"):
        ran = run(command, "--format", "json")
        assert (ran.code, ran.codes) == (0, ["policy.schemas-have-a-team"])


def test_policy_out_of_order_is_told_before_anything_else(governed: Folder) -> None:
    governed.path("policies", "teams.yaml").write_text("name: teams\n")

    ran = run("validate", "--format", "json")

    assert (ran.code, ran.codes) == (65, ["manifest.missing-field"])
