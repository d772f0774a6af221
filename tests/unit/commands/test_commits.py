"""What git says of a project: the commit for the audit, and what its message allows."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.commands.commits import commit_of, fingerprints_allowed
from reconciler.errors import UsageError


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


MESSAGES = {
    "Remove them\n\nReconciler-Allow: abc123\n": ("abc123",),
    "Remove them\n\nReviewed-by: Kim\nreconciler-allow: ABC123\nReconciler-Allow: def456\n": (
        "abc123",
        "def456",
    ),
    "Remove them\n\nReconciler-Allow: abc123\nReconciler-Allow: abc123\n": ("abc123",),
    "Remove them\n\nReconciler-Allow: abc123\n\nand more text\n": (),
    "Reconciler-Allow: abc123\n": (),
    "Remove them\n": (),
}


@pytest.mark.parametrize(("message", "allowed"), MESSAGES.items())
def test_trailers_of_the_newest_commit_name_fingerprints(
    tmp_path: Path, message: str, allowed: tuple[str, ...]
) -> None:
    git(tmp_path, "init")
    git(tmp_path, "commit", "--allow-empty", "-m", "Older\n\nReconciler-Allow: old")
    git(tmp_path, "commit", "--allow-empty", "-m", message)

    assert fingerprints_allowed(tmp_path) == allowed


def test_commit_that_does_not_exist_allows_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no git repository"):
        fingerprints_allowed(tmp_path)
