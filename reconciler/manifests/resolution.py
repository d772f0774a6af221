"""References whose value the manifests decide, replaced by it; the others wait for the org.

Chains are followed without recursion and with a bound on what they expand to, so that manifests that refer
to each other cannot exhaust the machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.resource import Resource
from reconciler.model.values import Late, Reference, Tree, TreeObject, late_values, substitute, value_at

_Chain = tuple[Reference, ...]
_MOST_CIRCLES = 20
"""More would tell a reader nothing."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the manifests declare.

    Args:
        complete: the specs with their kinds' defaults, where the spec is valid.
    """

    resources: Mapping[Address, Resource]
    complete: Mapping[Address, TreeObject]
    kinds: Mapping[str, Kind[Any]]


def resolve_references(
    declared: Declared, referring: Iterable[Address], *, max_nodes: int
) -> tuple[dict[Address, Resource], tuple[Diagnostic, ...]]:
    """Replaces what can be replaced.

    Args:
        referring: the resources that hold references.
        max_nodes: how many values references may add, altogether.

    Returns:
        The resources that changed, and the circles among values.
    """
    resolver = _Resolver(declared, max_nodes)
    changed: dict[Address, Resource] = {}
    for address in sorted(referring):
        resource = declared.resources[address]
        spec = substitute(resource.spec, resolver.value)
        if spec != resource.spec and isinstance(spec, Mapping):
            changed[address] = replace(resource, spec=spec)
    return changed, resolver.diagnostics()


class _Resolver:
    """Finds the value of references, each once."""

    def __init__(self, declared: Declared, max_nodes: int) -> None:
        self._declared = declared
        self._left = max_nodes
        self._settled: dict[Reference, Tree] = {}
        self._sizes: dict[Reference, int] = {}
        self._circles: dict[_Chain, None] = {}
        self._overflows: dict[Reference, None] = {}

    def value(self, late: Late) -> Tree:
        """The value of a reference; itself where only an apply will tell, and for any other late value."""
        if not isinstance(late, Reference):
            return late
        if late not in self._settled:
            self._settle(late)
        return self._expanded(late)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Each circle once, starting at its smallest address; then what expands too far."""
        return (
            *(self._circle(chain) for chain in self._circles),
            *(
                self._at(found, "manifest.too-large", "references expand too far")
                for found in self._overflows
            ),
        )

    def _settle(self, start: Reference) -> None:
        """Depth first, with a stack of its own: a chain may be as long as there are manifests."""
        stack, path = [start], dict[Reference, None]()
        while stack:
            now = stack[-1]
            if now in path or now in self._settled:
                stack.pop()
                path.pop(now, None)
                self._finish(now)
                continue
            path[now] = None
            for needed in self._needed(now):
                if needed in path:
                    self._note_circle(list(path), needed)
                elif needed not in self._settled:
                    stack.append(needed)

    def _finish(self, now: Reference) -> None:
        """All that it refers to is settled; the last link of a circle stays a reference."""
        if now in self._settled:
            return
        found = self._written(now) if now.pointer else self._remote_id(now)
        if found is None:
            self._settled[now], self._sizes[now] = now, 1
            return
        self._settled[now] = substitute(found, self._expanded)
        self._sizes[now] = _nodes(found) + sum(
            self._sizes.get(late, 1) - 1 for _, late in late_values(found) if isinstance(late, Reference)
        )

    def _expanded(self, late: Late) -> Tree:
        """A settled value, counted as what it adds: it is shared, but whoever walks it is not spared."""
        if not isinstance(late, Reference) or late not in self._settled:
            return late
        self._left -= self._sizes[late] - 1
        if self._left >= 0:
            return self._settled[late]
        if not self._overflows:
            self._overflows[late] = None
        return late

    def _needed(self, now: Reference) -> list[Reference]:
        tree = self._written(now) if now.pointer else self._identity(now)
        found = (late for _, late in late_values(tree) if isinstance(late, Reference))
        return list(dict.fromkeys(found))

    def _written(self, now: Reference) -> Tree:
        """What the manifest says at a field, or the kind by default; None where neither does."""
        resource = self._declared.resources.get(now.address)
        for document in (resource.spec if resource else {}, self._declared.complete.get(now.address, {})):
            try:
                return value_at(document, now.pointer)
            except KeyError:
                continue
        return None

    def _identity(self, now: Reference) -> TreeObject:
        """The members that a remote id may be made of."""
        document = self._declared.complete.get(now.address, {})
        kind = self._declared.kinds.get(now.address.kind)
        members = kind.endpoint.natural_key if kind else ()
        return {name: document[name] for name in members if name in document}

    def _remote_id(self, now: Reference) -> Tree:
        document = self._declared.complete.get(now.address)
        if document is None:
            return None
        identity = {name: substitute(value, self._expanded) for name, value in self._identity(now).items()}
        return self._declared.kinds[now.address.kind].known_id({**document, **identity})

    def _note_circle(self, path: list[Reference], first: Reference) -> None:
        chain = path[path.index(first) :]
        start = chain.index(min(chain, key=_order))
        if len(self._circles) < _MOST_CIRCLES:
            self._circles[(*chain[start:], *chain[:start])] = None

    def _circle(self, chain: _Chain) -> Diagnostic:
        text = " -> ".join(_text(link) for link in (*chain, chain[0]))
        return self._at(chain[0], "reference.cycle", f"these values refer to each other: {text}")

    def _at(self, found: Reference, code: str, message: str) -> Diagnostic:
        return self._declared.resources[found.address].diagnostic(code, message, path=f"/spec{found.pointer}")


def _order(reference: Reference) -> tuple[Address, str]:
    return reference.address, reference.pointer


def _text(reference: Reference) -> str:
    return f"{reference.address}#{reference.pointer}" if reference.pointer else str(reference.address)


def _nodes(tree: Tree) -> int:
    if isinstance(tree, Mapping):
        return 1 + sum(map(_nodes, tree.values()))
    if isinstance(tree, list | tuple):
        return 1 + sum(map(_nodes, tree))
    return 1
