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
from reconciler.manifests.references import Lates, named_in, unknown_fields, unknown_targets
from reconciler.manifests.resolution import Declared, resolve_references
from reconciler.manifests.suggestions import Suggestions
from reconciler.manifests.validation import Part, Validated, validate
from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.resource import Dependency, Resource
from reconciler.model.values import Lookup, Reference, TreeObject, late_values


@dataclass(frozen=True, slots=True)
class Draft:
    """A resource on its way, and the document that it comes from.

    Args:
        lates: the late values of its spec.
    """

    resource: Resource
    document: Document
    lates: Lates


@dataclass(frozen=True, slots=True)
class Drafts:
    """What the files declare, one resource an address.

    Args:
        addresses: all that is declared, also where the manifest is wrong.
        unread: text that could not be read.
    """

    drafts: tuple[Draft, ...]
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
    return tuple(draft.resource for draft in linking.drafts.values()), linking.diagnostics


class _Linking:
    """The resources on their way; each step leaves them further along."""

    def __init__(self, found: Drafts, kinds: Mapping[str, Kind[Any]]) -> None:
        ordered = sorted(found.drafts, key=lambda draft: draft.resource.address)
        self.drafts = {draft.resource.address: draft for draft in ordered}
        self.diagnostics: list[Diagnostic] = []
        self._found = found
        self._kinds = kinds
        self._validated: dict[Address, Validated[SpecModel]] = {}

    def check_references(self) -> None:
        """What is referred to is declared."""
        targets = {found.target for draft in self.drafts.values() for found in draft.resource.dependencies}
        unknown = targets - self._found.addresses
        declared = {*map(str, self._found.addresses), *map(str, named_in(self._found.unread, unknown))}
        suggestions = Suggestions(tuple(map(str, self._found.addresses)))
        for draft in self.drafts.values():
            found = [
                *unknown_targets(draft.resource, declared, suggestions),
                *unknown_fields(draft.resource, draft.lates, self._kinds),
            ]
            known = {problem.path for problem in draft.document.diagnostics}
            self.diagnostics += (problem for problem in found if problem.path not in known)

    def check_specs(self) -> None:
        """Each spec has its kind's shape, references left open."""
        for address, draft in self.drafts.items():
            self._validated[address] = self._validate(draft)

    def resolve(self, max_nodes: int) -> None:
        """Replaces what the manifests decide; what changed is judged again, with its values."""
        shaped = (address for address in self.drafts if self._is_shaped(address))
        resources = {address: draft.resource for address, draft in self.drafts.items()}
        complete = {address: self._complete(resources[address]) for address in shaped}
        referring = [address for address, draft in self.drafts.items() if _refers(draft)]
        declared = Declared(resources, complete, self._kinds)
        changed, problems = resolve_references(declared, referring, max_nodes=max_nodes)
        self.diagnostics += problems
        for address, resource in changed.items():
            document = self.drafts[address].document
            self.drafts[address] = Draft(resource, document, tuple(late_values(resource.spec, "/spec")))
            self._validated[address] = self._validate(self.drafts[address])
        for validated in self._validated.values():
            self.diagnostics += validated.diagnostics

    def relate(self) -> None:
        """Adds what natural keys imply, and refuses two resources for one object."""
        completed = [(resource, self._complete(resource)) for resource, _ in self._valid()]
        index, problems = natural_keys(completed, self._kinds)
        self.diagnostics += problems
        for resource, document in completed:
            draft = self.drafts[resource.address]
            self.diagnostics += _managed_lookups(draft, index)
            implied = tuple(self._implied(resource, document, index))
            if implied:
                whole = replace(resource, dependencies=(*resource.dependencies, *implied))
                self.drafts[resource.address] = replace(draft, resource=whole)

    def check_rules(self) -> None:
        """The kinds' own rules, for what has the right shape."""
        for name, kind in sorted(self._kinds.items()):
            valid = [(found, spec) for found, spec in self._valid() if found.address.kind == name]
            for resource, spec in valid:
                self.diagnostics += kind.rules(resource, spec)
            self.diagnostics += kind.peer_rules([resource for resource, _ in valid])

    def _validate(self, draft: Draft) -> Validated[SpecModel]:
        resource = draft.resource
        kind = self._kinds[resource.address.kind]
        return validate(kind.spec, resource.spec, Part(draft.document, "/spec", str(resource.address)))

    def _valid(self) -> Iterator[tuple[Resource, SpecModel]]:
        for address, draft in self.drafts.items():
            spec = self._validated[address].model
            if spec is not None:
                yield draft.resource, spec

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


def _refers(draft: Draft) -> bool:
    return any(isinstance(late, Reference) for _, late in draft.lates)


def _managed_lookups(draft: Draft, index: NaturalKeys) -> Iterator[Diagnostic]:
    """Look-ups of what a manifest declares: its id may not exist before the apply."""
    for pointer, late in draft.lates:
        target = index.get((late.type, late.name)) if isinstance(late, Lookup) else None
        if target is not None:
            yield draft.resource.diagnostic(
                "lookup.managed",
                f"{late} is managed: {target.address} at {target.source}",
                path=pointer,
                hint=f"use {{$ref: {target.address}}}",
            )
