"""Order and cycles: the only place that knows networkx.

An edge leads from what depends to what it depends on. Everything is sorted before it is emitted, so the order
of files, documents and listings never shows. networkx takes 0.1 s to import: only what has edges pays it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic, Mark, Severity
from reconciler.model.resource import Resource

if TYPE_CHECKING:
    import networkx as nx


_MOST_VISITS = 2_000_000
"""Finding a shortest cycle takes time that grows with the square of the references; this is a few seconds."""


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
    if not edges:
        return ()
    import networkx as nx  # noqa: PLC0415

    graph = build_graph((), edges)
    cycles = [
        _shortest_cycle(graph.subgraph(component))
        for component in nx.strongly_connected_components(graph)
        if len(component) > 1 or graph.has_edge(*(2 * tuple(component)))
    ]
    return tuple(sorted((_edges_along(graph, cycle) for cycle in cycles), key=lambda cycle: cycle[0].source))


def build_graph(nodes: Iterable[Address], edges: Iterable[Edge]) -> nx.DiGraph[Address]:
    """A graph whose edges carry the first `Edge` between two addresses, by via."""
    import networkx as nx  # noqa: PLC0415

    graph: nx.DiGraph[Address] = nx.DiGraph()
    graph.add_nodes_from(sorted(nodes))
    for edge in sorted(edges, key=lambda edge: (edge.source, edge.target, edge.via)):
        if not graph.has_edge(edge.source, edge.target):
            graph.add_edge(edge.source, edge.target, edge=edge)
    return graph


def _shortest_cycle(component: nx.DiGraph[Address]) -> tuple[Address, ...]:
    """The shortest cycle; of a component so large that looking takes too long, the shortest seen by then."""
    ways = {node: sorted(component.successors(node)) for node in sorted(component)}
    best: tuple[Address, ...] = ()
    left = _MOST_VISITS
    for start in ways:
        found, visits = _cycle_through(start, ways, most=len(best) - 1 if best else len(ways))
        best, left = found or best, left - visits
        if len(best) == 1 or left < 0:
            break
    return _from_smallest(best)


def _cycle_through(
    start: Address, ways: Mapping[Address, Sequence[Address]], *, most: int
) -> tuple[tuple[Address, ...], int]:
    """The shortest cycle of at most so many nodes through one of them, and how many nodes were visited."""
    reached: dict[Address, Address] = {}
    layer = [start]
    for _ in range(most):
        following = []
        for node in layer:
            for successor in ways[node]:
                if successor == start:
                    return _way_back(node, reached), len(reached)
                if successor not in reached:
                    reached[successor] = node
                    following.append(successor)
        layer = following
    return (), len(reached)


def _way_back(node: Address, reached: Mapping[Address, Address]) -> tuple[Address, ...]:
    way = [node]
    while (before := reached.get(way[-1])) is not None:
        way.append(before)
    return tuple(reversed(way))


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
    """Dependencies before dependants, ties by address; the nodes of a cycle stay together, by address."""
    edges = tuple(edges)
    if not edges:
        return tuple(sorted(nodes))
    import networkx as nx  # noqa: PLC0415

    condensed = nx.condensation(build_graph(nodes, edges).reverse(copy=False))
    members: dict[int, set[Address]] = {part: condensed.nodes[part]["members"] for part in condensed}
    order = nx.lexicographical_topological_sort(condensed, key=lambda part: min(members[part]))
    return tuple(node for part in order for node in sorted(members[part]))


def reachable(start: Iterable[Address], edges: Iterable[Edge]) -> frozenset[Address]:
    """What these depend on, directly or through others, themselves included."""
    found, edges = sorted(start), tuple(edges)
    if not edges:
        return frozenset(found)
    import networkx as nx  # noqa: PLC0415

    layers = nx.bfs_layers(build_graph(found, edges), found)
    return frozenset(node for layer in layers for node in layer)


def dependants(wanted: Iterable[Address], edges: Iterable[Edge]) -> Mapping[Address, int]:
    """How many depend on each of these addresses, directly or through others."""
    addresses, edges = tuple(wanted), tuple(edges)
    if not edges:
        return dict.fromkeys(addresses, 0)
    import networkx as nx  # noqa: PLC0415

    graph = build_graph(addresses, edges)
    return {address: len(nx.ancestors(graph, address) - {address}) for address in addresses}


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
    starts, wanted = sorted(set(starts)), set(awaited)
    if not edges:
        return dict.fromkeys(starts, ())
    graph = build_graph(starts, edges)
    return {address: tuple(sorted(_nearest(graph, address, wanted))) for address in starts}


def _nearest(graph: nx.DiGraph[Address], start: Address, wanted: set[Address]) -> set[Address]:
    """The first wanted nodes on each way out of `start`."""
    nearest: set[Address] = set()
    seen, stack = {start}, list(graph.successors(start))
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in wanted:
            nearest.add(node)
        else:
            stack += graph.successors(node)
    return nearest
