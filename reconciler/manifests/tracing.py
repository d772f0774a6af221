"""Tracing: which document says a value of a resource, in which words, with which variables. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.manifests.documents import Document
from reconciler.manifests.loading import Layer, Role
from reconciler.model.diagnostics import Mark
from reconciler.model.resource import Resource
from reconciler.model.values import value_at

_PLACEHOLDER = re.compile(r"\$\$\{|\$\{(?P<inside>[^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a value is written.

    Args:
        text: as written; None where it is no text, or has no placeholder.
        placeholders: what its text names, such as `var.language`, each once.
    """

    role: Role
    mark: Mark
    text: str | None = None
    placeholders: tuple[str, ...] = ()


def trace(resource: Resource, pointer: str, layers: Sequence[Layer]) -> Trace:
    """Where the value at a JSON pointer from the document's root is written, or what is around it."""
    mark = resource.mark(pointer)
    for layer in reversed(layers):
        written = [path for path, place in layer.document.marks.items() if place == (mark.line, mark.column)]
        if layer.document.file == mark.file and written:
            text = _text_at(layer.document, max(written, key=len))
            return Trace(layer.role, mark, text, tuple(placeholders_in(text)) if text else ())
    return Trace(Role.MANIFEST, mark)


def placeholders_in(text: str) -> Iterator[str]:
    """What a text's placeholders name, in order, each once."""
    found = (match["inside"] for match in _PLACEHOLDER.finditer(text))
    yield from dict.fromkeys(inside for inside in found if inside)


def _text_at(document: Document, pointer: str) -> str | None:
    try:
        value = value_at(document.value, pointer)
    except KeyError:
        return None
    return value if isinstance(value, str) and "${" in value else None
