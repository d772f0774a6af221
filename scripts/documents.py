"""Renews the generated parts of the documents: `python -m scripts.documents`.

A generated part stands between two comments, `<!-- generated: NAME -->` and `<!-- end: NAME -->`. It is
written anew only when more than ids and times has changed, so that running this twice changes nothing.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scripts.examples import EXAMPLES, apply_project, normalised, show_example
from scripts.kinds_reference import kinds_table, reference

ROOT = Path(__file__).parents[1]
PART = re.compile(
    r"<!-- generated: (?P<name>[\w-]+) -->\n\n(?P<text>.*?)\n<!-- end: (?P=name) -->", re.DOTALL
)
TABLES: Mapping[str, Callable[[], str]] = {"kinds-table": kinds_table, "kinds-reference": reference}


class Workshop:
    """Makes generated parts.

    Args:
        folder: an empty one; the examples run in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs = 0

    def make(self, name: str) -> str:
        """The part of that name, as it should be now.

        Raises:
            LookupError: there is none.
        """
        if name in TABLES:
            return TABLES[name]()
        if name not in EXAMPLES:
            raise LookupError(f"no generated part is called {name}")
        self._runs += 1
        return show_example(name, self._applied(), self._folder / f"{name}-{self._runs}")

    def _applied(self) -> Path:
        applied = self._folder / "applied"
        if not applied.exists():
            apply_project(applied)
        return applied


def documents() -> tuple[Path, ...]:
    """The documents that have generated parts."""
    found = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    return tuple(path for path in found if PART.search(path.read_text(encoding="utf-8")))


def parts_of(text: str) -> dict[str, str]:
    """The generated parts of a document, by name."""
    return {found["name"]: found["text"] for found in PART.finditer(text)}


def renewed(text: str, make: Callable[[str], str]) -> str:
    """A document with its generated parts made anew, but for those that only ids and times would change."""

    def renew(found: re.Match[str]) -> str:
        made = make(found["name"])
        if normalised(made) == normalised(found["text"]):
            return found.group()
        return f"<!-- generated: {found['name']} -->\n\n{made}\n<!-- end: {found['name']} -->"

    return PART.sub(renew, text)


@contextmanager
def workshop() -> Iterator[Workshop]:
    """A workshop in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield Workshop(Path(folder))


def main() -> None:
    """Renews every document."""
    with workshop() as bench:
        for path in documents():
            before = path.read_text(encoding="utf-8")
            after = renewed(before, bench.make)
            path.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{'renewed' if after != before else 'current'}  {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
