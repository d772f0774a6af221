"""The documents: their links lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import ROOT, relative, repository_files

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def test_links_between_documents_lead_to_files_and_headings() -> None:
    broken = [
        f"{relative(document)}: {link}" for document in _documents() for link in _broken_links(document)
    ]

    assert broken == []


def test_each_decision_has_its_own_number() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def _documents() -> Iterator[Path]:
    return (path for path in repository_files() if path.suffix == ".md")


def _broken_links(document: Path) -> Iterator[str]:
    text = CODE_BLOCK.sub("", document.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        name, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = document.parent / name if name else document
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            yield link


def _anchors(document: Path) -> set[str]:
    """Form the anchors of headings as forges do: lower case, no punctuation, spaces as dashes."""
    headings = HEADING.findall(CODE_BLOCK.sub("", document.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
