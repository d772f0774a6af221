"""Projects to run commands in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import SandboxOptions, SandboxOrg, running_sandbox
from tests.cli.commands import run
from tests.cli.folders import CUSTOMER, LONE, TICKET, Folder, org_environment

_OURS = ("RECONCILER_", "GENESYS", "GITHUB_", "GITLAB_", "NO_COLOR", "_RECONCILER_")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(_OURS):
            monkeypatch.delenv(name)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("RECONCILER_ACTOR", "kim")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A project with two schemas and the sandbox, nothing applied; the working folder."""
    made = Folder(tmp_path / "project").configure().write(customer=CUSTOMER, ticket=TICKET)
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture(scope="session")
def applied_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same project with a third schema, applied."""
    made = Folder(tmp_path_factory.mktemp("applied") / "project").configure()
    made.write(customer=CUSTOMER, ticket=TICKET, lone=LONE)
    ran = run("apply", "-y", "--config", str(made.path("reconciler.yaml")))
    assert ran.code == 0, ran.err
    return made.root


@pytest.fixture
def applied(applied_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A copy of it, the working folder."""
    made = Folder(tmp_path / "applied")
    shutil.copytree(applied_once, made.root)
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture
def org(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxOrg]:
    """An org of its own, which the environment describes."""
    with running_sandbox(SandboxOptions(activation_s=0.0, render_s=0.0)) as served:
        described = org_environment(served.base_url, served.client_id, served.client_secret)
        for name, value in described.items():
            monkeypatch.setenv(name, value)
        yield served
