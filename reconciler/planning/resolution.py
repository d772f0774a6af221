"""Resolving late values: look-ups to ids, references to remote ids or to what only the apply will tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.kinds.lookups import matches
from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.remote import Facts
from reconciler.model.resource import Resource
from reconciler.model.values import (
    Late,
    Lookup,
    Reference,
    Tree,
    TreeObject,
    Unknown,
    late_values,
    substitute,
    value_at,
)


@dataclass(frozen=True, slots=True)
class KnownObject:
    """What is known of a managed resource while planning.

    Args:
        remote_id: None while only the apply will tell.
        document: what of the object is known to stay; None while nothing is.
    """

    remote_id: str | None
    document: TreeObject | None = None


def lookups_in(resources: Sequence[Resource]) -> tuple[Lookup, ...]:
    """Each look-up of the manifests, once."""
    found = {
        late for resource in resources for _, late in late_values(resource.spec) if isinstance(late, Lookup)
    }
    return tuple(sorted(found, key=str))


def resolve_lookups(
    resources: Sequence[Resource], lookups: Sequence[Lookup], facts: Facts
) -> tuple[Resource, ...]:
    """The resources with each look-up that the facts answer replaced by its id; others stay as they are."""
    ids = {lookup: found for lookup in lookups if (found := lookup_id(lookup, facts)) is not None}
    if not ids:
        return tuple(resources)
    return tuple(replace(resource, spec=_with_ids(resource.spec, ids)) for resource in resources)


def _with_ids(spec: TreeObject, ids: Mapping[Lookup, str]) -> TreeObject:
    resolved = substitute(spec, lambda late: ids.get(late, late) if isinstance(late, Lookup) else late)
    return resolved if isinstance(resolved, Mapping) else spec


def lookup_id(lookup: Lookup, facts: Facts) -> str | None:
    """The id, where exactly one object has the name."""
    found = matches(lookup, facts)
    return str(found[0]["id"]) if found is not None and len(found) == 1 and "id" in found[0] else None


def lookup_problems(resources: Sequence[Resource], facts: Facts) -> tuple[Diagnostic, ...]:
    """A diagnostic for each look-up that names nothing, or more than one object, at its own line."""
    problems = []
    for resource in resources:
        for pointer, late in late_values(resource.spec, "/spec"):
            if isinstance(late, Lookup) and lookup_id(late, facts) is None:
                problems.append(_problem(resource, pointer, late, facts))
    return tuple(problems)


def _problem(resource: Resource, pointer: str, lookup: Lookup, facts: Facts) -> Diagnostic:
    found = matches(lookup, facts) or ()
    if len(found) > 1:
        ids = ", ".join(sorted(str(entity.get("id")) for entity in found))
        return resource.diagnostic(
            "lookup.ambiguous",
            f"{lookup.type} {lookup.name!r} names {len(found)} objects: {ids}",
            path=pointer,
            hint="write the id instead of the look-up, or rename one of them in the org",
        )
    return resource.diagnostic(
        "lookup.not-found",
        f"the org has no {lookup.type} named {lookup.name!r}",
        path=pointer,
        hint="names are compared exactly, case included",
    )


def resolve_references(tree: TreeObject, known: Mapping[Address, KnownObject]) -> TreeObject:
    """The document with references replaced by what is known; else by what the apply will tell."""
    resolved = substitute(tree, lambda late: _resolved(late, known))
    return resolved if isinstance(resolved, Mapping) else tree


def _resolved(late: Late, known: Mapping[Address, KnownObject]) -> Tree:
    if not isinstance(late, Reference):
        return late
    target = known.get(late.address)
    if target is None or target.remote_id is None:
        return Unknown(late.address, late.pointer)
    if not late.pointer:
        return target.remote_id
    try:
        return value_at(target.document, late.pointer)
    except KeyError:
        return Unknown(late.address, late.pointer)


def left_out_references(resources: Sequence[Resource], known: Mapping[Address, object]) -> list[Diagnostic]:
    """References to what the plan leaves out although it does not exist yet: their value would never come.

    Args:
        known: what the plan speaks of, and what prior state holds.
    """
    return [
        resource.diagnostic(
            "reference.unknown",
            f"{resource.address} refers to {dependency.target}, which this plan leaves out and which does "
            "not exist yet",
            path=dependency.via,
            hint=f"take {dependency.target} in as well, or leave {resource.address} out",
        )
        for resource in resources
        for dependency in resource.dependencies
        if dependency.target not in known and not dependency.via.startswith("/dependsOn")
    ]
