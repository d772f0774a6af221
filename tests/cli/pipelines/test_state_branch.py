"""`ci/state-branch.sh`: an org's state on a branch, never written over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import run
from tests.cli.folders import CUSTOMER, SANDBOX, Folder
from tests.cli.pipelines.jobs import ROOT, Ran, Workshop

SCRIPT = ROOT / "reconciler" / "commands" / "starter" / "ci" / "state-branch.sh"
BRANCH = "refs/heads/reconciler-state"


@pytest.fixture
def commit(workshop: Workshop) -> str:
    Folder(workshop.author).configure(SANDBOX + "state: run/state\n").write(customer=CUSTOMER)
    (workshop.author / ".gitignore").write_text("/run/\n/other-state/\n")
    return workshop.push("main", "Begin")


def script(workshop: Workshop, clone: Path, what: str, org: str = "sandbox") -> Ran:
    return workshop.bash(f"sh {SCRIPT} {what}", cwd=clone, env={"RECONCILER_ORG": org})


def apply(clone: Path, org: str = "sandbox") -> None:
    assert run("apply", "-y", "--org", org, "--config", str(clone / "reconciler.yaml")).code == 0


def files_on(workshop: Workshop, branch: str) -> list[str]:
    return workshop.git("ls-tree", "--name-only", branch, cwd=workshop.bare).splitlines()


def test_what_another_job_saved_meanwhile_is_not_written_over(workshop: Workshop, commit: str) -> None:
    first, second, third = (workshop.checkout(commit, depth=1) for _ in range(3))
    for clone, org in ((first, "sandbox"), (second, "sandbox"), (third, "other")):
        assert "holds no state" in script(workshop, clone, "load", org).output
        apply(clone, org)
    assert script(workshop, first, "save").code == 0
    saved = workshop.refs()[BRANCH]

    refused = script(workshop, second, "save")
    other = script(workshop, third, "save", "other")

    assert (refused.code, other.code) == (1, 0), refused.output + other.output
    kept = f"refs/heads/reconciler-state-of-{commit[:7]}"
    assert f"is kept as {kept}" in refused.output
    assert workshop.git("rev-parse", f"{BRANCH}^", cwd=workshop.bare) == saved
    assert files_on(workshop, BRANCH) == ["other.state.json", "sandbox.state.json"]
    assert _lineage(workshop, BRANCH) == _lineage(workshop, saved) != _lineage(workshop, kept)
    assert workshop.git("status", "--porcelain", cwd=first) == ""


def test_repository_that_does_not_answer_is_not_an_empty_one(workshop: Workshop, commit: str) -> None:
    clone = workshop.checkout(commit, depth=1)
    workshop.git("remote", "set-url", "origin", "file:///nowhere", cwd=clone)

    assert script(workshop, clone, "load").code != 0


def _lineage(workshop: Workshop, at: str) -> str:
    text = workshop.git("show", f"{at}:sandbox.state.json", cwd=workshop.bare)
    return str(json.loads(text)["lineage"])
