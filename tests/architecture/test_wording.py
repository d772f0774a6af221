"""What no file of the repository says: it must read the same on every machine and in every year."""

import re

import pytest

from tests.architecture.sources import relative, repository_files

UNWANTED = {
    "the number of a ticket": r"\b(?:issues?|tickets?|pull requests?|PRs?) #?\d+\b",
    "a path of one machine": r"(?<![\w.:/$}-])/(?:home|opt|root|tmp|Users|work)/\w",
    "a path out of the repository": r"\.\./shared\b",
    "the host of a package registry": r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.\w+)\b",
    "both sides of a merge": r"^(?:<{7}|>{7}) ",
}


@pytest.mark.parametrize("pattern", UNWANTED.values(), ids=UNWANTED.keys())
def test_no_file_says(pattern: str) -> None:
    unwanted = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    found = [
        f"{relative(path)}: {match.group()}"
        for path in repository_files()
        for match in unwanted.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]

    assert found == []
