"""What git says of the project: the commit for the audit, and what a commit's message allows."""

from __future__ import annotations

import subprocess
from pathlib import Path

from reconciler.errors import UsageError

TRAILER = "Reconciler-Allow"
"""`Reconciler-Allow: <fingerprint>` lets the guards pass for one plan, by the commit that is applied."""


def commit_of(folder: Path) -> str | None:
    """The git commit of the project, `-dirty` appended where the tree has changes; None outside of git."""
    head = _git(folder, "rev-parse", "HEAD")
    if not head:
        return None
    return f"{head}-dirty" if _git(folder, "status", "--porcelain", "--untracked-files=no") else head


def fingerprints_allowed(folder: Path) -> tuple[str, ...]:
    """The fingerprints that trailers of the newest commit's message name.

    Raises:
        UsageError: there is no commit to ask.
    """
    if not _git(folder, "rev-parse", "HEAD"):
        raise UsageError(
            f"--allow-from-commit: {folder} is in no git repository with a commit",
            hint="check the repository out, or pass --allow-unsafe FINGERPRINT",
        )
    found = _git(folder, "log", "-1", f"--format=%(trailers:key={TRAILER},valueonly,unfold)")
    return tuple(dict.fromkeys(line.strip().lower() for line in found.splitlines() if line.strip()))


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  # fixed arguments
            ["git", *arguments],  # noqa: S607  # wherever the machine has it
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
