"""What depends on what, as JSON (design.md, section 5), Mermaid and Graphviz.

An edge leads from what depends to what it depends on, and says which place in which file makes it so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.change import Action
from reconciler.model.plan import Plan
from reconciler.model.values import JsonObject
from reconciler.reports.inert import inert

_MEANINGFUL = re.compile(r"[^\w /.()-]")
_COLOURS = {
    Action.CREATE: "#1a7f37",
    Action.UPDATE: "#9a6700",
    Action.REPLACE: "#8250df",
    Action.DELETE: "#cf222e",
    Action.ADOPT: "#0969da",
    Action.FORGET: "#6e7781",
}
"""To be told apart on a light page and on a dark one."""

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


def plan_graph(plan: Plan) -> DependencyGraph:
    """What waits for what: the changes of a plan that have to do with each other."""
    edges = {
        GraphEdge(change.address, target, "")
        for change in plan.changes
        for target in change.depends_on
        if target != change.address
    }
    nodes = {address for edge in edges for address in (edge.source, edge.target)}
    return graph_of(nodes, edges, {change.address: change.action.value for change in plan.changes})


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
    return "\n".join([*lines, *_mermaid_classes(graph, names)]) + "\n"


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
    """Only letters, digits and what means nothing stay: the rest are numbers to the parser."""
    return _MEANINGFUL.sub(lambda found: f"#{ord(found.group())};", inert(text))


def _mermaid_classes(graph: DependencyGraph, names: Mapping[str, str]) -> Iterator[str]:
    """The frame of each node in the colour of what is done to it."""
    for action, colour in _COLOURS.items():
        of_action = [name for address, name in names.items() if graph.actions.get(address) == action]
        if of_action:
            yield f"  classDef {action} stroke:{colour},stroke-width:2px"
            yield f"  class {','.join(of_action)} {action}"


def _dot_label(graph: DependencyGraph, address: str) -> str:
    label = _label(graph, address)
    return "" if label == address else f" [label={_quoted(label)}]"


def _quoted(text: str) -> str:
    return json.dumps(inert(text), ensure_ascii=False)
