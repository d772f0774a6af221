"""`--adopt[=GLOB]`: all, or what a glob names; the glob is joined."""

from __future__ import annotations

import pytest

from tests.cli.commands import run
from tests.cli.folders import Folder


@pytest.fixture
def unowned(applied: Folder) -> Folder:
    """A project whose three schemas are in the org, and two of them in no state."""
    run("state", "rm", "Schema/lone", "-y")
    run("state", "rm", "Schema/ticket", "-y")
    return applied


@pytest.mark.usefixtures("unowned")
def test_match_is_refused_until_adoption_is_asked_for() -> None:
    ran = run("plan", "--format", "json")

    assert (ran.code, set(ran.codes)) == (3, {"plan.unowned-match"})
    assert {change["reason"] for change in ran.document["changes"]} == {"unowned_match"}


@pytest.mark.usefixtures("unowned")
@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--adopt"], 0),
        (["--adopt=*"], 0),
        (["--adopt=Schema/*"], 0),
        (["--adopt=Schema/lone", "--adopt=Schema/ticket"], 0),
        (["--adopt=Schema/lone"], 3),
        (["--adopt=Widget/*"], 3),
        (["--adopt", "--detailed-exitcode"], 2),
    ],
)
def test_globs_say_what_is_adopted(options: list[str], code: int) -> None:
    assert run("plan", *options).code == code


def test_folder_may_follow_a_bare_adopt(unowned: Folder) -> None:
    ran = run("plan", "--adopt", str(unowned.path("manifests")), "--format", "json")

    assert ran.code == 0
    assert ran.document["complete"] is True


@pytest.mark.usefixtures("unowned")
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_glob_that_was_not_joined_gets_a_hint(command: str) -> None:
    ran = run(command, "--adopt", "Schema/*")

    assert ran.code == 64
    assert "--adopt=Schema/*" in ran.err


@pytest.mark.usefixtures("unowned")
def test_apply_adopts_and_then_finds_nothing() -> None:
    assert run("apply", "-y", "--adopt").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
