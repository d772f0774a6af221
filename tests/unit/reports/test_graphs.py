"""Graphs as text, from names that nobody vouches for."""

from __future__ import annotations

from reconciler.reports.graphs import GraphEdge, graph_document, graph_dot, graph_mermaid, graph_of

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
    ]
    assert graph_dot(DRAWN).splitlines()[3:-1] == [
        '  "Schema/a";',
        '  "Schema/b" [label="Schema/b (create)"];',
        '  "Schema/b" -> "Schema/a";',
    ]


def test_hostile_names_stay_names() -> None:
    hostile = graph_of(['Schema/a"];\nclick n1 "http://x"', "Schema/#\x1b[2J"], [])

    mermaid, dot = graph_mermaid(hostile), graph_dot(hostile)

    assert len(mermaid.splitlines()) == 3
    assert len(dot.splitlines()) == 6
    assert "\x1b" not in mermaid + dot
    assert '#quot;];\\nclick n1 #quot;http://x#quot;"]' in mermaid


def test_nothing_is_a_picture_too() -> None:
    assert graph_mermaid(graph_of([], [])) == "flowchart LR\n"
    assert graph_document(graph_of([], [])) == {"format": "reconciler.graph/1", "nodes": [], "edges": []}
