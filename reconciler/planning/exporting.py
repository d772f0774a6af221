"""The org as manifests: live objects with names in place of ids. Pure.

What the org calls by an id, a manifest calls by a name that people know: `$ref` where the object is exported
too, `$lookup` where it is one of those that nobody manages here. An id whose name is not its own alone stays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any, TypeAlias
from unicodedata import combining, normalize

from reconciler.kinds.base import Kind
from reconciler.kinds.lookups import LOOKUPS, every_object
from reconciler.model.address import Address
from reconciler.model.change import LiveObject
from reconciler.model.remote import Facts, Read
from reconciler.model.values import Lookup, Reference, Tree, TreeObject, tokens, value_at

Kinds: TypeAlias = Mapping[str, Kind[Any]]
LONGEST = 100
"""Of a manifest's name."""

_UNFIT = re.compile(r"[^a-z0-9_.]+")


@dataclass(frozen=True, slots=True)
class Exported:
    """One live object as a manifest would declare it.

    Args:
        spec: names in place of ids, as references and look-ups.
    """

    address: Address
    remote_id: str
    spec: TreeObject


def export_reads(kinds: Kinds, facts: Facts) -> Iterator[Read]:
    """What shows everything of these kinds, then what tells the names behind their ids."""
    surveys = [read for kind in kinds.values() for read in kind.surveys(facts)]
    yield from surveys
    if not facts.missing(surveys):
        yield from (every_object(type_) for type_ in sorted(_types(kinds, facts)))


def export_manifests(kinds: Kinds, facts: Facts) -> tuple[Exported, ...]:
    """All live objects of these kinds that can be managed, by address.

    Args:
        facts: answer `export_reads`.
    """
    found = [one for kind in kinds.values() for one in _of_kind(kind, facts)]
    addresses = {(one.address.kind, _key_of(one, kinds)): one.address for one in found}
    names = {type_: _names(type_, facts) for type_ in LOOKUPS}
    return tuple(
        replace(one, spec=_symbolic(kinds[one.address.kind], one.spec, (addresses, names)))
        for one in sorted(found, key=lambda one: one.address)
    )


def slug(text: str) -> str:
    """A text as a manifest's name, accents left out; empty where nothing of it can stay."""
    letters = "".join(one for one in normalize("NFKD", text.casefold()) if not combining(one))
    return _UNFIT.sub("-", letters).strip("-_.")[:LONGEST].rstrip("-_.")


_Symbols: TypeAlias = tuple[Mapping[tuple[str, str | None], Address], Mapping[str, Mapping[str, str]]]
"""The exported addresses by kind and natural key; the names of each type's objects by id."""


def _key_of(one: Exported, kinds: Kinds) -> str | None:
    return kinds[one.address.kind].natural_key(one.spec)


def _types(kinds: Kinds, facts: Facts) -> set[str]:
    """The look-up types that the objects name."""
    return {
        type_
        for kind in kinds.values()
        for live in kind.live(facts)
        for _, type_ in kind.ids_in(kind.manifest(live) or {})
    }


def _of_kind(kind: Kind[Any], facts: Facts) -> Iterator[Exported]:
    objects = [(live, spec) for live in kind.live(facts) if (spec := kind.manifest(live)) is not None]
    objects.sort(key=lambda pair: pair[0].remote_id)
    named = _unique([_name(kind, live) for live, _ in objects])
    for (live, spec), name in zip(objects, named, strict=True):
        address = Address(kind.name, name)
        yield Exported(address, live.remote_id, spec)


def _name(kind: Kind[Any], live: LiveObject) -> str:
    """By the natural key where it is a name and no other object's id; else as people call the object."""
    members = kind.endpoint.natural_key
    is_name = len(members) == 1 and kind.field_rules.member(members[0]).names is None
    key = kind.natural_key(live.body) if is_name else None
    called = key or live.body.get("name") or live.server.get("name") or kind.natural_key(live.body)
    return slug(str(called or "")) or kind.name.lower()


def _unique(names: Sequence[str]) -> Iterator[str]:
    """Each name once: those that are taken get the next free number."""
    taken: set[str] = set()
    for name in names:
        numbered = (f"{name[: LONGEST - 6]}-{number}" for number in count(2))
        free = next(one for one in chain((name,), numbered) if one not in taken)
        taken.add(free)
        yield free


def _names(type_: str, facts: Facts) -> dict[str, str]:
    """Id to name, of the objects of a type whose name is theirs alone."""
    entities = facts.entities(every_object(type_)) or ()
    member = LOOKUPS[type_].member
    times = Counter(entity.get(member) for entity in entities)
    return {
        str(entity["id"]): name
        for entity in entities
        if isinstance(name := entity.get(member), str) and name and times[name] == 1
    }


def _symbolic(kind: Kind[Any], spec: TreeObject, symbols: _Symbols) -> TreeObject:
    """The spec with names in place of ids."""
    found: Tree = spec
    for pointer, type_ in kind.ids_in(spec):
        name = symbols[1].get(type_, {}).get(str(value_at(spec, pointer)))
        found = found if name is None else _put(found, tokens(pointer), Lookup(type_, name))
    for pointer, target_kind, key in kind.references(spec):
        address = symbols[0].get((target_kind, key))
        found = found if address is None else _put(found, tokens(pointer), Reference(address))
    return found if isinstance(found, Mapping) else spec


def _put(tree: Tree, path: Sequence[str], value: Tree) -> Tree:
    """A copy in which a value stands at a path that is there."""
    if not path:
        return value
    if isinstance(tree, Mapping):
        return {**tree, path[0]: _put(tree[path[0]], path[1:], value)}
    if isinstance(tree, list | tuple):
        index = int(path[0])
        return [*tree[:index], _put(tree[index], path[1:], value), *tree[index + 1 :]]
    return tree
