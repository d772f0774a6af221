"""`rollback`: its exit codes, what it shows first, and what it says to run next."""

from __future__ import annotations

import pytest

from tests.cli.commands import Ran, run
from tests.cli.folders import LONE, Folder

WIDER = LONE + "    - {name: more, fieldtype: string}\n"


@pytest.fixture
def edited(applied: Folder) -> str:
    """The run that added a field to a schema."""
    applied.write(lone=WIDER)
    ran = run("apply", "-y", "--format", "json")
    assert ran.code == 0
    return str(ran.document["run_id"])


def runs() -> Ran:
    return run("audit", "list", "--phase", "run_started", "--format", "json")


def test_what_cannot_be_undone_comes_before_the_changes(edited: str) -> None:
    ran = run("rollback", edited, "-y")

    assert ran.code == 0, ran.err
    first, then = ran.out.index("Cannot be undone (1)"), ran.out.index("To change (1)")
    assert first < then
    assert f"Rollback of run {edited}" in ran.out
    assert "Next step: `reconciler plan` shows what the manifests would bring back" in ran.out
    assert ran.last == "Apply: 0 added, 1 changed, 0 destroyed."


def test_beginning_of_the_id_will_do(edited: str) -> None:
    assert run("rollback", edited[:8], "-y").code == 0


def test_run_that_changed_nothing_is_0_and_says_so(applied: Folder) -> None:
    nothing = run("apply", "-y", "--format", "json").document["run_id"]

    ran = run("rollback", str(nothing))

    assert ran.code == 0
    assert "No changes. Nothing is left to roll back." in ran.out
    assert applied.root.exists()


@pytest.mark.parametrize(
    ("wanted", "said"),
    [("0" * 32, "no such run"), ("0" * 7, "at least 8 characters")],
    ids=["unknown", "short"],
)
@pytest.mark.usefixtures("applied")
def test_run_that_is_not_known_is_64(wanted: str, said: str) -> None:
    ran = run("rollback", wanted, "-y", "--format", "json")

    assert ran.code == 64
    (found,) = ran.document["diagnostics"]
    assert said in found["message"]
    assert "audit list" in found["hint"]


def test_run_of_another_org_is_64(edited: str, applied: Folder) -> None:
    assert run("apply", "-y", "--org", "other", "--new-state").code == 0

    assert run("rollback", edited, "-y", "--org", "other").code == 64
    assert applied.root.exists()


def test_without_a_terminal_it_shows_and_refuses(edited: str) -> None:
    ran = run("rollback", edited)

    assert ran.code == 3
    assert "~ Schema/lone" in ran.out
    assert f"`reconciler rollback {edited} --expect" in ran.out


def test_json_names_what_cannot_be_undone(edited: str) -> None:
    ran = run("rollback", edited, "-y", "--format", "json")

    assert (ran.code, ran.document["format"], ran.document["status"]) == (0, "reconciler.apply/1", "applied")
    assert ran.codes == ["plan.irreversible"]


def test_a_state_is_needed(folder: Folder) -> None:
    ran = run("rollback", "0" * 32, "-y", "--format", "json")

    assert (ran.code, ran.codes) == (78, ["state.missing"])
    assert not folder.path("state").exists()


def test_broken_manifests_do_not_stand_in_the_way(edited: str, applied: Folder) -> None:
    applied.write(lone="kind: [")

    assert run("rollback", edited, "-y").code == 0
