"""`--allow-from-commit`: the commit that is applied lets the guards pass for one plan."""

from __future__ import annotations

import subprocess

import pytest

from tests.cli.commands import run
from tests.cli.folders import CUSTOMER, Folder


def commit(folder: Folder, message: str) -> None:
    """Commits the manifests."""
    who = ("-c", "user.name=tester", "-c", "user.email=tester@example.com")
    for words in (("init", "-q"), ("add", "manifests"), (*who, "commit", "-q", "-m", message)):
        subprocess.run(["git", *words], cwd=folder.root, check=True, capture_output=True)


@pytest.fixture
def guarded(folder: Folder) -> str:
    """A project that deletes what it protected; the plan's fingerprint."""
    folder.write(customer=CUSTOMER + "lifecycle: {preventDestroy: true}\n")
    assert run("apply", "-y").code == 0
    folder.remove("customer").remove("ticket").write(other=CUSTOMER.replace("customer", "other"))
    ran = run("plan", "--format", "json")
    assert (ran.code, ran.codes) == (3, ["plan.guard"])
    return str(ran.document["fingerprint"])


def test_trailer_lets_one_plan_pass_and_is_in_the_audit(folder: Folder, guarded: str) -> None:
    commit(folder, f"Retire them\n\nReconciler-Allow: {guarded}")

    assert run("plan").code == 3
    assert run("plan", "--allow-from-commit").code == 0
    assert run("apply", "--expect", guarded, "--allow-from-commit").code == 0

    started = [found for found in run("audit", "export").lines if found["phase"] == "run_started"]
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder.root, check=True, capture_output=True)
    assert started[-1]["detail"]["allow_unsafe"] == guarded
    assert started[-1]["commit"] == head.stdout.decode().strip()


def test_saved_plan_carries_what_its_commit_allowed(folder: Folder, guarded: str) -> None:
    commit(folder, f"Retire them\n\nReconciler-Allow: {guarded}")
    assert run("plan", "--allow-from-commit", "--out", "p.json").code == 0

    assert run("apply", "p.json").code == 0


def test_trailer_of_another_plan_lets_nothing_pass(folder: Folder, guarded: str) -> None:
    commit(folder, f"Retire them\n\nReconciler-Allow: {guarded[::-1]}")

    assert run("apply", "-y", "--allow-from-commit").code == 3


@pytest.mark.usefixtures("folder")
def test_no_commit_to_ask_is_a_usage_error() -> None:
    ran = run("plan", "--allow-from-commit")

    assert ran.code == 64
    assert "no git repository" in ran.err
