"""The envelope of a manifest: everything but `spec` (design.md, section 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconciler.kinds.base import Kind
from reconciler.kinds.fields import SpecModel
from reconciler.manifests.documents import Document
from reconciler.manifests.suggestions import did_you_mean, listed
from reconciler.manifests.validation import Part, validate
from reconciler.model.address import NAME, Address, parse_address
from reconciler.model.diagnostics import Diagnostic, Mark
from reconciler.model.resource import IgnoredChange, Lifecycle
from reconciler.model.values import Tree, TreeObject

API_VERSION = "reconciler/v1"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INVALID = "manifest.invalid-value"


def _name(value: object) -> object:
    if isinstance(value, str) and not NAME.fullmatch(value):
        raise PydanticCustomError(
            _INVALID,
            "{value} is no name: at most 100 of a-z, 0-9, '-', '_' and '.', starting with a letter or digit",
            {"value": value[:120]},
        )
    return value


def _day(value: object) -> object:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError(_INVALID, "until must be a day, as in 2027-01-31")


def _pointer(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"(/([^~/]|~[01])+)+", value):
        raise PydanticCustomError(
            _INVALID, "{value} is no path inside spec: write it as in /description", {"value": value[:120]}
        )
    return value


def _address(value: object) -> object:
    if isinstance(value, str):
        try:
            parse_address(value)
        except ValueError as error:
            raise PydanticCustomError(_INVALID, "{problem}", {"problem": str(error)}) from None
    return value


def _whole(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_day)]
"""A day, as text."""

_Name = Annotated[
    str,
    BeforeValidator(_name),
    WithJsonSchema({"type": "string", "pattern": rf"^{NAME.pattern}$|\$\{{(var|each)\.", "maxLength": 200}),
]
_FOR_EACH = {
    "anyOf": [
        {"type": "string", "pattern": r"^\$\{var\."},
        {"type": "object"},
        {"type": "array", "items": {"type": "string"}},
    ]
}
_IGNORED_PATH = {"type": "string", "pattern": "^/.+"}
_IGNORED = {
    "anyOf": [
        _IGNORED_PATH,
        {
            "type": "object",
            "properties": {
                "path": _IGNORED_PATH,
                "until": {"type": "string", "format": "date"},
                "reason": {"type": "string"},
            },
            "required": ["path"],
            "additionalProperties": False,
        },
    ]
}


class IgnoredModel(SpecModel):
    """One entry of `ignoreChanges`."""

    path: Annotated[str, BeforeValidator(_pointer)]
    until: Day | None = None
    reason: str | None = None


_Ignored = Annotated[IgnoredModel, BeforeValidator(_whole), WithJsonSchema(_IGNORED)]


class LifecycleModel(SpecModel):
    """`lifecycle`."""

    adopt: bool = False
    prevent_destroy: bool = False
    on_remove: Literal["delete", "forget"] = "delete"
    ignore_changes: list[_Ignored] = Field(default_factory=list)


class MetadataModel(SpecModel):
    """`metadata`."""

    name: _Name
    labels: dict[str, str] = Field(default_factory=dict)
    formerly: list[_Name] = Field(default_factory=list)
    for_each: Annotated[object, WithJsonSchema(_FOR_EACH)] = None


class Envelope(SpecModel):
    """A manifest without its spec."""

    api_version: Literal["reconciler/v1"]
    kind: str
    metadata: MetadataModel
    lifecycle: LifecycleModel = Field(default_factory=LifecycleModel)
    depends_on: list[Annotated[str, BeforeValidator(_address)]] = Field(default_factory=list)
    spec: dict[str, object]


@dataclass(frozen=True, slots=True)
class Declaration:
    """One manifest whose envelope is in order; the spec has not been looked at."""

    document: Document
    address: Address
    lifecycle: Lifecycle
    labels: Mapping[str, str]
    formerly: tuple[str, ...]
    depends_on: tuple[Address, ...]
    spec: TreeObject

    @property
    def source(self) -> Mark:
        """Where the manifest starts."""
        return Mark(self.document.file, self.document.line)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a document turned out to be.

    Args:
        declaration: None when the envelope is wrong.
        address: what it declares, as far as that can be told: others may still refer to it.
    """

    declaration: Declaration | None
    address: Address | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def open_envelope(document: Document, value: Tree, kinds: Mapping[str, Kind[Any]]) -> Opened:
    """Checks the envelope of a document whose variables are filled in."""
    if not isinstance(value, Mapping):
        problem = document.diagnostic(
            _INVALID, "a manifest must be a mapping with apiVersion, kind, metadata and spec"
        )
        return Opened(None, diagnostics=(problem,))
    address = _address_in(value)
    shown = str(address) if address else None
    validated = validate(Envelope, value, Part(document, "", shown))
    problems = (*_kind_problems(document, value, kinds, shown), *validated.diagnostics)
    if problems or validated.model is None or address is None:
        return Opened(None, address, problems)
    return _declare(document, address, validated.model, value, kinds[address.kind])


def _declare(
    document: Document, address: Address, envelope: Envelope, value: TreeObject, kind: Kind[Any]
) -> Opened:
    spec = value["spec"]
    declaration = Declaration(
        document,
        address,
        _lifecycle(envelope.lifecycle),
        envelope.metadata.labels,
        tuple(envelope.metadata.formerly),
        tuple(parse_address(text) for text in envelope.depends_on),
        spec if isinstance(spec, Mapping) else {},
    )
    return Opened(declaration, address, _lifecycle_problems(declaration, kind))


def _address_in(value: TreeObject) -> Address | None:
    metadata = value.get("metadata")
    kind = value.get("kind")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return Address(kind, name) if isinstance(kind, str) and isinstance(name, str) else None


def _kind_problems(
    document: Document, value: TreeObject, kinds: Mapping[str, Kind[Any]], address: str | None
) -> tuple[Diagnostic, ...]:
    kind = value.get("kind")
    if not isinstance(kind, str) or kind in kinds:
        return ()
    hint = did_you_mean(kind, kinds, otherwise=f"known kinds: {listed(kinds)}")
    if kind == "Config":
        hint = "the configuration is reconciler.yaml beside the manifests folder, not in it"
    message = f"there is no kind {kind}"
    return (document.diagnostic("manifest.unknown-kind", message, path="/kind", hint=hint, address=address),)


def _lifecycle(model: LifecycleModel) -> Lifecycle:
    ignored = tuple(IgnoredChange(found.path, found.until, found.reason) for found in model.ignore_changes)
    return Lifecycle(model.adopt, model.prevent_destroy, model.on_remove, ignored)


def _lifecycle_problems(declaration: Declaration, kind: Kind[Any]) -> tuple[Diagnostic, ...]:
    """An ignored path that names no field of the kind would silently ignore nothing."""
    members = kind.field_rules.members
    found: list[Diagnostic] = []
    for index, ignored in enumerate(declaration.lifecycle.ignore_changes):
        name = ignored.path.split("/")[1]
        if name not in members:
            found.append(
                declaration.document.diagnostic(
                    _INVALID,
                    f"{ignored.path} names no field of a {declaration.address.kind}",
                    path=f"/lifecycle/ignoreChanges/{index}",
                    hint=did_you_mean(name, members, otherwise=f"known: {listed(members)}"),
                    address=str(declaration.address),
                )
            )
    return tuple(found)
