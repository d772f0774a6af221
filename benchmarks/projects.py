"""Projects on disk for the benchmark: configuration, manifests, and prior state made by a child process."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

CONFIGURATION = """\
apiVersion: reconciler/v1
kind: Config
defaultOrg: bench
orgs:
  bench: {{region: "{url}"}}
"""
_WRITE = """\
import sys
from pathlib import Path
from benchmarks.estates import edited, estate, write_manifests
folder, size, every = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
members = estate(size)
write_manifests(edited(members, every) if every else members, folder)
"""


def environment() -> Mapping[str, str]:
    """Return the environment of every child: ours, with the sandbox's client and none of its own options."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")}
    return {
        **ours,
        "GENESYS_CLIENT_ID": "sandbox-client",
        "GENESYS_CLIENT_SECRET": "sandbox-secret",
        "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *_paths(ours)]),
    }


def make_project(folder: Path, url: str, size: int) -> Path:
    """Make a project of a size whose org answers at a URL; it has no prior state."""
    folder.mkdir()
    (folder / "reconciler.yaml").write_text(CONFIGURATION.format(url=url), encoding="utf-8")
    _child("-c", _WRITE, str(folder / "manifests"), str(size), "0")
    return folder


def seed(project: Path) -> None:
    """Write prior state as if everything had been applied."""
    _child("-m", "benchmarks.seeding", str(project))


def edit(project: Path, size: int, every: int) -> None:
    """Edit each `every`th schema of a project."""
    _child("-c", _WRITE, str(project / "manifests"), str(size), str(every))


def _paths(environ: Mapping[str, str]) -> Iterable[str]:
    return [environ["PYTHONPATH"]] if environ.get("PYTHONPATH") else []


def _child(*arguments: str) -> None:
    """Run a Python child: what it loads must not weigh on this process, from which measured ones start."""
    subprocess.run([sys.executable, *arguments], check=True, env=environment(), stdout=subprocess.DEVNULL)
