"""Where the boxes of a picture are placed."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.change import Action
from reconciler.reports.html.drawing import MOST_NODES, draw
from reconciler.reports.html.layout import lay_out
from tests.unit.reports.builders import change, plan

NAMES = st.sampled_from("abcdefgh")
EDGES = st.lists(st.tuples(NAMES, NAMES), max_size=24)


def test_diamond_is_drawn_in_three_layers_with_its_middle_level() -> None:
    layout = lay_out("abcd", [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])

    assert layout.layers == {"a": 0, "b": 1, "c": 1, "d": 2}
    assert layout.heights == {"a": 0.5, "b": 0.0, "c": 1.0, "d": 0.5}


def test_edge_over_a_layer_passes_beside_what_is_in_it() -> None:
    layout = lay_out("abc", [("a", "b"), ("b", "c"), ("a", "c")])

    assert layout.layers == {"a": 0, "b": 1, "c": 2}
    assert len(layout.routes["a", "c"]) == 3
    assert abs(layout.routes["a", "c"][1] - layout.heights["b"]) >= 1


def test_edges_that_need_not_cross_do_not() -> None:
    layout = lay_out("abcxyz", [("a", "z"), ("b", "y"), ("c", "x")])

    ends = sorted((layout.heights[source], layout.heights[target]) for source, target in layout.routes)
    assert all(before[1] < after[1] for before, after in pairwise(ends))


@given(EDGES)
def test_every_edge_leads_to_the_right_and_only_circles_lose_one(edges: list[tuple[str, str]]) -> None:
    layout = lay_out("abcdefgh", edges)

    assert all(layout.layers[source] < layout.layers[target] for source, target in layout.routes)
    left_out = set(edges) - set(layout.routes)
    assert all(_leads(layout.routes, target, source) for source, target in left_out)


@given(EDGES)
def test_nothing_stands_on_anything_else(edges: list[tuple[str, str]]) -> None:
    layout = lay_out("abcdefgh", edges)

    for one, other in combinations(layout.layers, 2):
        if layout.layers[one] == layout.layers[other]:
            assert abs(layout.heights[one] - layout.heights[other]) > 1 - 1e-9
    assert (
        min(height for route in (*layout.routes.values(), layout.heights.values()) for height in route) >= 0
    )


@given(EDGES)
def test_order_of_nodes_and_edges_changes_nothing(edges: list[tuple[str, str]]) -> None:
    assert lay_out("abcdefgh", edges) == lay_out("hgfedcba", edges[::-1])


def test_picture_leads_from_what_comes_first_to_what_waits() -> None:
    drawing = draw(
        plan(
            change("Schema/a", Action.CREATE),
            change("Schema/b", Action.CREATE, depends_on=("Schema/a", "Schema/elsewhere")),
            change("Schema/lone", Action.CREATE),
        )
    )

    assert [(arrow.source, arrow.target) for arrow in drawing.arrows] == [("Schema/a", "Schema/b")]
    assert [box.label for box in drawing.boxes] == ["Schema/a", "Schema/b"]
    assert drawing.boxes[0].x < drawing.boxes[1].x
    assert drawing.said == (
        "2 changes and 1 dependency. An arrow leads from a change to the one that waits for it. "
        "1 more change waits for nothing and nobody."
    )


def test_too_large_a_picture_is_counted_and_listed() -> None:
    changes = [change("Schema/first", Action.CREATE)]
    changes += [
        change(f"Schema/s{at}", Action.CREATE, depends_on=("Schema/first",)) for at in range(MOST_NODES)
    ]

    drawing = draw(plan(*changes))

    assert drawing.boxes == ()
    assert drawing.said.startswith(f"{MOST_NODES + 1} changes and {MOST_NODES} dependencies: more than")
    assert len(drawing.waits) == MOST_NODES


def test_circle_in_a_damaged_plan_is_still_drawn() -> None:
    drawing = draw(
        plan(
            change("Schema/a", Action.CREATE, depends_on=("Schema/b",)),
            change("Schema/b", Action.CREATE, depends_on=("Schema/a", "Schema/b")),
        )
    )

    assert len(drawing.boxes) == 2
    assert len(drawing.arrows) == 1


def test_nothing_to_order_is_said() -> None:
    assert draw(plan(change("Schema/a", Action.CREATE))).said == "Nothing to order."
    two = plan(change("Schema/a", Action.CREATE), change("Schema/b", Action.CREATE))
    assert draw(two).said == "None of the 2 changes waits for another."


def test_long_names_keep_their_beginning_and_end() -> None:
    name = f"Schema/{'x' * 40}_first"
    drawing = draw(plan(change(name, Action.CREATE), change("Schema/b", Action.CREATE, depends_on=(name,))))

    label = next(box.label for box in drawing.boxes if box.link.address == name)
    assert label == "Schema/xxxxx…xxxxxx_first"


def _leads(edges: object, start: str, end: str) -> bool:
    """Tell whether there is a way: an edge that is left out would have closed a circle."""
    assert isinstance(edges, dict)
    reached, ahead = {start}, [start]
    while ahead:
        at = ahead.pop()
        following = [target for source, target in edges if source == at and target not in reached]
        reached.update(following)
        ahead += following
    return end in reached
