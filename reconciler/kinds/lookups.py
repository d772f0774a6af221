"""Look-ups: unmanaged live objects by exact name (design.md, section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.remote import Facts, Read, listing
from reconciler.model.values import JsonObject, Lookup


@dataclass(frozen=True, slots=True)
class LookupType:
    """Where objects of one type are found, and by which member; the same word filters the listing."""

    path: str
    member: str


LOOKUPS = {
    "Dashboard": LookupType("/api/v2/analytics/dashboards", "name"),
    "Queue": LookupType("/api/v2/routing/queues", "name"),
    "Skill": LookupType("/api/v2/routing/skills", "name"),
    "User": LookupType("/api/v2/users", "email"),
}
"""The types that `$lookup` knows."""


def every_object(type_: str) -> Read:
    """The whole listing of a type."""
    return listing(LOOKUPS[type_].path)


def lookup_reads(lookups: Iterable[Lookup]) -> tuple[Read, ...]:
    """One filtered listing for a type that is asked for once, else one whole listing."""
    names: dict[str, set[str]] = {}
    for lookup in lookups:
        names.setdefault(lookup.type, set()).add(lookup.name)
    return tuple(_read(type_, wanted) for type_, wanted in sorted(names.items()))


def matches(lookup: Lookup, facts: Facts) -> tuple[JsonObject, ...] | None:
    """The objects with exactly this name; None while nothing that shows them was read."""
    type_ = LOOKUPS[lookup.type]
    for read in (listing(type_.path, {type_.member: lookup.name}), listing(type_.path)):
        entities = facts.entities(read)
        if entities is not None:
            return tuple(entity for entity in entities if entity.get(type_.member) == lookup.name)
    return None


def _read(type_: str, names: set[str]) -> Read:
    found = LOOKUPS[type_]
    return listing(found.path, {found.member: next(iter(names))} if len(names) == 1 else None)
