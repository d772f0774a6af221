"""Saved plans: written, shown, applied, refused."""

from __future__ import annotations

import json

import pytest

from tests.cli.commands import run
from tests.cli.folders import LONE, Folder


@pytest.mark.usefixtures("folder")
def test_saved_plan_is_applied_without_a_question() -> None:
    run("plan", "--out", "p.json")

    ran = run("apply", "p.json", "--format", "json")

    assert (ran.code, ran.document["status"]) == (0, "applied")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "option",
    [
        "--target=Schema/a",
        "--exclude=Schema/a",
        "--selector=team=care",
        "--adopt",
        "--on-conflict=ours",
        "--fallback",
        "--allow-unsafe=0123",
        "--destroy",
        "--new-state",
        "--expect=0123",
    ],
)
def test_saved_plan_takes_no_planning_options(option: str) -> None:
    run("plan", "--out", "p.json")

    ran = run("apply", "p.json", option)

    assert (ran.code, "planning options" in ran.err) == (64, True)


@pytest.mark.usefixtures("folder")
def test_saved_plan_that_was_applied_is_stale() -> None:
    run("plan", "--out", "p.json")

    assert [run("apply", "p.json").code, run("apply", "p.json").code] == [0, 4]


def test_plan_that_was_not_applyable_is_refused(applied: Folder) -> None:
    run("state", "rm", "Schema/lone", "-y")
    run("plan", "--out", "p.json")

    assert applied.path("p.json").exists()
    assert run("apply", "p.json").code == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": "reconciler.plan/2"}',
        '{"format": "reconciler.plan/1", "changes": 1}',
        "[" * 5000,
        "\x00\xff",
        '{"format": "reconciler.plan/1", "format": "reconciler.plan/1"}',
        '{"format": "reconciler.plan/1", "fingerprint": 1e999}',
    ],
    ids=range(9),
)
@pytest.mark.parametrize("command", ["show", "apply"])
def test_file_that_is_no_plan_is_told(command: str, text: str, folder: Folder) -> None:
    folder.path("p.json").write_bytes(text.encode("latin-1"))

    ran = run(command, "p.json", "--format", "json")

    assert (ran.code, ran.codes) == (78, ["plan.format"])
    assert ran.document["diagnostics"][0]["file"] == "p.json"


def test_plan_that_was_tampered_with_is_not_applied(folder: Folder) -> None:
    run("plan", "--out", "p.json")
    document = json.loads(folder.path("p.json").read_text(encoding="utf-8"))
    document["changes"][0]["after"]["name"] = "Another"
    folder.path("p.json").write_text(json.dumps(document), encoding="utf-8")

    assert run("apply", "p.json").code in (4, 78)
    assert run("state", "list", "--format", "json").document["resources"] == []


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("how", "sign"), [("text", "Plan: 2 to add"), ("markdown", "# ")])
def test_show_is_what_plan_showed(how: str, sign: str) -> None:
    planned = run("plan", "--out", "p.json", "--format", how)

    assert run("show", "p.json", "--format", how).out == planned.out
    assert sign in planned.out


def test_plan_may_be_written_to_a_device(folder: Folder) -> None:
    assert run("plan", "--out", "/dev/null").code == 0
    assert sorted(path.name for path in folder.root.iterdir()) == ["manifests", "reconciler.yaml", "state"]


def test_nothing_is_left_beside_a_plan_that_cannot_be_written(folder: Folder) -> None:
    folder.path("p.json").mkdir()

    assert run("plan", "--out", "p.json").code == 64
    assert sorted(path.name for path in folder.root.glob("p.json*")) == ["p.json"]


def test_folder_is_applied_in_part(applied: Folder) -> None:
    applied.path("some").mkdir()
    applied.path("some", "new.yaml").write_text(LONE.replace("lone", "new"), encoding="utf-8")

    ran = run("apply", "some", "-y", "--format", "json")

    assert [(result["address"], result["action"]) for result in ran.document["results"]] == [
        ("Schema/new", "create")
    ]


@pytest.mark.usefixtures("folder")
def test_requests_are_shown_where_asked_for() -> None:
    assert "POST /api/v2/" not in run("plan").out
    assert "POST /api/v2/" in run("plan", "--show-requests").out
