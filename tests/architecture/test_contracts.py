"""Which module may import which: the contracts of `pyproject.toml`, and the rules that they cannot say."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import PACKAGE, ROOT, modules, relative, syntax

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
    "uvicorn",
)


def test_every_contract_of_the_floors_and_owners_is_kept() -> None:
    checked = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_event_loop_is_started_in_the_command_line_only() -> None:
    starters = [relative(path) for path in modules(PACKAGE) if _starts_a_loop(syntax(path))]

    assert [name for name in starters if not _may_start_a_loop(name)] == []


def test_starting_the_command_line_loads_no_heavy_library() -> None:
    program = f"import sys, reconciler.cli.main; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout

    assert loaded.split() == []


def _may_start_a_loop(name: str) -> bool:
    """Tell whether a file may: the sandbox runs its server in a thread that has a loop of its own."""
    return name.startswith(("reconciler/cli/", "reconciler/sandbox/"))


def _starts_a_loop(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in {"run", "run_until_complete", "Runner"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"asyncio", "loop"}
        for node in ast.walk(tree)
    )
