"""`export`: manifests of what an org has, read-only; needs no state (design.md, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from reconciler.commands.org import visit
from reconciler.commands.plan import USER_AGENT
from reconciler.commands.project import Project
from reconciler.errors import UsageError
from reconciler.gathering import gather
from reconciler.kinds import KINDS
from reconciler.manifests import manifest_document, to_yaml
from reconciler.model.ports import Observer
from reconciler.model.remote import Facts
from reconciler.model.values import JsonObject
from reconciler.planning.exporting import Exported, export_manifests, export_reads
from reconciler.remote import open_client


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One manifest, and where it belongs below the folder of the manifests."""

    path: Path
    document: JsonObject

    @property
    def text(self) -> str:
        """The file's text."""
        return to_yaml(self.document)


@dataclass(frozen=True, slots=True)
class OrgContent:
    """Everything that an org has of some kinds, with names in place of ids; `requests` were made for it."""

    manifests: tuple[Exported, ...]
    requests: int


async def export(project: Project, kinds: Sequence[str], observer: Observer) -> tuple[ExportedFile, ...]:
    """Reads all objects of these kinds, or of all kinds, and says the manifests that would declare them.

    Raises:
        UsageError: there is no such kind.
        RemoteError: the org cannot be read.
    """
    found = await read_org(project, kinds, observer)
    return tuple(_file(one) for one in found.manifests)


async def read_org(project: Project, kinds: Sequence[str], observer: Observer) -> OrgContent:
    """Reads all objects of these kinds, or of all kinds.

    Raises:
        UsageError: there is no such kind.
        RemoteError: the org cannot be read.
    """
    chosen = {name: KINDS[name] for name in _known(kinds)}
    with visit(project) as place:
        async with open_client(
            place.target,
            settings=project.settings.http,
            clock=project.clock,
            observer=observer,
            user_agent=USER_AGENT,
        ) as client:
            facts = await gather(client, lambda known: export_reads(chosen, known), Facts(), observer)
            return OrgContent(export_manifests(chosen, facts), client.requests_made)


def write_files(files: Sequence[ExportedFile], folder: Path) -> None:
    """Writes manifests into a folder; never over a file that is there.

    Raises:
        UsageError: a file is there already, or cannot be written; in the first case nothing was written.
    """
    taken = [found.path.as_posix() for found in files if (folder / found.path).exists()]
    if taken:
        more = f" and {len(taken) - 3} more" if len(taken) > 3 else ""  # enough to see which
        raise UsageError(
            f"--out {folder}: {', '.join(taken[:3])}{more} would be overwritten",
            hint="export into another folder, and compare",
        )
    try:
        for found in files:
            path = folder / found.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(found.text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {folder}: {error.strerror}") from error


def _known(kinds: Sequence[str]) -> Sequence[str]:
    by_name = {name.lower(): name for name in KINDS}
    for kind in kinds:
        if kind.lower() not in by_name:
            near = get_close_matches(kind, KINDS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KINDS)}"
            raise UsageError(f"there is no kind {kind}", hint=hint)
    return [by_name[kind.lower()] for kind in kinds] or list(KINDS)


def _file(one: Exported) -> ExportedFile:
    path = Path(one.address.kind.lower()) / f"{one.address.name}.yaml"
    return ExportedFile(path, manifest_document(one.address, one.spec))
