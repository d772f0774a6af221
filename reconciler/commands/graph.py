"""`graph`: what depends on what, from the manifests alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from reconciler.commands.addresses import find_address
from reconciler.commands.offline import open_offline
from reconciler.commands.project import load_offline
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.model.address import Address
from reconciler.planning.graph import Edge, edges_of, reachable, reversed_edges
from reconciler.reports.graphs import DependencyGraph, GraphEdge, graph_of


def draw_graph(
    common: CommonOptions, surroundings: Surroundings, folder: Path | None, *, impact: str | None
) -> DependencyGraph:
    """The graph of the manifests, offline.

    Args:
        folder: another folder than the configured one.
        impact: an address: only what depends on it, directly or through others, and itself.

    Raises:
        InvalidManifests: they break rules; a cycle is one of them.
        UsageError: no manifest declares the address.
    """
    project = open_offline(common, surroundings, folder)
    resources = load_offline(project, folder).resources
    nodes = {resource.address for resource in resources}
    edges = edges_of(resources)
    if impact is not None:
        address = find_address(impact, nodes, where="the manifests")
        nodes &= reachable([address], reversed_edges(edges))
    return graph_of(map(str, nodes), _between(nodes, edges))


def _between(nodes: Collection[Address], edges: Sequence[Edge]) -> list[GraphEdge]:
    return [
        GraphEdge(
            str(edge.source),
            str(edge.target),
            edge.via,
            edge.mark.file if edge.mark else None,
            edge.mark.line if edge.mark else None,
        )
        for edge in edges
        if edge.source in nodes and edge.target in nodes
    ]
