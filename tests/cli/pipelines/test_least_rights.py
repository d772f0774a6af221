"""The scopes that docs/ci.md names for each job are enough, and none of those to plan can be spared."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.kinds import KINDS
from reconciler.sandbox import SandboxOptions, SandboxOrg, running_sandbox
from tests.cli.commands import run
from tests.cli.folders import org_environment
from tests.cli.pipelines.jobs import ROOT

FOLDERS = {"Widget": "dashboards", "Channel": "messaging", "WeightMatrix": "routing", "Schema": "schemas"}
VARIABLES = ("--var", "language=en-US", "--var", "brandColor=#0A4D8C", "--var", "accentColor=#F2A900")
_ROW = re.compile(
    r"^\| (\w+) \| (`[a-z:]+`(?:, `[a-z:]+`)*) \| (`[a-z:]+`(?:, `[a-z:]+`)*) \|$", re.MULTILINE
)

SCOPES = {
    kind: tuple(tuple(re.findall(r"`([a-z:]+)`", said)) for said in (to_plan, to_apply))
    for kind, to_plan, to_apply in _ROW.findall((ROOT / "docs" / "ci.md").read_text(encoding="utf-8"))
}


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxOrg]:
    monkeypatch.chdir(tmp_path)
    with running_sandbox(SandboxOptions(activation_s=0.0, render_s=0.0, rate_limit=None)) as served:
        for name, value in org_environment(served.base_url, served.client_id, served.client_secret).items():
            monkeypatch.setenv(name, value)
        yield served


def declare(kind: str) -> None:
    """The demo's manifests of one kind, in the working folder."""
    shutil.copytree(ROOT / "manifests" / FOLDERS[kind], "manifests")
    for path in Path("manifests").iterdir():
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"^dependsOn: .*\n", "", text, flags=re.MULTILINE), encoding="utf-8")


def test_each_kind_has_its_row() -> None:
    assert set(SCOPES) == set(KINDS) == set(FOLDERS)


@pytest.mark.parametrize("kind", FOLDERS)
def test_named_scopes_are_enough(kind: str, real: SandboxOrg) -> None:
    to_plan, to_apply = SCOPES[kind]
    declare(kind)
    real.grant(to_plan)
    assert run("plan", "--new-state", *VARIABLES).code == 0
    real.grant(to_apply)
    assert run("apply", "-y", "--new-state", *VARIABLES).code == 0

    real.grant(to_plan)

    assert run("plan", "--detailed-exitcode", *VARIABLES).code == 0
    assert run("drift").code == 0


@pytest.mark.parametrize(
    ("kind", "spared"), [(kind, scope) for kind, (to_plan, _) in SCOPES.items() for scope in to_plan]
)
def test_none_can_be_spared(kind: str, spared: str, real: SandboxOrg) -> None:
    declare(kind)
    real.grant(scope for scope in SCOPES[kind][0] if scope != spared)

    assert run("plan", "--new-state", *VARIABLES).code in (1, 3)
