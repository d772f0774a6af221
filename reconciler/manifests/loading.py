"""From a folder to resources: each stage once, all problems together (design.md, section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.manifests.digests import digest_resources
from reconciler.manifests.documents import Document
from reconciler.manifests.envelope import Declaration, open_envelope
from reconciler.manifests.files import find_files, no_manifests, read_text, shown_name
from reconciler.manifests.identities import without_duplicates
from reconciler.manifests.linking import Draft, Drafts, link
from reconciler.manifests.references import read_spec, written_dependencies
from reconciler.manifests.variables import Allowance, Variables, fill_in
from reconciler.manifests.yaml_documents import read_documents, too_many_documents
from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic, InvalidManifests, errors_in, sort_diagnostics
from reconciler.model.resource import Resource
from reconciler.model.values import JsonValue, late_values
from reconciler.settings import ManifestSettings


@dataclass(frozen=True, slots=True)
class LoadedManifests:
    """What the manifests declare.

    Args:
        resources: sorted by address.
        diagnostics: warnings.
        digest: the same for the same content in any files, order and formatting.
    """

    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]
    digest: str


def load_manifests(
    folder: Path,
    *,
    root: Path,
    kinds: Mapping[str, Kind[Any]],
    variables: Mapping[str, JsonValue],
    environment: Sequence[str],
    environ: Mapping[str, str],
    settings: ManifestSettings,
    credentials: Sequence[str] = (),
) -> LoadedManifests:
    """Reads all manifests of a folder.

    Args:
        folder: a folder, or one file.
        root: what file names in messages are relative to.
        variables: variable -> value, all sources merged.
        environment: the only names that `${env.X}` may read.
        environ: the environment; only asked whether a name is set.
        credentials: environment names of the tool's own credentials (`credential_names`).

    Raises:
        InvalidManifests: with all problems of the run, warnings too.
    """
    known = Variables(variables, environment, environ, credentials)
    loading = _Loading(kinds, known, settings)
    for name, path in loading.find(folder, root):
        loading.read(name, path)
    if not loading.drafts.declarations and not errors_in(loading.diagnostics):
        loading.diagnostics.append(no_manifests(shown_name(folder, root)))
    resources = loading.link()
    found = sort_diagnostics(loading.diagnostics)
    if errors_in(found):
        raise InvalidManifests(found)
    return LoadedManifests(resources, found, digest_resources(resources))


@dataclass(slots=True)
class _Found:
    """What the files hold, as far as it could be read."""

    declarations: list[Declaration] = field(default_factory=list)
    addresses: set[Address] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)
    documents: int = 0


class _Loading:
    """One run over the files of a folder."""

    def __init__(
        self, kinds: Mapping[str, Kind[Any]], variables: Variables, settings: ManifestSettings
    ) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.drafts = _Found()
        self._kinds = kinds
        self._variables = variables
        self._settings = settings
        self._allowance = Allowance(settings)

    def find(self, folder: Path, root: Path) -> Iterable[tuple[str, Path]]:
        files, diagnostics = find_files(folder, root=root)
        self.diagnostics += diagnostics
        return files

    def read(self, name: str, path: Path) -> None:
        """Takes in one file; none any more once there are too many documents."""
        if self.drafts.documents > self._settings.max_documents:
            return
        text = read_text(path, name=name, settings=self._settings)
        if isinstance(text, Diagnostic):
            self.diagnostics.append(text)
            return
        content = read_documents(text, file=name, settings=self._settings)
        self.diagnostics += content.diagnostics
        self.drafts.unread += [content.unread] if content.unread else []
        self.drafts.documents += len(content.documents)
        if self.drafts.documents > self._settings.max_documents and not content.diagnostics:
            self.diagnostics.append(too_many_documents(name, self._settings))
        for document in content.documents:
            self._open(document)

    def _open(self, document: Document) -> None:
        value, problems = fill_in(document, self._variables, self._allowance)
        if problems:
            document = replace(document, diagnostics=(*document.diagnostics, *errors_in(problems)))
        opened = open_envelope(document, value, self._kinds)
        self.diagnostics += (*document.diagnostics, *problems, *opened.diagnostics)
        if opened.address:
            self.drafts.addresses.add(opened.address)
        if opened.declaration:
            self.drafts.declarations.append(opened.declaration)

    def link(self) -> tuple[Resource, ...]:
        """Puts the declarations together."""
        declarations, duplicates = without_duplicates(self.drafts.declarations)
        self.diagnostics += duplicates
        drafts = Drafts(
            tuple(self._draft(declaration) for declaration in declarations),
            addresses=frozenset(self.drafts.addresses),
            unread="\n".join(self.drafts.unread),
        )
        resources, problems = link(drafts, self._kinds, max_nodes=self._settings.max_nodes)
        self.diagnostics += problems
        return resources

    def _draft(self, declaration: Declaration) -> Draft:
        spec, problems = read_spec(declaration, self._kinds)
        self.diagnostics += problems
        document = declaration.document
        resource = Resource(
            declaration.address,
            spec,
            declaration.source,
            declaration.lifecycle,
            declaration.labels,
            declaration.formerly,
            marks=document.marks,
        )
        lates = () if document.is_plain else tuple(late_values(spec, "/spec"))
        dependencies = written_dependencies(resource, lates, declaration.depends_on)
        known = replace(document, diagnostics=(*document.diagnostics, *problems)) if problems else document
        return Draft(replace(resource, dependencies=dependencies), known, lates)
