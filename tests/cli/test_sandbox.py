"""`sandbox reset`; `sandbox serve` is in `test_processes`, since it is a process of its own."""

from __future__ import annotations

from tests.cli.commands import run
from tests.cli.folders import Folder


def test_reset_takes_out_what_was_applied_and_keeps_the_org(applied: Folder) -> None:
    org_id = run("plan", "--format", "json").document["org_id"]

    ran = run("sandbox", "reset", "-y", "--format", "json")

    planned = run("plan", "--format", "json").document
    assert ran.document == {"format": "reconciler.sandbox-reset/1", "org": "sandbox", "org_id": org_id}
    assert (planned["org_id"], planned["summary"]["create"]) == (org_id, 3)
    assert applied.path("state").is_dir()


def test_reset_is_of_the_chosen_org(applied: Folder) -> None:
    run("sandbox", "reset", "-y", "--org", "other")

    assert run("plan", "--detailed-exitcode").code == 0
    assert applied.path("other-state", "sandbox.sqlite3").exists()


def test_reset_makes_the_org_where_there_is_none(folder: Folder) -> None:
    assert run("sandbox", "reset", "-y").code == 0
    assert run("plan").code == 0
    assert folder.path("state", "sandbox.sqlite3").exists()


def test_nothing_is_reset_unasked(applied: Folder) -> None:
    run("sandbox", "reset")
    run("sandbox", "reset", "-y", "--org", "prod")

    assert run("plan", "--detailed-exitcode").code == 0
    assert applied.path("state").is_dir()
