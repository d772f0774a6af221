"""Order and cycles: the only place that knows networkx.

An edge leads from what depends to what it depends on. Everything is sorted before it is emitted, so the order
of files, documents and listings never shows. networkx is loaded once there is a cycle: its import takes
longer than to order ten thousand resources, which the standard library's sorter does as well.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic, Mark, Severity
from reconciler.model.resource import Resource

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True)
class Edge:
    """That `source` depends on `target`; `via` is the JSON pointer that says so.

    Args:
        mark: the place in a manifest; None for an edge of a live object.
        version: the live object's version, where it has one.
    """

    source: Address
    target: Address
    via: str
    mark: Mark | None = None
    version: int | None = None

    @property
    def place(self) -> str:
        """Where the edge stands, for people."""
        if self.mark is not None:
            return str(self.mark)
        return f"(live, version {self.version})" if self.version is not None else "(live)"


def edges_of(resources: Iterable[Resource]) -> tuple[Edge, ...]:
    """The edges that the manifests declare."""
    return tuple(
        Edge(resource.address, dependency.target, dependency.via, dependency.mark)
        for resource in resources
        for dependency in resource.dependencies
    )


def find_cycles(edges: Iterable[Edge]) -> tuple[tuple[Edge, ...], ...]:
    """The shortest cycle of each strongly connected component, starting at its smallest address."""
    edges = tuple(edges)
    try:
        _sorter((), edges).prepare()
    except CycleError:
        return _shortest_cycles(edges)
    return ()


def _sorter(nodes: Iterable[Address], edges: Iterable[Edge]) -> TopologicalSorter[Address]:
    sorter: TopologicalSorter[Address] = TopologicalSorter()
    for node in nodes:
        sorter.add(node)
    for edge in edges:
        sorter.add(edge.source, edge.target)
    return sorter


def _shortest_cycles(edges: Iterable[Edge]) -> tuple[tuple[Edge, ...], ...]:
    import networkx as nx  # noqa: PLC0415  # 80 ms

    graph = _build_graph((), edges)
    cycles = [
        _shortest_cycle(_build_graph((), (edge for edge in edges if {edge.source, edge.target} <= component)))
        for component in nx.strongly_connected_components(graph)
        if len(component) > 1 or graph.has_edge(*(2 * tuple(component)))
    ]
    return tuple(sorted((_edges_along(graph, cycle) for cycle in cycles), key=lambda cycle: cycle[0].source))


def _build_graph(nodes: Iterable[Address], edges: Iterable[Edge]) -> nx.DiGraph[Address]:
    """A graph whose edges carry the first `Edge` between two addresses, by via."""
    import networkx as nx  # noqa: PLC0415  # 80 ms

    graph: nx.DiGraph[Address] = nx.DiGraph()
    graph.add_nodes_from(sorted(nodes))
    for edge in sorted(edges, key=lambda edge: (edge.source, edge.target, edge.via)):
        if not graph.has_edge(edge.source, edge.target):
            graph.add_edge(edge.source, edge.target, edge=edge)
    return graph


def _shortest_cycle(component: nx.DiGraph[Address]) -> tuple[Address, ...]:
    import networkx as nx  # noqa: PLC0415  # 80 ms

    best: tuple[Address, ...] | None = None
    for start in sorted(component):
        for successor in sorted(component.successors(start)):
            if start == successor:
                return (start,)
            way = nx.shortest_path(component, successor, start)
            if best is None or len(way) < len(best):
                best = tuple(way)
    return _from_smallest(best or ())


def _from_smallest(cycle: tuple[Address, ...]) -> tuple[Address, ...]:
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]


def _edges_along(graph: nx.DiGraph[Address], cycle: Sequence[Address]) -> tuple[Edge, ...]:
    return tuple(
        graph.edges[node, cycle[(index + 1) % len(cycle)]]["edge"] for index, node in enumerate(cycle)
    )


def cycle_diagnostic(cycle: Sequence[Edge]) -> Diagnostic:
    """A cycle as a chain, with file and line of each edge."""
    chain = " -> ".join(str(address) for address in (*(edge.source for edge in cycle), cycle[0].source))
    places = "".join(f"\n  {edge.source} -> {edge.target}  {edge.place}" for edge in cycle)
    first = next((edge for edge in cycle if edge.mark), None)
    mark = first.mark if first else None
    return Diagnostic(
        severity=Severity.ERROR,
        code="reference.cycle",
        message=f"reference cycle: {chain}{places}",
        hint="remove one of these references",
        address=str(cycle[0].source),
        file=mark.file if mark else None,
        line=mark.line if mark else None,
        column=mark.column if mark else None,
        path=first.via if first else None,
    )


def in_dependency_order(nodes: Iterable[Address], edges: Iterable[Edge]) -> tuple[Address, ...]:
    """Dependencies before dependants, ties by address; nodes of a cycle come in address order at the end."""
    nodes, edges = tuple(nodes), tuple(edges)
    sorter = _sorter(nodes, edges)
    try:
        sorter.prepare()
    except CycleError:
        return _order_around_cycles(nodes, edges)
    order: list[Address] = []
    ready = sorted(sorter.get_ready())
    while ready:
        node = heapq.heappop(ready)
        order.append(node)
        sorter.done(node)
        for freed in sorter.get_ready():
            heapq.heappush(ready, freed)
    return tuple(order)


def _order_around_cycles(nodes: Iterable[Address], edges: Iterable[Edge]) -> tuple[Address, ...]:
    import networkx as nx  # noqa: PLC0415  # 80 ms

    condensed = nx.condensation(_build_graph(nodes, edges).reverse(copy=False))
    members: dict[int, set[Address]] = {part: condensed.nodes[part]["members"] for part in condensed}
    order = nx.lexicographical_topological_sort(condensed, key=lambda part: min(members[part]))
    return tuple(node for part in order for node in sorted(members[part]))


def reachable(start: Iterable[Address], edges: Iterable[Edge]) -> frozenset[Address]:
    """What these depend on, directly or through others, themselves included."""
    return frozenset(_closure(start, _successors(edges)))


def dependants(wanted: Iterable[Address], edges: Iterable[Edge]) -> Mapping[Address, int]:
    """How many depend on each of these addresses, directly or through others."""
    users = _successors(reversed_edges(edges))
    return {address: len(_closure([address], users)) - 1 for address in wanted}


def _successors(edges: Iterable[Edge]) -> Mapping[Address, Sequence[Address]]:
    found: dict[Address, list[Address]] = {}
    for edge in edges:
        found.setdefault(edge.source, []).append(edge.target)
    return found


def _closure(start: Iterable[Address], successors: Mapping[Address, Sequence[Address]]) -> set[Address]:
    """The start, and all that can be reached from it."""
    found = set(start)
    stack = list(found)
    while stack:
        fresh = set(successors.get(stack.pop(), ())) - found
        found |= fresh
        stack += fresh
    return found


def reversed_edges(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """The same edges the other way round: what depends on an address becomes reachable from it."""
    return tuple(Edge(edge.target, edge.source, edge.via, edge.mark) for edge in edges)


def wait_for(
    starts: Iterable[Address], awaited: Iterable[Address], edges: Sequence[Edge]
) -> Mapping[Address, tuple[Address, ...]]:
    """For each start the awaited addresses that it needs first, also through others.

    An update that closes a circle of references may depend, through resources that do not change, on the
    update that opens it; so the way through unchanged ones counts. Redundant edges are left out.
    """
    wanted, successors = set(awaited), _successors(edges)
    return {address: tuple(sorted(_nearest(successors, address, wanted))) for address in sorted(set(starts))}


def _nearest(
    successors: Mapping[Address, Sequence[Address]], start: Address, wanted: set[Address]
) -> set[Address]:
    """The first wanted nodes on each way out of `start`."""
    nearest: set[Address] = set()
    seen, stack = {start}, list(successors.get(start, ()))
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in wanted:
            nearest.add(node)
        else:
            stack += successors.get(node, ())
    return nearest
