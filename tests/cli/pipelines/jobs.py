"""Jobs of pipelines, run as their platforms do: a fresh clone, an environment of their own, bash."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[3]
INSTALLING = re.compile(
    r"(?:python -m )?pip install --quiet 'contact-centre-reconciler(?:\[postgres\])?>=[0-9.]+,<[0-9.]+'"
)
"""The only way in which a pipeline may install something: not by the bare name, and not any version."""

_WHO = {
    f"GIT_{role}_{part}": text
    for role in ("AUTHOR", "COMMITTER")
    for part, text in (("NAME", "kim"), ("EMAIL", "kim@example.com"))
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a job: how it ended, and what each step has said."""

    name: str
    code: int
    output: str
    outputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    summary: str = ""


class Workshop:
    """A folder with programs that jobs find, a bare repository, and an author's clone of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bare = folder / "origin.git"
        self.author = folder / "author"
        self._programs = folder / "bin"
        self._jobs = 0
        self._install_programs()
        self.git("init", "-q", "--bare", "-b", "main", str(self.bare), cwd=folder)
        self.git("clone", "-q", str(self.bare), str(self.author), cwd=folder)

    @property
    def origin(self) -> str:
        """The repository's URL: not a path, so that clones may be shallow."""
        return self.bare.as_uri()

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """The author's git."""
        done = subprocess.run(
            ["git", *words],
            cwd=cwd or self.author,
            env=self._environment(_WHO),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, branch: str, message: str, **edits: tuple[str, str]) -> str:
        """Commits edits (file: what, by what) on a new branch from main, and pushes it; the commit."""
        self.git("fetch", "-q", "origin")
        base = "origin/main" if self.git("branch", "-r") else "HEAD"
        self.git("checkout", "-q", "-B", branch, base)
        for name, (before, after) in edits.items():
            path = self.author / name
            text = path.read_text(encoding="utf-8")
            assert before in text
            path.write_text(text.replace(before, after), encoding="utf-8")
        return self.push(branch, message)

    def push(self, branch: str, message: str) -> str:
        """Commits all that there is, and pushes it."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        self.git("push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str, message: str) -> str:
        """Merges a branch into main, as the platform does; the merge commit."""
        self.git("fetch", "-q", "origin")
        self.git("checkout", "-q", "-B", "main", "origin/main")
        self.git("merge", "-q", "--no-ff", "-m", message, f"origin/{branch}")
        self.git("push", "-q", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def refs(self) -> dict[str, str]:
        """The branches of the repository, and their commits."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)", cwd=self.bare).splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def checkout(self, commit: str, *, depth: int) -> Path:
        """A fresh clone for a job, with a detached head; a depth of 0 is all."""
        self._jobs += 1
        clone = self.folder / f"job-{self._jobs}"
        self.git("init", "-q", str(clone), cwd=self.folder)
        self.git("remote", "add", "origin", self.origin, cwd=clone)
        how = [f"--depth={depth}"] if depth else []
        self.git("fetch", "-q", "--no-tags", *how, "origin", commit, cwd=clone)
        self.git("checkout", "-q", "--detach", "FETCH_HEAD", cwd=clone)
        return clone

    def bash(
        self, script: str, *, cwd: Path, env: Mapping[str, str], options: Sequence[str] = ("-e",)
    ) -> Ran:
        """Runs a script in a job's clone."""
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", *options, "-c", script],
            cwd=cwd,
            env=self._environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        return Ran("", done.returncode, done.stdout)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        path = f"{self._programs}:{os.defpath}"
        home = str(self._programs)  # holds no settings of anybody
        return {"PATH": path, "HOME": home, "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", **more}

    def _install_programs(self) -> None:
        self._programs.mkdir(parents=True)
        python, root = shlex.quote(sys.executable), shlex.quote(str(ROOT))
        command = f'PYTHONPATH={root} exec {python} -m reconciler "$@"'
        for name, line in {"reconciler": command, "python": f'exec {python} "$@"'}.items():
            program = self._programs / name
            program.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
            program.chmod(0o755)
