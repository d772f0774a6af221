"""What each command loads: a library that a command does not use costs it nothing (docs/performance.md)."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.estates import Member, estate, fill_org, write_manifests
from benchmarks.projects import CONFIGURATION
from benchmarks.seeding import project_in, seed_state
from reconciler.sandbox import SandboxOptions, running_sandbox
from tests.architecture.sources import ROOT

HEAVY = (
    "deepdiff",
    "httpx",
    "jinja2",
    "jsonschema",
    "networkx",
    "pydantic",
    "rich",
    "sqlalchemy",
    "starlette",
    "tenacity",
    "typer",
    "uvicorn",
    "yaml",
)
PROGRAM = f"""
import sys
from reconciler.cli.main import main
code = main(sys.argv[1:])
print(code, *[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
CLIENT = {"GENESYS_CLIENT_ID": "sandbox-client", "GENESYS_CLIENT_SECRET": "sandbox-secret"}
READS_MANIFESTS = {"pydantic", "typer", "yaml"}
SPEAKS_TO_AN_ORG = {"httpx", "sqlalchemy", "tenacity"}


@pytest.mark.parametrize("given", [["version"], ["--version"]])
def test_version_loads_nothing(given: Sequence[str], tmp_path: Path) -> None:
    assert loaded_by(given, tmp_path) == set()


def test_validating_loads_what_reads_manifests(tmp_path: Path) -> None:
    make_project(tmp_path, "https://127.0.0.1", of_kind("Widget"))

    assert loaded_by(["validate", "--format", "json"], tmp_path) == READS_MANIFESTS


def test_schemas_pay_for_what_judges_them_and_references_for_the_graph(tmp_path: Path) -> None:
    make_project(tmp_path, "https://127.0.0.1", of_kind("Schema"))

    assert loaded_by(["validate", "--format", "json"], tmp_path) == READS_MANIFESTS | {
        "jsonschema",
        "networkx",
    }


def test_plan_without_a_change_loads_neither_diff_nor_graph_nor_server(tmp_path: Path) -> None:
    members = of_kind("Widget")
    with running_sandbox(SandboxOptions()) as org:
        make_project(tmp_path, org.base_url, members)
        fill_org(org, members)
        seed_state(project_in(tmp_path, CLIENT))

        loaded = loaded_by(["--quiet", "plan", "--format", "json"], tmp_path)

    # httpx loads rich by itself, for a command line of its own.
    assert loaded - {"rich"} == READS_MANIFESTS | SPEAKS_TO_AN_ORG


def of_kind(kind: str) -> list[Member]:
    return [member for member in estate(20) if member.kind == kind]


def make_project(folder: Path, url: str, members: Sequence[Member]) -> None:
    (folder / "reconciler.yaml").write_text(CONFIGURATION.format(url=url), encoding="utf-8")
    write_manifests(members, folder / "manifests")


def loaded_by(given: Sequence[str], folder: Path) -> set[str]:
    """Name the heavy libraries that a command has loaded when it is done."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *given],
        cwd=folder,
        env={**os.environ, **CLIENT, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    code, *names = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stdout + done.stderr
    return set(names)
