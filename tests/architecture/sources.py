"""What the architecture tests look at: the repository's files, and the package's functions as syntax."""

import ast
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "reconciler"

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the package, measured as style counts it: without decorators and docstring."""

    where: str
    name: str
    lines: int
    parameters: int


@cache
def repository_files() -> tuple[Path, ...]:
    """List every file that is in git or would be added to it, so that a file is checked before its commit.

    An unpacked archive has no git to ask: there it is every file outside environments, caches and state.
    """
    names = _names_in_git() if (ROOT / ".git").exists() else _names_on_disk()
    return tuple(path for path in (ROOT / name for name in sorted(names)) if path.is_file())


def modules(folder: Path) -> tuple[Path, ...]:
    """List the Python files under a folder of the repository, in order."""
    return tuple(path for path in repository_files() if path.suffix == ".py" and folder in path.parents)


def relative(path: Path) -> str:
    """Name a file as a reader of the repository would."""
    return path.relative_to(ROOT).as_posix()


@cache
def syntax(path: Path) -> ast.Module:
    """Parse a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(folder: Path) -> Iterator[Function]:
    """Measure every function and method under a folder, nested ones too."""
    for path in modules(folder):
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield _measured(node, path)


def _names_in_git() -> set[str]:
    listed = subprocess.run(
        # The owner of a checkout may be somebody else than who tests it, in a container for one.
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return set(filter(None, listed.split("\0")))


def _names_on_disk() -> set[str]:
    found: set[str] = set()
    for folder, below, files in os.walk(ROOT):
        below[:] = [name for name in below if name == ".ci" or not name.startswith((".", "__"))]
        inside = Path(folder).relative_to(ROOT)
        if "state" not in inside.parts:
            found.update((inside / name).as_posix() for name in files)
    return found


def _measured(node: _FunctionNode, path: Path) -> Function:
    return Function(
        where=f"{relative(path)}:{node.lineno}",
        name=node.name,
        lines=(node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node),
        parameters=len(_named_parameters(node)),
    )


def _docstring_lines(node: _FunctionNode) -> int:
    if ast.get_docstring(node, clean=False) is None:
        return 0
    first = node.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1


def _named_parameters(node: _FunctionNode) -> tuple[str, ...]:
    taken = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return tuple(argument.arg for argument in taken if argument.arg not in {"self", "cls"})
