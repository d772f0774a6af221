"""Markers on spec fields, and the rules that comparing documents takes from them.

A kind's spec is a pydantic model; a marker in a field's `Annotated` says what the platform does with that
field. `field_rules` turns a model into a tree of `FieldRules`, which is all that planning sees of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidatorFunctionWrapHandler, WrapValidator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from reconciler.model.values import LATE, Tree, TreeObject, escape


class Combine(StrEnum):
    """How two values of one field are compared and overlaid (design.md, section 3)."""

    MERGE = "merge"
    """An object, member by member."""
    WHOLE = "whole"
    """One value: what the manifest does not name is removed."""
    SET = "set"
    """A list whose order and repeats mean nothing."""
    KEYED = "keyed"
    """A list of objects, matched by a member; order means nothing."""
    ADDITIVE = "additive"
    """As keyed, but live elements that the manifest does not list stay as they are."""


@dataclass(frozen=True, slots=True)
class Immutable:
    """Marks a field that the platform cannot change: a change replaces the object."""


@dataclass(frozen=True, slots=True)
class Local:
    """Marks a field that is never sent: it shapes checks and waiting only."""


@dataclass(frozen=True, slots=True)
class WriteOnly:
    """Marks a field that the platform takes and never shows."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Marks a field that is part of the object's path, not of its body."""


@dataclass(frozen=True, slots=True)
class Names:
    """Marks a text that is the id of an object which the platform keeps elsewhere.

    Args:
        type: as in `$lookup`: Dashboard, Queue, User or Skill.
    """

    type: str


@dataclass(frozen=True, slots=True)
class Colour:
    """Marks a colour: case does not count, and `#RGB` equals `#RRGGBB`."""


@dataclass(frozen=True, slots=True)
class As:
    """Says how a list or object is combined; `key` names the member that tells elements apart."""

    combine: Combine
    key: str | None = None


@dataclass(frozen=True, slots=True)
class FieldRules:
    """What comparing and sending needs to know of one field.

    Args:
        names: the type of look-up whose id the field holds.
        members: rules of an object's declared members; others are merged key by key.
        element: rules of the elements of a keyed list.
    """

    combine: Combine = Combine.MERGE
    key: str | None = None
    immutable: bool = False
    local: bool = False
    write_only: bool = False
    scope: bool = False
    colour: bool = False
    names: str | None = None
    members: Mapping[str, FieldRules] = field(default_factory=dict)
    element: FieldRules | None = None

    def member(self, name: str) -> FieldRules:
        """The rules of a member; plain ones where none are declared."""
        return self.members.get(name, PLAIN)

    def keep_in_body(self, tree: Tree) -> Tree:
        """The document as the API takes it: without what is never sent or stands in the path."""
        if not isinstance(tree, Mapping):
            return tree
        return {name: self.member(name).keep_in_body(value) for name, value in self.sent(tree).items()}

    def sent(self, document: TreeObject) -> TreeObject:
        """The top-level members that request bodies hold."""
        return {name: value for name, value in document.items() if self.member(name).is_sent}

    def keep_declared(self, tree: Tree) -> Tree:
        """The document with the members that a manifest may say: others, and those without a value, go."""
        if isinstance(tree, list | tuple):
            rules = self.element or FieldRules(members=self.members)
            return [rules.keep_declared(element) for element in tree]
        if not isinstance(tree, Mapping):
            return tree
        return {
            name: self.member(name).keep_declared(value)
            for name, value in tree.items()
            if value is not None and (name in self.members or not self.members)
        }

    def ids_in(self, tree: Tree, pointer: str = "") -> Iterator[tuple[str, str]]:
        """Where the document holds an object's id, as a JSON pointer, and the look-up type of that object."""
        if self.names is not None and isinstance(tree, str):
            yield pointer, self.names
        elif isinstance(tree, Mapping):
            for name, value in tree.items():
                yield from self.member(name).ids_in(value, f"{pointer}/{escape(name)}")
        elif isinstance(tree, list | tuple):
            rules = self.element or FieldRules(members=self.members)
            for index, value in enumerate(tree):
                yield from rules.ids_in(value, f"{pointer}/{index}")

    @property
    def is_sent(self) -> bool:
        """Whether the field is a member of request bodies."""
        return not (self.local or self.scope)


PLAIN = FieldRules()


class SpecModel(BaseModel):
    """Base of every spec: camelCase as the API has it, unknown members refused, no silent conversion."""

    # Built when first used: no command uses every model.
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=to_camel, defer_build=True
    )

    elsewhere: ClassVar[Mapping[str, str]] = {}
    """Members of the API's bodies that manifests do not say, with what to do instead."""


def _accept_late(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """A reference, look-up or secret stands for a string that is not known yet."""
    return value if isinstance(value, LATE) else validate(value)


Text = Annotated[str, WrapValidator(_accept_late)]
"""A string that may be a `$ref`, `$lookup` or `${env.X}`: its own rules wait until it is known."""


@cache
def field_rules(model: type[BaseModel]) -> FieldRules:
    """The rules of a spec model, by the names that manifests use."""
    members = {
        declared.alias or name: _rules_of_field(declared) for name, declared in model.model_fields.items()
    }
    return FieldRules(members=members)


def _rules_of_field(declared: FieldInfo) -> FieldRules:
    markers = declared.metadata
    how = next((marker for marker in markers if isinstance(marker, As)), None)
    nested = _model_in(declared.annotation)
    rules = field_rules(nested) if nested else PLAIN
    is_keyed = how is not None and how.key is not None
    return FieldRules(
        combine=how.combine if how else Combine.MERGE,
        key=how.key if how else None,
        immutable=_has(markers, Immutable),
        local=_has(markers, Local),
        write_only=_has(markers, WriteOnly),
        scope=_has(markers, Scope),
        colour=_has(markers, Colour),
        names=next((marker.type for marker in markers if isinstance(marker, Names)), None),
        members={} if is_keyed else rules.members,
        element=rules if is_keyed else None,
    )


def _has(markers: list[Any], marker: type) -> bool:
    return any(isinstance(found, marker) for found in markers)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The spec model inside `X | None`, `list[X]` or `Annotated[X, …]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType, Annotated, list, tuple):
        found = (_model_in(argument) for argument in get_args(annotation))
        return next((model for model in found if model), None)
    return None
