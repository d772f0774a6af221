"""What writes asks first: on a terminal a person answers, elsewhere it was said beforehand."""

from __future__ import annotations

import pytest

from tests.cli.commands import run, run_child
from tests.cli.folders import CUSTOMER, Folder
from tests.cli.terminals import CTRL_C, run_at_terminal


def test_yes_applies(folder: Folder) -> None:
    ran = run_at_terminal("apply", cwd=folder.root, answer="yes\n")

    assert ran.code == 0
    assert "Apply these changes to org sandbox?" in ran.out
    assert "Apply: 2 added, 0 changed, 0 destroyed." in ran.last


@pytest.mark.parametrize("answer", ["no\n", "y\n", "YES\n", "\n", "\x04"], ids=repr)
def test_anything_else_refuses_and_shows_the_plan_once(answer: str, folder: Folder) -> None:
    ran = run_at_terminal("apply", cwd=folder.root, answer=answer)

    assert ran.code == 3
    assert ran.out.count("Plan: 2 to add, 0 to change, 0 to destroy.") == 1
    assert "Nothing of the plan was sent." in ran.out
    assert run("state", "list", "--format", "json").document["resources"] == []


def test_refused_apply_is_in_the_audit_trail(folder: Folder) -> None:
    run_at_terminal("apply", cwd=folder.root, answer="no\n")
    run("apply")

    records = run("audit", "list", "--format", "json").lines
    assert [record["phase"] for record in records] == ["refused", "refused"]
    assert "terminal" in records[1]["detail"]["message"]


def test_ctrl_c_at_the_prompt_ends_at_once(folder: Folder) -> None:
    ran = run_at_terminal("apply", cwd=folder.root, answer=CTRL_C)

    assert ran.code == 130
    assert "interrupted" in ran.out
    assert run("state", "list", "--format", "json").document["resources"] == []


def test_nothing_is_asked_where_nothing_would_change(applied: Folder) -> None:
    ran = run_at_terminal("apply", cwd=applied.root, answer="", asked="No changes.")

    assert ran.code == 0
    assert "consent" not in ran.out


def test_destroy_asks_as_well(applied: Folder) -> None:
    assert run_at_terminal("destroy", cwd=applied.root, answer="no\n").code == 3
    assert run_at_terminal("destroy", cwd=applied.root, answer="yes\n").code == 0
    assert run("state", "list", "--format", "json").document["resources"] == []


def test_saved_plan_is_not_asked_about(folder: Folder) -> None:
    run("plan", "--out", "p.json")

    ran = run_at_terminal("apply", "p.json", cwd=folder.root, answer="", asked="Run ")

    assert (ran.code, "consent" in ran.out) == (0, False)


def test_yes_in_a_pipe_is_no_consent(folder: Folder) -> None:
    ran = run_child("apply", cwd=folder.root, stdin="yes\n")

    assert ran.code == 3
    assert "no terminal" in ran.out


@pytest.mark.usefixtures("folder")
def test_refusal_for_want_of_a_terminal_names_the_way_out() -> None:
    fingerprint = run("plan", "--format", "json").document["fingerprint"]

    refused = run("apply")

    assert f"--expect {fingerprint}" in refused.out
    assert run("apply", "--expect", fingerprint).code == 0


def test_json_is_never_asked_about(folder: Folder) -> None:
    ran = run_at_terminal("apply", "--format", "json", cwd=folder.root, answer="", asked="refused")

    assert ran.code == 3


@pytest.mark.parametrize(("answer", "code", "left"), [("yes\n", 0, 2), ("no\n", 3, 3), (CTRL_C, 130, 3)])
def test_state_rm_asks(answer: str, code: int, left: int, applied: Folder) -> None:
    ran = run_at_terminal("state", "rm", "Schema/lone", cwd=applied.root, answer=answer)

    assert ran.code == code
    assert "Forget Schema/lone (lone) of org sandbox?" in ran.out
    assert len(run("state", "list", "--format", "json").document["resources"]) == left


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 0), ("no\n", 3)])
def test_sandbox_reset_asks(answer: str, code: int, applied: Folder) -> None:
    ran = run_at_terminal("sandbox", "reset", cwd=applied.root, answer=answer)

    assert ran.code == code
    assert (run("plan", "--detailed-exitcode").code == 2) is (code == 0)


def test_org_without_state_is_made_on_a_terminal(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_STATE", "fresh")

    folder.write(customer=CUSTOMER)
    assert run_at_terminal("apply", cwd=folder.root, answer="yes\n").code == 0
    assert folder.path("fresh", "reconciler.sqlite3").exists()


@pytest.mark.parametrize("is_saved", [False, True])
def test_guard_that_was_told_to_let_pass_is_in_the_audit(folder: Folder, *, is_saved: bool) -> None:
    folder.write(customer=CUSTOMER + "lifecycle: {preventDestroy: true}\n")
    assert run("apply", "-y").code == 0
    folder.remove("customer").remove("ticket")
    folder.write(other=CUSTOMER.replace("customer", "other"))
    fingerprint = run("plan", "--format", "json").document["fingerprint"]
    unsafe = ("--allow-unsafe", fingerprint)

    if is_saved:
        assert run("plan", "--out", "p.json", *unsafe).code == 0
    ran = run("apply", "p.json") if is_saved else run("apply", "-y", *unsafe)

    assert ran.code == 0
    started = [found for found in run("audit", "export").lines if found["phase"] == "run_started"]
    assert [found["detail"].get("allow_unsafe") for found in started] == [None, fingerprint]
