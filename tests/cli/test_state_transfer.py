"""`state pull`, `state push`, `state unlock`: a state that moves, and one whose holder is gone."""

from __future__ import annotations

import json
import shutil

from tests.cli.commands import run
from tests.cli.folders import Folder
from tests.cli.locks import held_lock


def test_pulled_state_fills_a_runner_that_forgot_it(applied: Folder) -> None:
    file = applied.path("kept.json")
    listed = run("state", "list", "--format", "json").document["resources"]
    pulled = run("state", "pull", str(file))
    applied.path("state/reconciler.sqlite3").unlink()

    pushed = run("state", "push", str(file))

    assert (pulled.code, pushed.code) == (0, 0)
    assert pulled.out.startswith("Pulled: 3 resources at serial ")
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("state", "list", "--format", "json").document["resources"] == listed
    assert run("audit", "verify").code == 0
    assert run("plan").out.endswith("No changes. The org matches the manifests.\n")


def test_push_of_a_state_that_is_not_newer_is_refused(applied: Folder) -> None:
    file = applied.path("kept.json")
    run("state", "pull", str(file))

    found = run("state", "push", str(file))

    assert (found.code, "state.newer" in found.err) == (78, True)


def test_push_of_another_history_is_refused(applied: Folder) -> None:
    file = applied.path("kept.json")
    run("state", "pull", str(file))
    shutil.rmtree(applied.path("state"))
    run("apply", "-y")

    found = run("state", "push", str(file))

    assert (found.code, "state.foreign-lineage" in found.err) == (78, True)


def test_push_of_something_else_is_refused(applied: Folder) -> None:
    file = applied.path("kept.json")
    file.write_text(json.dumps({"format": "reconciler.plan/1"}), encoding="utf-8")

    assert run("state", "push", str(file)).code == 78


def test_unlock_names_whom_it_takes_the_lock_from(applied: Folder) -> None:
    with held_lock(applied.path("state")):
        asked = run("state", "unlock")
        found = run("state", "unlock", "-y")
        after = run("state", "unlock", "-y")

    assert (asked.code, found.code) == (3, 0)
    assert "it was held by apply by alex (run another-run, process " in found.out
    assert after.out == "Nobody holds the lock.\n"
    records = run("audit", "list", "--phase", "state", "--format", "json").lines
    (detail,) = [record["detail"] for record in records]
    assert (detail["command"], detail["holder_run_id"]) == ("state unlock", "another-run")
    assert detail["holder"].startswith("apply by alex (run another-run, process ")
