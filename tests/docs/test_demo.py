"""The demo: what `make demo` runs does the main job, and fails when a step of it does."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from scripts.documents import ROOT
from scripts.examples import COMMAND, Command, apply_project, copy_project, run_command

DEMO = ROOT / "scripts" / "demo.sh"


def run_demo(path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs the demo with one folder ahead on PATH."""
    search = f"{path}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", str(DEMO)],
        env={**os.environ, "PATH": search, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def stand_in(folder: Path, *, failing: str) -> Path:
    """A `reconciler` that ends as the demo expects, but for one call: `3` is the third."""
    script = folder / "reconciler"
    script.write_text(
        "#!/bin/sh\n"
        f'echo "$*" >> {folder}/calls\n'
        f"calls=$(wc -l < {folder}/calls)\n"
        f'[ "$calls" -eq {failing} ] && exit 70\n'
        '[ "$calls" -eq 2 ] && exit 2\n'
        "exit 0\n"
    )
    script.chmod(0o755)
    return folder


def test_demo_ends_with_nothing_left_to_do(tmp_path: Path) -> None:
    done = run_demo(COMMAND.parent, TMPDIR=str(tmp_path), RECONCILER_STATE=str(tmp_path / "mine"))

    assert done.returncode == 0, done.stdout + done.stderr
    shown = [line for line in done.stdout.splitlines() if line.startswith("$ ")]
    assert shown == [
        "$ reconciler validate",
        "$ reconciler plan --detailed-exitcode",
        "$ reconciler apply --auto-approve",
        "$ reconciler audit list",
        "$ reconciler audit verify",
        "$ reconciler plan --detailed-exitcode",
    ]
    assert "No changes. The org matches the manifests." in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failing", ["1", "2", "3", "4", "5", "6"])
def test_demo_fails_where_a_step_does(failing: str, tmp_path: Path) -> None:
    done = run_demo(stand_in(tmp_path, failing=failing))

    assert done.returncode == 1
    assert "The demo failed" in done.stderr
    assert len((tmp_path / "calls").read_text().splitlines()) == int(failing)


def test_demo_manifests_apply_cleanly_to_a_new_org(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    apply_project(folder)

    plan = json.loads(run_command(Command("plan --format json --detailed-exitcode"), folder))

    assert plan["summary"]["unchanged"] == 15
    assert (plan["changes"], plan["drift"], plan["diagnostics"]) == ([], [], [])


def test_first_plan_of_the_demo_passes_every_check(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    copy_project(folder)

    plan = json.loads(run_command(Command("plan --format json --detailed-exitcode", 2), folder))

    assert plan["applyable"]
    assert plan["complete"]
    assert plan["summary"] | {"create": 13, "update": 2} == plan["summary"]
    assert {check["status"] for check in plan["checks"]} == {"pass"}
    assert {check["name"] for check in plan["checks"]} >= {"widget.query", "channel.fallback", "weights.sum"}
