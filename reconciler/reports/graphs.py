"""What depends on what, as JSON (design.md, section 5), Mermaid and Graphviz.

An edge leads from what depends to what it depends on, and says which place in which file makes it so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.model.values import JsonObject
from reconciler.reports.inert import inert

GRAPH_FORMAT = "reconciler.graph/1"


@dataclass(frozen=True, slots=True, order=True)
class GraphEdge:
    """That `source` depends on `target`; `via` is the JSON pointer that says so, file and line its place."""

    source: str
    target: str
    via: str
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class DependencyGraph:
    """Addresses and what they depend on; both sorted, so that the same manifests give the same text.

    Args:
        actions: address -> what a plan does to it, where a plan was made.
    """

    nodes: tuple[str, ...]
    edges: tuple[GraphEdge, ...]
    actions: Mapping[str, str]


def graph_of(
    nodes: Iterable[str], edges: Iterable[GraphEdge], actions: Mapping[str, str] | None = None
) -> DependencyGraph:
    """A graph, sorted."""
    return DependencyGraph(tuple(sorted(nodes)), tuple(sorted(edges, key=_order)), dict(actions or {}))


def graph_document(graph: DependencyGraph) -> JsonObject:
    """The graph as data, every edge of it."""
    return {
        "format": GRAPH_FORMAT,
        "nodes": [_node(address, graph.actions.get(address)) for address in graph.nodes],
        "edges": [
            {
                "from": edge.source,
                "to": edge.target,
                "via": edge.via,
                "file": edge.file,
                "line": edge.line,
            }
            for edge in graph.edges
        ],
    }


def graph_mermaid(graph: DependencyGraph) -> str:
    """A Mermaid flowchart: a pull request shows it as a picture."""
    # Mermaid's own words (`end`, `class`) are no names for nodes, so nodes are numbered.
    names = {address: f"n{number}" for number, address in enumerate(graph.nodes, 1)}
    lines = ["flowchart LR"]
    lines += [f'  {name}["{_mermaid_text(_label(graph, address))}"]' for address, name in names.items()]
    lines += [f"  {names[source]} --> {names[target]}" for source, target in _pairs(graph)]
    return "\n".join(lines) + "\n"


def graph_dot(graph: DependencyGraph) -> str:
    """A Graphviz digraph."""
    lines = ["digraph reconciler {", "  rankdir=LR;", "  node [shape=box];"]
    lines += [f"  {_quoted(address)}{_dot_label(graph, address)};" for address in graph.nodes]
    lines += [f"  {_quoted(source)} -> {_quoted(target)};" for source, target in _pairs(graph)]
    return "\n".join([*lines, "}"]) + "\n"


def _order(edge: GraphEdge) -> tuple[str, str, str]:
    return edge.source, edge.target, edge.via


def _node(address: str, action: str | None) -> JsonObject:
    return {"address": address, "action": action} if action else {"address": address}


def _pairs(graph: DependencyGraph) -> Iterable[tuple[str, str]]:
    """One arrow between two addresses, however many places make it."""
    return dict.fromkeys((edge.source, edge.target) for edge in graph.edges)


def _label(graph: DependencyGraph, address: str) -> str:
    action = graph.actions.get(address)
    return f"{address} ({action})" if action else address


def _mermaid_text(text: str) -> str:
    return inert(text).replace("#", "#35;").replace('"', "#quot;")


def _dot_label(graph: DependencyGraph, address: str) -> str:
    label = _label(graph, address)
    return "" if label == address else f" [label={_quoted(label)}]"


def _quoted(text: str) -> str:
    return json.dumps(inert(text), ensure_ascii=False)
