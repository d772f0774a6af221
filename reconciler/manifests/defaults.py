"""`kind: Defaults`: what the manifests of a folder, and of those below it, need not say themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Literal

from pydantic import Field

from reconciler.kinds.base import Kind
from reconciler.kinds.fields import SpecModel
from reconciler.manifests.documents import Document
from reconciler.manifests.envelope import API_VERSION, LifecycleModel
from reconciler.manifests.layering import lay_over
from reconciler.manifests.suggestions import did_you_mean, listed
from reconciler.manifests.validation import Part, validate
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.values import JsonValue, escape

KIND = "Defaults"


class DefaultsMetadata(SpecModel):
    """What of `metadata` manifests may share."""

    labels: dict[str, str] = Field(default_factory=dict)


class DefaultsModel(SpecModel):
    """A whole document; `spec` is by kind, the rest is for all of them."""

    api_version: Literal["reconciler/v1"]
    kind: Literal["Defaults"]
    metadata: DefaultsMetadata = Field(default_factory=DefaultsMetadata)
    lifecycle: LifecycleModel = Field(default_factory=LifecycleModel)
    spec: dict[str, dict[str, object]] = Field(default_factory=dict)


@dataclass(slots=True)
class Defaults:
    """The defaults of a run, by folder.

    Args:
        kinds: those that there are.
    """

    kinds: Mapping[str, Kind[Any]]
    _by_folder: dict[PurePosixPath, Document] = field(default_factory=dict)

    def take(self, document: Document) -> tuple[Diagnostic, ...]:
        """Takes in a document of defaults; what is wrong with it, where it cannot."""
        problems = (*document.diagnostics, *self._problems(document))
        folder = PurePosixPath(document.file).parent
        known = self._by_folder.get(folder)
        if known is not None:
            message = f"the folder has defaults already, at {known.file}:{known.line}"
            problems += (document.diagnostic("manifest.duplicate-address", message, path="/kind"),)
        elif not problems:
            self._by_folder[folder] = document
        return problems

    def under(self, document: Document) -> Document:
        """A manifest with the defaults of its folders below it; the nearest folder's count most."""
        kind = self.kinds.get(_kind_of(document))
        if kind is None or not self._by_folder:
            return document
        layers = list(self.layers(document))
        if not layers:
            return document
        below = layers[0]
        for layer in layers[1:]:
            below = lay_over(below, layer, kind.field_rules)
        merged = lay_over(below, document, kind.field_rules, own=document)
        return _as_own(merged, document)

    def layers(self, document: Document) -> Iterator[Document]:
        """The defaults that are for a manifest, in its own form, the outermost folder's first."""
        name = _kind_of(document)
        for folder in reversed(PurePosixPath(document.file).parents):
            found = self._by_folder.get(folder)
            if found is not None:
                yield _for_kind(found, name)

    def _problems(self, document: Document) -> Iterable[Diagnostic]:
        validated = validate(DefaultsModel, document.value, Part(document))
        yield from validated.diagnostics
        for name in validated.model.spec if validated.model else ():
            if name not in self.kinds:
                yield document.key_diagnostic(
                    "manifest.unknown-kind",
                    f"there is no kind {name}",
                    path=f"/spec/{escape(name)}",
                    hint=did_you_mean(name, self.kinds, otherwise=f"known kinds: {listed(self.kinds)}"),
                )


def is_defaults(document: Document) -> bool:
    """Whether a document declares defaults."""
    return _kind_of(document) == KIND


def _kind_of(document: Document) -> str:
    kind = document.value.get("kind") if isinstance(document.value, Mapping) else None
    return kind if isinstance(kind, str) else ""


def _for_kind(document: Document, kind: str) -> Document:
    """The defaults in the form of a manifest of one kind."""
    value = document.value if isinstance(document.value, Mapping) else {}
    specs = value.get("spec")
    spec = specs.get(kind, {}) if isinstance(specs, Mapping) else {}
    shared: dict[str, JsonValue] = {name: value[name] for name in ("metadata", "lifecycle") if name in value}
    prefix = f"/spec/{escape(kind)}"
    return replace(
        document,
        value={"apiVersion": API_VERSION, "kind": kind, **shared, "spec": spec},
        marks=_moved(document.marks, prefix),
        keys=_moved(document.keys, prefix),
    )


def _moved(places: Mapping[str, tuple[int, int]], prefix: str) -> dict[str, tuple[int, int]]:
    """The places of a kind's defaults as those of a manifest's spec."""
    shared = {path: place for path, place in places.items() if not path.startswith("/spec")}
    inside = {
        f"/spec{path.removeprefix(prefix)}": place
        for path, place in places.items()
        if path == prefix or path.startswith(f"{prefix}/")
    }
    return {**shared, **inside}


def _as_own(merged: Document, document: Document) -> Document:
    """The merged document as the manifest's: its own file and start."""
    files = {pointer: merged.file_of(pointer) for pointer in merged.marks}
    return replace(
        merged,
        file=document.file,
        marks={**merged.marks, "": document.marks[""]},
        files={pointer: file for pointer, file in files.items() if file != document.file and pointer},
    )
