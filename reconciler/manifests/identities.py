"""What must be there once only: an address, and the natural key behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.manifests.envelope import Declaration
from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.resource import Resource
from reconciler.model.values import TreeObject, as_json, canonical_json

NaturalKeys = Mapping[tuple[str, str], Resource]
"""Kind and natural key -> the first resource that has it."""


def without_duplicates(
    declarations: Sequence[Declaration],
) -> tuple[tuple[Declaration, ...], tuple[Diagnostic, ...]]:
    """The first declaration of each address, in the order given, and a problem for each further one."""
    first: dict[Address, Declaration] = {}
    found: list[Diagnostic] = []
    for declaration in declarations:
        known = first.setdefault(declaration.address, declaration)
        if known is not declaration:
            found.append(
                declaration.document.diagnostic(
                    "manifest.duplicate-address",
                    f"{declaration.address} is declared twice, first at {known.source}",
                    path="/metadata/name",
                    hint="rename one of the two, or remove it",
                    address=str(declaration.address),
                )
            )
    return tuple(first.values()), tuple(found)


def natural_keys(
    completed: Iterable[tuple[Resource, TreeObject]], kinds: Mapping[str, Kind[Any]]
) -> tuple[NaturalKeys, tuple[Diagnostic, ...]]:
    """Indexes resources by natural key; two with one key are a problem at the later address."""
    first: dict[tuple[str, str], Resource] = {}
    found: list[Diagnostic] = []
    for resource, document in completed:
        kind = kinds[resource.address.kind]
        key = _natural_key(kind, document)
        if key is None:
            continue
        known = first.setdefault((kind.name, key), resource)
        if known is not resource:
            found.append(_duplicate(kind, resource, known))
    return first, tuple(found)


def _duplicate(kind: Kind[Any], resource: Resource, known: Resource) -> Diagnostic:
    members = " and ".join(kind.endpoint.natural_key)
    first = f"{known.address} ({known.source})"
    return resource.diagnostic(
        "manifest.duplicate-identity",
        f"{resource.address} and {first} are one object: both have the same {members}",
        path=f"/spec/{kind.endpoint.natural_key[-1]}",
        hint=f"change {members} of one of the two, or remove it",
    )


def _natural_key(kind: Kind[Any], document: TreeObject) -> str | None:
    """The kind's natural key; where a part is not known yet, the parts as they are written."""
    key = kind.natural_key(document)
    members = kind.endpoint.natural_key
    if key is not None or not all(member in document for member in members):
        return key
    return canonical_json([as_json(document[member], lambda secret: secret.template) for member in members])
