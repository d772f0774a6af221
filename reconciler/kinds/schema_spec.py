"""What a schema's manifest may say (platform-api.md, section 8; design.md, section 3).

The spec, its vocabulary, and the references that its fields make. Knows no org and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reconciler.kinds.fields import As, Combine, Immutable, SpecModel, Text
from reconciler.kinds.texts import NonEmpty
from reconciler.model.values import Tree, escape

SYSTEM_OBJECTS = frozenset({"user", "queue", "contact", "account", "conversation"})
"""What a reference may name besides schemas."""

FieldType = Literal[
    "string",
    "number",
    "boolean",
    "dateTime",
    "reference",
    "list",
    "object",
    "file",
    "email",
    "phone",
    "url",
    "longText",
]
Status = Literal["DRAFT", "PUBLISHED", "DEPRECATED"]
STATUSES: tuple[Status, ...] = ("DRAFT", "PUBLISHED", "DEPRECATED")
"""In the platform's order: no version goes back."""

Length = Annotated[int, Field(ge=0)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class ConstraintsSpec(SpecModel):
    """What a field's values must hold to; each constraint fits some field types only."""

    min_length: Length | None = None
    max_length: Length | None = None
    pattern: str | None = None
    min: Number | None = None
    max: Number | None = None
    enum: list[str | int | Number] | None = None
    referenced_type: NonEmpty | None = None
    items: dict[str, object] | list[object] | None = None


class FieldSpec(SpecModel):
    """One field of a schema."""

    name: Annotated[str, Field(min_length=1)]
    fieldtype: FieldType
    description: Text | None = None
    required: bool | None = None
    constraints: Annotated[ConstraintsSpec | None, As(Combine.WHOLE)] = None


class SchemaSpec(SpecModel):
    """A schema's newest version; `version` is computed, never written."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        "version": "leave it out: a change becomes the version after the org's newest one",
    }

    external_id: Annotated[str | None, Field(min_length=1, max_length=100), Immutable()] = None
    name: NonEmpty
    description: Text | None = None
    status: Status = "PUBLISHED"
    fields: Annotated[list[FieldSpec], As(Combine.KEYED, "name")]


def referenced_types(fields: Tree) -> Iterator[tuple[str, str]]:
    """Pointer (from the field list) and name of each `referencedType`, also inside `items`."""
    if isinstance(fields, list | tuple):
        for index, field in enumerate(fields):
            if isinstance(field, Mapping):
                yield from _referenced(field.get("constraints"), f"/{index}/constraints")


def _referenced(tree: Tree, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, list | tuple):
        for index, element in enumerate(tree):
            yield from _referenced(element, f"{pointer}/{index}")
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            if key == "referencedType" and isinstance(value, str):
                yield f"{pointer}/{key}", value
            else:
                yield from _referenced(value, f"{pointer}/{escape(str(key))}")
