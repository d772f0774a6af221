"""`init`: the files of a repository that plans at once (design.md, section 4).

The files are in the folder `starter`. A line `#: WORDS` there (in Markdown `<!--: WORDS -->`) says that what
follows is only for one of these choices, up to the next such line; `#: end` ends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from reconciler import __version__
from reconciler.commands.schema import schema_of
from reconciler.errors import UsageError
from reconciler.reports import to_text

DISTRIBUTION = "contact-centre-reconciler"
"""What is installed: the command's own name is that of somebody else's distribution."""
SCHEMA = "reconciler.schema.json"
MOST_NAMED = 20

_CONDITION = re.compile(r"\s*(?:#|<!--): (?P<words>[a-z ]+?)(?: -->)?")


class Keeping(StrEnum):
    """How state survives a runner that forgets its disk."""

    PUSHED = "pushed"
    POSTGRES = "postgres"
    RUNNER = "runner"


class Forge(StrEnum):
    """Whose pipelines are written."""

    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True)
class Start:
    """What kind of repository is wanted."""

    keeping: Keeping = Keeping.PUSHED
    forges: tuple[Forge, ...] = tuple(Forge)


_ALWAYS: Mapping[str, str] = {
    ".gitignore": "gitignore",
    ".pre-commit-config.yaml": "pre-commit-config.yaml",
    "CODEOWNERS": "CODEOWNERS",
    "README.md": "README.md",
    "ci/apply.sh": "ci/apply.sh",
    "ci/reviews.py": "ci/reviews.py",
    "manifests/dashboards/support.yaml": "manifests/dashboards/support.yaml",
    "manifests/routing/support.yaml": "manifests/routing/support.yaml",
    "manifests/schemas/customer.yaml": "manifests/schemas/customer.yaml",
    "reconciler.yaml": "reconciler.yaml",
}
_OF_FORGE: Mapping[Forge, Mapping[str, str]] = {
    Forge.GITHUB: {
        f".github/workflows/reconciler-{name}.yml": f"github/workflows/reconciler-{name}.yml"
        for name in ("apply", "drift", "review")
    },
    Forge.GITLAB: {".gitlab-ci.yml": "gitlab-ci.yml"},
}
_OF_KEEPING: Mapping[Keeping, Mapping[str, str]] = {
    Keeping.PUSHED: {"ci/state-branch.sh": "ci/state-branch.sh"},
    Keeping.POSTGRES: {},
    Keeping.RUNNER: {},
}


def start_repository(folder: Path, start: Start) -> tuple[str, ...]:
    """Writes the files of a repository, all of them or none; makes the folder where there is none.

    Returns:
        Their names, as seen from the folder, in order.

    Raises:
        UsageError: a file is there already, or cannot be written.
    """
    texts = starter_files(start)
    _refuse_existing(folder, list(texts))
    _write_all(folder, texts)
    return tuple(texts)


def starter_files(start: Start) -> dict[str, str]:
    """The files by name, in order."""
    sources = dict(_ALWAYS) | dict(_OF_KEEPING[start.keeping])
    for forge in start.forges:
        sources |= _OF_FORGE[forge]
    chosen = {start.keeping.value, *(forge.value for forge in start.forges)}
    words = _words(start)
    texts = {name: _filled(_shaped(_source(source), chosen), words) for name, source in sources.items()}
    texts[SCHEMA] = to_text(schema_of(None))
    return dict(sorted(texts.items()))


def requirement(version: str, extra: str = "") -> str:
    """What to install: this version, or a later one that is compatible (Semantic Versioning).

    Args:
        extra: in brackets, or empty.
    """
    major, minor = (int(part) for part in version.split(".")[:2])
    below = f"{major + 1}" if major else f"0.{minor + 1}"
    return f"{DISTRIBUTION}{extra}>={version},<{below}"


def _words(start: Start) -> Mapping[str, str]:
    extra = "[postgres]" if start.keeping is Keeping.POSTGRES else ""
    return {
        "@NAME@": DISTRIBUTION,
        "@PLAIN_REQUIREMENT@": requirement(__version__),
        "@REQUIREMENT@": requirement(__version__, extra),
    }


def _source(name: str) -> str:
    return (files("reconciler.commands") / "starter" / name).read_text(encoding="utf-8")


def _shaped(text: str, chosen: AbstractSet[str]) -> Iterator[str]:
    """The lines that are for the chosen words, and those that are for all."""
    is_wanted = True
    for line in text.splitlines(keepends=True):
        if found := _CONDITION.fullmatch(line.rstrip("\n")):
            words = found["words"].split()
            is_wanted = words == ["end"] or not chosen.isdisjoint(words)
        elif is_wanted:
            yield line


def _filled(lines: Iterator[str], words: Mapping[str, str]) -> str:
    text = "".join(lines)
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _refuse_existing(folder: Path, names: Sequence[str]) -> None:
    there = [name for name in names if _is_taken(folder, name)]
    if not there:
        return
    more = f" and {len(there) - MOST_NAMED} more" if len(there) > MOST_NAMED else ""
    raise UsageError(
        f"{folder} has {', '.join(there[:MOST_NAMED])}{more} already; nothing was written",
        hint="no file is overwritten: name another folder, or move these away",
    )


def _is_taken(folder: Path, name: str) -> bool:
    """Whether something is where the file, or a folder on the way to it, would be; a dead link counts."""
    place = folder / name
    above = [found for found in (*place.parents,) if found.exists() or found.is_symlink()]
    return place.exists() or place.is_symlink() or not above[0].is_dir()


def _write_all(folder: Path, texts: Mapping[str, str]) -> None:
    written: list[Path] = []
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as stream:
                written.append(path)
                stream.write(text)
    except OSError as error:
        for path in written:
            with suppress(OSError):
                path.unlink()
        raise UsageError(f"{error.filename or folder}: {error.strerror}; nothing was written") from error
