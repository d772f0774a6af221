"""From a folder to resources: each stage once, all problems together (design.md, section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.manifests.defaults import Defaults, is_defaults
from reconciler.manifests.digests import digest_resources
from reconciler.manifests.documents import Document
from reconciler.manifests.envelope import Declaration, open_envelope
from reconciler.manifests.expansion import expand, has_for_each
from reconciler.manifests.files import find_files, no_manifests, read_text, shown_name
from reconciler.manifests.identities import without_duplicates
from reconciler.manifests.linking import Draft, Drafts, link
from reconciler.manifests.overlaying import Overlays, address_in, read_overlays
from reconciler.manifests.references import read_spec, written_dependencies
from reconciler.manifests.variables import Allowance, Variables, fill_in
from reconciler.manifests.yaml_documents import read_documents, too_many_documents
from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic, InvalidManifests, errors_in, sort_diagnostics
from reconciler.model.resource import Resource
from reconciler.model.values import Tree, late_values
from reconciler.settings import ManifestSettings


class Role(StrEnum):
    """What a document is to a resource."""

    DEFAULTS = "defaults"
    MANIFEST = "manifest"
    OVERLAY = "overlay"


@dataclass(frozen=True, slots=True)
class Layer:
    """A document that says something of a resource, before variables are filled in."""

    role: Role
    document: Document


@dataclass(frozen=True, slots=True)
class LoadedManifests:
    """What the manifests declare.

    Args:
        resources: sorted by address.
        diagnostics: warnings.
        digest: the same for the same content in any files, order and formatting.
        layers: the documents that a resource was put together from, the one that counts most last.
    """

    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]
    digest: str
    layers: Mapping[Address, tuple[Layer, ...]] = field(default_factory=dict)


def load_manifests(
    folder: Path,
    *,
    root: Path,
    kinds: Mapping[str, Kind[Any]],
    variables: Variables,
    settings: ManifestSettings,
    org: str = "",
    is_partial: bool = False,
) -> LoadedManifests:
    """Reads all manifests of a folder.

    Args:
        folder: a folder, or one file.
        root: what file names in messages are relative to; overlays lie below it.
        org: whose overlays are laid over the manifests; none without a name.
        is_partial: whether there are manifests elsewhere, which overlays may be for.

    Raises:
        InvalidManifests: with all problems of the run, warnings too.
    """
    loading = _Loading(kinds, variables, settings, read_overlays(root, org, settings))
    for name, path in loading.find(folder, root):
        loading.read(name, path)
    loading.open_all(is_partial=is_partial)
    if not loading.drafts.declarations and not errors_in(loading.diagnostics):
        loading.diagnostics.append(no_manifests(shown_name(folder, root)))
    resources = loading.link()
    found = sort_diagnostics(_told_once(loading.diagnostics))
    if errors_in(found):
        raise InvalidManifests(found)
    return LoadedManifests(resources, found, digest_resources(resources), loading.drafts.layers)


def _told_once(diagnostics: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
    """One text is told once, however many resources say it: those of defaults, or for each of a list."""
    ordered = sort_diagnostics(diagnostics)
    return {replace(found, address=None): found for found in reversed(ordered)}.values()


@dataclass(slots=True)
class _Found:
    """What the files hold, as far as it could be read."""

    declarations: list[Declaration] = field(default_factory=list)
    addresses: set[Address] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)
    documents: int = 0
    read: list[Document] = field(default_factory=list)
    layers: dict[Address, tuple[Layer, ...]] = field(default_factory=dict)


class _Loading:
    """One run over the files of a folder."""

    def __init__(
        self,
        kinds: Mapping[str, Kind[Any]],
        variables: Variables,
        settings: ManifestSettings,
        overlays: Overlays,
    ) -> None:
        self.diagnostics: list[Diagnostic] = list(overlays.diagnostics)
        self.drafts = _Found()
        self._kinds = kinds
        self._variables = variables
        self._settings = settings
        self._allowance = Allowance(settings)
        self._overlays = overlays
        self._defaults = Defaults(kinds)

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
            if is_defaults(document):
                self.diagnostics += self._defaults.take(document)
            else:
                self.drafts.read.append(document)

    def open_all(self, *, is_partial: bool) -> None:
        """Turns the documents into declarations: expanded, with defaults below and overlays above them."""
        for document in self.drafts.read:
            for copy in self._expanded(document):
                self._open(copy)
        if not is_partial:
            self.diagnostics += self._overlays.unknown(self.drafts.addresses)

    def _expanded(self, document: Document) -> Sequence[Document]:
        if not has_for_each(document):
            return (document,)
        left = max(0, self._settings.max_documents - self.drafts.documents)
        found = expand(document, self._fill_in, most=left)
        self.drafts.documents += len(found.documents)
        self.diagnostics += (*document.diagnostics, *found.problems) if found.problems else ()
        return found.documents

    def _fill_in(self, document: Document) -> tuple[Tree, tuple[Diagnostic, ...]]:
        return fill_in(document, self._variables, self._allowance)

    def _open(self, document: Document) -> None:
        address = address_in(document.value)
        whole = self._whole(document, address)
        value, problems = self._fill_in(whole)
        if problems:
            whole = replace(whole, diagnostics=(*whole.diagnostics, *errors_in(problems)))
        opened = open_envelope(whole, value, self._kinds)
        self.diagnostics += (*whole.diagnostics, *problems, *opened.diagnostics)
        if opened.address:
            self.drafts.addresses.add(opened.address)
            self.drafts.layers[opened.address] = self._layers(document, address)
        if opened.declaration:
            self.drafts.declarations.append(opened.declaration)

    def _whole(self, document: Document, address: Address | None) -> Document:
        """The document with defaults below it, and overlays above it."""
        kind = self._kinds.get(address.kind) if address else None
        return self._overlays.over(self._defaults.under(document), address, kind)

    def _layers(self, document: Document, address: Address | None) -> tuple[Layer, ...]:
        return (
            *(Layer(Role.DEFAULTS, found) for found in self._defaults.layers(document)),
            Layer(Role.MANIFEST, document),
            *(Layer(Role.OVERLAY, found) for found in self._overlays.layers(address)),
        )

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
            files=document.files,
        )
        lates = () if document.is_plain else tuple(late_values(spec, "/spec"))
        dependencies = written_dependencies(resource, lates, declaration.depends_on)
        known = replace(document, diagnostics=(*document.diagnostics, *problems)) if problems else document
        return Draft(replace(resource, dependencies=dependencies), known, lates)
