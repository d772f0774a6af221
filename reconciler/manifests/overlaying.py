"""Overlays: what one org's resources have otherwise than the manifests say (`overlays/<org>/**`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from reconciler.kinds.base import Kind
from reconciler.kinds.fields import SpecModel
from reconciler.manifests.documents import Document
from reconciler.manifests.files import find_files, read_text
from reconciler.manifests.layering import lay_over
from reconciler.manifests.suggestions import Suggestions
from reconciler.manifests.validation import Part, validate
from reconciler.manifests.yaml_documents import read_documents
from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic
from reconciler.settings import ManifestSettings

FOLDER = "overlays"
"""Where they are, beside the configuration; each org's in a folder of its name."""


class OverlayMetadata(SpecModel):
    """Which resource an overlay is for, and what of its metadata differs."""

    name: str
    labels: dict[str, str | None] = Field(default_factory=dict)


class OverlayModel(SpecModel):
    """An overlay: a manifest of which only what differs is said."""

    api_version: Literal["reconciler/v1"]
    kind: str
    metadata: OverlayMetadata
    lifecycle: dict[str, object] | None = None
    depends_on: list[str] | None = None
    spec: dict[str, object] = Field(default_factory=dict)


@dataclass(slots=True)
class Overlays:
    """The overlays of one org, by address, in the order of their files.

    Args:
        diagnostics: what is wrong with the documents themselves.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    _by_address: dict[Address, list[Document]] = field(default_factory=dict)

    def layers(self, address: Address | None) -> Iterator[Document]:
        """The overlays of a resource, the one that counts most last."""
        yield from self._by_address.get(address, ()) if address else ()

    def over(self, document: Document, address: Address | None, kind: Kind[Any] | None) -> Document:
        """The document with its overlays laid over it."""
        for layer in self.layers(address) if kind else ():
            document = lay_over(document, layer, kind.field_rules) if kind else document
        return document

    def unknown(self, declared: Iterable[Address]) -> Iterator[Diagnostic]:
        """Overlays of what no manifest declares: a slip that would change nothing, unseen."""
        known = {str(address) for address in declared}
        suggestions = Suggestions(known)
        for address, documents in self._by_address.items():
            for document in documents if str(address) not in known else ():
                yield document.diagnostic(
                    "overlay.unknown-address",
                    f"no manifest declares {address}",
                    path="/metadata/name",
                    hint=suggestions.hint(str(address)),
                    address=str(address),
                )

    def take(self, document: Document) -> None:
        """Takes in one document."""
        validated = validate(OverlayModel, document.value, Part(document))
        self.diagnostics += (*document.diagnostics, *validated.diagnostics)
        if validated.model is not None:
            address = Address(validated.model.kind, validated.model.metadata.name)
            self._by_address.setdefault(address, []).append(document)


def read_overlays(root: Path, org: str, settings: ManifestSettings) -> Overlays:
    """Reads the overlays of an org; none where there is no folder of its name."""
    overlays = Overlays()
    folder = root / FOLDER / org
    if not org or not folder.is_dir():
        return overlays
    files, problems = find_files(folder, root=root)
    overlays.diagnostics += (found for found in problems if found.code != "manifest.none")
    for name, path in files:
        text = read_text(path, name=name, settings=settings)
        if isinstance(text, Diagnostic):
            overlays.diagnostics.append(text)
            continue
        content = read_documents(text, file=name, settings=settings, takes_null=True)
        overlays.diagnostics += content.diagnostics
        for document in content.documents:
            overlays.take(document)
    return overlays


def address_in(value: object) -> Address | None:
    """What a document declares, as far as it says it."""
    metadata = value.get("metadata") if isinstance(value, Mapping) else None
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    kind = value.get("kind") if isinstance(value, Mapping) else None
    return Address(kind, name) if isinstance(kind, str) and isinstance(name, str) else None
