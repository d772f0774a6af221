"""Edits of an example: every declared member in turn, each to another value that its kind takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from reconciler.kinds.base import Kind
from reconciler.kinds.fields import Combine, FieldRules
from reconciler.manifests.json_schema import json_schema
from reconciler.model.resource import Resource
from reconciler.model.values import Tree, TreeObject, escape, is_list, tokens, value_at

TEXTS = (
    "another",
    "#445566",
    "de-DE",
    "07:30",
    "^[a-z]+$",
    "0c9f5bd7-7b0a-4b8e-9d1f-6a1c2b3d4e5f",
    "conversation",
)
"""Texts of many forms: a member takes the first that its model and its kind's rules take."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One member of a spec with another value.

    Args:
        pointer: from inside spec, list elements by index.
        rules: those of the top-level member.
    """

    pointer: str
    spec: TreeObject
    rules: FieldRules

    @property
    def member(self) -> str:
        """The top-level member that it is in."""
        return f"/{escape(tokens(self.pointer)[0])}"


def edits_of(kind: Kind[Any], resource: Resource) -> Iterator[Edit]:
    """An edit of every member that the example names, for which its kind takes another value."""
    texts = texts_of(kind)
    for pointer in places(kind.field_rules, resource.spec):
        value = value_at(resource.spec, pointer)
        for other in _others(value, texts):
            spec = with_value(resource.spec, tokens(pointer), other)
            if is_valid(kind, resource, spec):
                yield Edit(pointer, spec, kind.field_rules.member(tokens(pointer)[0]))
                break


def texts_of(kind: Kind[Any]) -> tuple[str, ...]:
    """Texts to try: of many forms, then the words of the kind's own vocabularies."""
    schema = json.dumps(json_schema({kind.name: kind}, kind.name))
    lists = [json.loads(found) for found in re.findall(r'"enum": (\[[^]]*\])', schema)]
    single = [json.loads(found) for found in re.findall(r'"const": ("[^"]*")', schema)]
    words = [word for found in (*lists, single) for word in found if isinstance(word, str)]
    return (*TEXTS, *dict.fromkeys(words))


def places(rules: FieldRules, document: TreeObject, pointer: str = "") -> Iterator[str]:
    """The pointer of every declared member, whole values once, lists also themselves."""
    for name, value in document.items():
        here = f"{pointer}/{escape(name)}"
        member = rules.member(name)
        if isinstance(value, Mapping) and member.combine is not Combine.WHOLE:
            yield from places(member, value, here)
        elif member.combine is not Combine.ADDITIVE:  # what such a list does not name, stays
            yield here
        if is_list(value) and member.element is not None:
            yield from _element_places(member, value, here)


def _element_places(member: FieldRules, value: Tree, pointer: str) -> Iterator[str]:
    assert member.element is not None
    elements: Any = value
    for index, element in enumerate(elements):
        inner = {name: found for name, found in element.items() if name != member.key}
        yield from places(member.element, inner, f"{pointer}/{index}")


def _others(value: Tree, texts: Sequence[str]) -> Iterable[Tree]:
    """Other values of the same type."""
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int | float):
        return (value + 1, value / 2, value - 1, value * 0.9)
    if isinstance(value, str):
        return (found for found in (*texts, f"{value}/sum") if found != value)
    if is_list(value):
        return _other_lists(value, texts)
    if isinstance(value, Mapping):
        return _other_mappings(value, texts)
    return ()


def _other_lists(value: Any, texts: Sequence[str]) -> Iterator[Tree]:  # noqa: ANN401  # elements of any type
    yield value[:-1]
    yield from ([other, *value[1:]] for other in _others(value[0], texts))


def _other_mappings(value: Mapping[str, Tree], texts: Sequence[str]) -> Iterator[Tree]:
    for name in value:
        yield {member: found for member, found in value.items() if member != name}
    for name, found in value.items():
        yield from ({**value, name: other} for other in _others(found, texts))


def is_valid(kind: Kind[Any], resource: Resource, spec: TreeObject) -> bool:
    """Whether a kind takes a spec."""
    try:
        model = kind.spec.model_validate(spec)
    except ValidationError:
        return False
    return not list(kind.rules(replace(resource, spec=spec), model))


def can_stand(kind: Kind[Any], resource: Resource, pointer: str) -> bool:
    """Whether the example could name a member too, beside those that it names."""
    *parents, name = tokens(pointer)
    values: tuple[Tree, ...] = (True, 1, 0.5, *texts_of(kind), ["another"])
    parent = value_at(resource.spec, "".join(f"/{escape(part)}" for part in parents))
    assert isinstance(parent, Mapping)
    specs = (with_value(resource.spec, tuple(parents), {**parent, name: value}) for value in values)
    return any(is_valid(kind, resource, spec) for spec in specs)


def with_value(tree: Any, path: tuple[str, ...], value: Tree) -> Any:  # noqa: ANN401  # any JSON
    """The document with a value put at a place that exists."""
    if not path:
        return value
    if is_list(tree):
        return [
            with_value(item, path[1:], value) if str(at) == path[0] else item for at, item in enumerate(tree)
        ]
    return {
        name: with_value(item, path[1:], value) if name == path[0] else item for name, item in tree.items()
    }


def without(tree: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401  # any JSON
    """The document without a member."""
    if len(path) == 1:
        return {name: item for name, item in tree.items() if name != path[0]}
    here = int(path[0]) if is_list(tree) else path[0]
    return with_value(tree, path[:1], without(tree[here], path[1:]))


def declared_members(rules: FieldRules, pointer: str = "") -> Iterator[str]:
    """Every member of a spec and of the objects and lists in it, without the indexes of lists."""
    for name, member in rules.members.items():
        here = f"{pointer}/{name}"
        yield here
        yield from declared_members(member.element or member, here)


def named_members(document: Tree, pointer: str = "") -> Iterator[str]:
    """Every member that a document names, in the same form."""
    if isinstance(document, Mapping):
        for name, value in document.items():
            yield f"{pointer}/{name}"
            yield from named_members(value, f"{pointer}/{name}")
    elif is_list(document):
        for element in document:  # type: ignore[union-attr]
            yield from named_members(element, pointer)
