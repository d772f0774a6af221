"""Resources against their kinds and each other: specs, references, identities, rules.

The order matters: a reference is replaced by its value before the value is judged, and a kind's own rules
see only what has the right shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.fields import SpecModel
from reconciler.manifests.documents import Document
from reconciler.manifests.identities import NaturalKeys, natural_keys
from reconciler.manifests.references import unknown_references
from reconciler.manifests.resolution import Declared, resolve_references
from reconciler.manifests.validation import Part, Validated, validate
from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.resource import Dependency, Resource
from reconciler.model.values import Lookup, TreeObject, late_values


@dataclass(frozen=True, slots=True)
class Drafts:
    """What the files declare, one resource an address.

    Args:
        addresses: all that is declared, also where the manifest is wrong.
        unread: text that could not be read.
    """

    resources: tuple[Resource, ...]
    documents: Mapping[Address, Document]
    addresses: frozenset[Address]
    unread: str = ""


def link(
    drafts: Drafts, kinds: Mapping[str, Kind[Any]], *, max_nodes: int
) -> tuple[tuple[Resource, ...], list[Diagnostic]]:
    """Validates, resolves and relates resources.

    Args:
        max_nodes: how many values references may add.

    Returns:
        The resources sorted by address, and all problems; with errors the resources are of no use.
    """
    linking = _Linking(drafts, kinds)
    linking.check_references()
    linking.check_specs()
    linking.resolve(max_nodes)
    linking.relate()
    linking.check_rules()
    return tuple(linking.resources.values()), linking.diagnostics


class _Linking:
    """The resources on their way; each step leaves them further along."""

    def __init__(self, drafts: Drafts, kinds: Mapping[str, Kind[Any]]) -> None:
        self.resources = {
            found.address: found for found in sorted(drafts.resources, key=lambda each: each.address)
        }
        self.diagnostics: list[Diagnostic] = []
        self._drafts = drafts
        self._kinds = kinds
        self._validated: dict[Address, Validated[SpecModel]] = {}

    def check_references(self) -> None:
        """What is referred to is declared."""
        for resource in self.resources.values():
            found = unknown_references(
                resource, self._drafts.addresses, unread=self._drafts.unread, kinds=self._kinds
            )
            known = {problem.path for problem in self._drafts.documents[resource.address].diagnostics}
            self.diagnostics += (problem for problem in found if problem.path not in known)

    def check_specs(self) -> None:
        """Each spec has its kind's shape, references left open."""
        for address, resource in self.resources.items():
            self._validated[address] = self._validate(resource)

    def resolve(self, max_nodes: int) -> None:
        """Replaces what the manifests decide; what changed is judged again, with its values."""
        shaped = (found for found in self.resources.values() if self._is_shaped(found.address))
        complete = {found.address: self._complete(found) for found in shaped}
        declared = Declared(self.resources, complete, self._kinds)
        changed, problems = resolve_references(declared, max_nodes=max_nodes)
        self.diagnostics += problems
        for address, resource in changed.items():
            self.resources[address] = resource
            self._validated[address] = self._validate(resource)
        for validated in self._validated.values():
            self.diagnostics += validated.diagnostics

    def relate(self) -> None:
        """Adds what natural keys imply, and refuses two resources for one object."""
        completed = [(found, self._complete(found)) for found, _ in self._valid()]
        index, problems = natural_keys(completed, self._kinds)
        self.diagnostics += problems
        for resource, document in completed:
            implied = tuple(self._implied(resource, document, index))
            self.resources[resource.address] = replace(
                resource, dependencies=(*resource.dependencies, *implied)
            )
            self.diagnostics += _managed_lookups(resource, index)

    def check_rules(self) -> None:
        """The kinds' own rules, for what has the right shape."""
        for name, kind in sorted(self._kinds.items()):
            valid = [(found, spec) for found, spec in self._valid() if found.address.kind == name]
            for resource, spec in valid:
                self.diagnostics += kind.rules(resource, spec)
            self.diagnostics += kind.peer_rules([resource for resource, _ in valid])

    def _validate(self, resource: Resource) -> Validated[SpecModel]:
        kind = self._kinds[resource.address.kind]
        part = Part(self._drafts.documents[resource.address], "/spec", str(resource.address))
        return validate(kind.spec, resource.spec, part)

    def _valid(self) -> Iterator[tuple[Resource, SpecModel]]:
        for address, resource in self.resources.items():
            spec = self._validated[address].model
            if spec is not None:
                yield resource, spec

    def _is_shaped(self, address: Address) -> bool:
        validated = self._validated[address]
        return validated.model is not None or validated.is_waiting

    def _complete(self, resource: Resource) -> TreeObject:
        return self._kinds[resource.address.kind].complete(resource)

    def _implied(self, resource: Resource, document: TreeObject, index: NaturalKeys) -> Iterator[Dependency]:
        """The kind's references by natural key, where a manifest declares the target."""
        known = {found.via for found in resource.dependencies}
        for pointer, kind, key in self._kinds[resource.address.kind].references(document):
            target = index.get((kind, key))
            via = f"/spec{pointer}"
            if target is not None and via not in known:
                yield Dependency(target.address, via, resource.mark(via))


def _managed_lookups(resource: Resource, index: NaturalKeys) -> Iterator[Diagnostic]:
    """Look-ups of what a manifest declares: its id may not exist before the apply."""
    for pointer, late in late_values(resource.spec, "/spec"):
        target = index.get((late.type, late.name)) if isinstance(late, Lookup) else None
        if target is not None:
            yield resource.diagnostic(
                "lookup.managed",
                f"{late} is managed: {target.address} at {target.source}",
                path=pointer,
                hint=f"use {{$ref: {target.address}}}",
            )
