"""Graphs as text, from names that nobody vouches for."""

from __future__ import annotations

import re

import pytest

from reconciler.model.change import Action
from reconciler.reports.graphs import (
    GraphEdge,
    graph_document,
    graph_dot,
    graph_mermaid,
    graph_of,
    plan_graph,
)
from reconciler.reports.inert import inert
from tests.unit.reports.builders import change, plan

DRAWN = graph_of(
    ["Schema/b", "Schema/a"],
    [
        GraphEdge("Schema/b", "Schema/a", "/spec/y", "b.yaml", 7),
        GraphEdge("Schema/b", "Schema/a", "/dependsOn/0", "b.yaml", 3),
    ],
    {"Schema/b": "create"},
)


def test_document_is_sorted_and_has_every_edge() -> None:
    assert graph_document(DRAWN) == {
        "format": "reconciler.graph/1",
        "nodes": [{"address": "Schema/a"}, {"address": "Schema/b", "action": "create"}],
        "edges": [
            {"from": "Schema/b", "to": "Schema/a", "via": "/dependsOn/0", "file": "b.yaml", "line": 3},
            {"from": "Schema/b", "to": "Schema/a", "via": "/spec/y", "file": "b.yaml", "line": 7},
        ],
    }


def test_pictures_have_one_arrow_and_say_the_action() -> None:
    assert graph_mermaid(DRAWN).splitlines() == [
        "flowchart LR",
        '  n1["Schema/a"]',
        '  n2["Schema/b (create)"]',
        "  n2 --> n1",
        "  classDef create stroke:#1a7f37,stroke-width:2px",
        "  class n2 create",
    ]
    assert graph_dot(DRAWN).splitlines()[3:-1] == [
        '  "Schema/a";',
        '  "Schema/b" [label="Schema/b (create)"];',
        '  "Schema/b" -> "Schema/a";',
    ]


HOSTILE = [
    'Schema/a"];\nclick n1 "http://x"',
    "Schema/#\x1b[2J",
    "`**bold**`",
    "%%{init: {'securityLevel': 'loose'}}%%",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; #lt;",
    "a\\nb\\",
    "--- | --> ::: ;",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_to_mermaid(name: str) -> None:
    """Everything that could mean something is a number, which its parser writes as the character."""
    lines = graph_mermaid(graph_of([name], [])).splitlines()

    assert len(lines) == 2
    found = re.fullmatch(r'  n1\["((?:[\w /.()-]|#\d+;)*)"\]', lines[1])
    assert found
    assert re.sub(r"#(\d+);", lambda code: chr(int(code[1])), found[1]) == inert(name)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_to_graphviz(name: str) -> None:
    lines = graph_dot(graph_of([name], [], {name: "create"})).splitlines()

    assert len(lines) == 5
    quoted = r'"(?:[^"\\]|\\.)*"'
    assert re.fullmatch(rf"  {quoted} \[label={quoted}\];", lines[3])


def test_graph_of_a_plan_has_what_waits_for_something_and_what_is_waited_for() -> None:
    shown = plan(
        change("Schema/a", Action.CREATE),
        change("Schema/b", Action.UPDATE, depends_on=("Schema/a", "Schema/elsewhere")),
        change("Widget/alone", Action.CREATE),
    )

    graph = plan_graph(shown)

    assert graph.nodes == ("Schema/a", "Schema/b", "Schema/elsewhere")
    assert [(edge.source, edge.target) for edge in graph.edges] == [
        ("Schema/b", "Schema/a"),
        ("Schema/b", "Schema/elsewhere"),
    ]
    assert graph.actions["Schema/b"] == "update"


def test_nothing_is_a_picture_too() -> None:
    assert graph_mermaid(graph_of([], [])) == "flowchart LR\n"
    assert graph_document(graph_of([], [])) == {"format": "reconciler.graph/1", "nodes": [], "edges": []}
