"""What of two documents is shown: what differs, whose it is, and how much is equal."""

from __future__ import annotations

import pytest

from reconciler.model.values import JsonValue
from reconciler.reports.differences import depth_of, differing_lines, flat, in_one_order
from reconciler.reports.field_lines import diff_lines
from reconciler.reports.literals import Literals


def schedule(name: str, to: str) -> JsonValue:
    days: JsonValue = ["MON", "TUE", "WED", "THU", "FRI"]
    return {"days": days, "from": "08:00", "note": "x" * 20, "to": to, "name": name}


def test_element_that_differs_shows_its_key_and_the_others_are_counted() -> None:
    before = [schedule(name, "20:00") for name in ("a", "b", "c", "d")]
    after = [*before[:2], schedule("c", "21:00"), before[3]]

    assert diff_lines(before, after, Literals(width=50)) == [
        "  … 2 unchanged elements",
        "  - name: c",
        "  … 2 unchanged lines",
        f"    note: {'x' * 20}",
        '-   to: "20:00"',
        '+   to: "21:00"',
        "  - name: d",
        "  … 4 unchanged lines",
    ]


def test_order_of_members_is_no_difference() -> None:
    both = in_one_order({"type": ["count"], "name": "a", "id": 1}, {"id": 1, "type": "sum", "name": "a"})

    assert [Literals().flow(value) for value in both] == [
        "{name: a, id: 1, type: [count]}",
        "{name: a, id: 1, type: sum}",
    ]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (["a", "b"], ["a", "b"], ["  … 2 unchanged lines"]),
        ([], ["a"], ["+ a"]),
        (["a", "b", "c", "d"], ["a", "b", "c", "x"], ["  … 2 unchanged lines", "  c", "- d", "+ x"]),
        (["a", "b", "c", "d"], ["x", "b", "c", "d"], ["- a", "+ x", "  b", "  … 2 unchanged lines"]),
    ],
)
def test_equal_lines_are_counted_on_each_side(before: list[str], after: list[str], lines: list[str]) -> None:
    assert list(differing_lines(before, after, flat)) == lines


def test_indentation_of_a_text_says_nothing() -> None:
    before, after = ["a", "  b", "  c", "  d"], ["a", "  b", "  c", "  x"]

    assert next(differing_lines(before, after, flat)) == "  … 2 unchanged lines"
    assert next(differing_lines(before, after, depth_of)) == "  a"
