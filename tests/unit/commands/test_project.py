"""What the audit says of a project: by which commit, and of which org (design.md, sections 5 and 8)."""

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.commands.org import confirm_organization
from reconciler.commands.project import commit_of, open_project
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.errors import StateError
from reconciler.model.state import StateIdentity

CONFIGURATION = """
apiVersion: reconciler/v1
kind: Config
defaultOrg: prod
orgs: {prod: {region: mypurecloud.com, organization: ours}}
"""


def git(folder: Path, *arguments: str) -> str:
    """What git says."""
    named = ["-c", "user.name=tester", "-c", "user.email=tester@example.com"]
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["git", *named, *arguments], cwd=folder, env=plain, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_commit_says_whether_the_tree_had_changes(tmp_path: Path) -> None:
    file = tmp_path / "widgets.yaml"
    file.write_text("one\n")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "One")
    head = git(tmp_path, "rev-parse", "HEAD")

    assert commit_of(tmp_path) == head
    (tmp_path / "plan.json").write_text("{}")
    assert commit_of(tmp_path) == head
    file.write_text("two\n")
    assert commit_of(tmp_path) == f"{head}-dirty"


def test_commit_is_not_known_outside_of_git(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None


def test_only_the_organization_of_the_configuration_may_answer(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(CONFIGURATION)
    (tmp_path / "manifests").mkdir()
    project = open_project(CommonOptions(), Surroundings(tmp_path, {}))
    ours = StateIdentity("lineage", 1, "ours", "api.mypurecloud.com", "client")
    theirs = StateIdentity("lineage", 1, "theirs", "api.mypurecloud.com", "client")

    assert confirm_organization(project, ours) == ours
    with pytest.raises(StateError, match="expects organization ours, and theirs answers") as refused:
        confirm_organization(project, theirs)
    assert refused.value.code == "state.other-org"
