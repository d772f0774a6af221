"""Values side by side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.values import JsonValue
from reconciler.reports.html.comparison import LONGEST_FLOW, MOST_ROWS, Row, Side, Tone, compare, mark_words
from reconciler.reports.literals import Literals
from tests.unit.reports.builders import SUPPORT

LITERALS = Literals({SUPPORT: "Queue/Support"}, 60, 400)


def drawn(rows: tuple[Row, ...]) -> list[str]:
    """Rows as text: `before | after`, words that differ in brackets."""
    return [
        f"({row.skipped} skipped)"
        if row.skipped
        else f"({row.cut} cut)"
        if row.cut
        else f"{_side(row.before)} | {_side(row.after)}"
        for row in rows
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (1, 2, ["-1 | +2"]),
        (None, True, ["(none) | +true"]),
        (30, None, ["-30 | (none)"]),
        ("", None, ['-"" | (none)']),
        ({"$unknown": "Schema/a"}, SUPPORT, ["-(known after apply of Schema/a) | +Queue/Support (5f5e…)"]),
        ("red", "green", ["-red | +green"]),
        ("we open at eight", "we open at ten", ["-we open at [eight] | +we open at [ten]"]),
        ("at the very end", "at the end", ["-at the [very ]end | +at the end"]),
        ("soon as we can", "within a day as we can", ["-[soon] as we can | +[within a day] as we can"]),
        ("red", "blue, green", ['-red | +"blue, green"']),
        ({"a": 1}, {"a": 2}, ["-{a: 1} | +{a: 2}"]),
    ],
)
def test_short_values_are_one_row(before: JsonValue, after: JsonValue, expected: list[str]) -> None:
    assert drawn(compare(before, after, LITERALS)) == expected


def test_lines_of_a_text_face_each_other() -> None:
    rows = compare("one\nand two\nthree", "one\nand two more\nthree\nfour", LITERALS)

    assert drawn(rows) == [
        " one |  one",
        "-and two | +and two[ more]",
        " three |  three",
        " | +four",
    ]


def test_equal_lines_far_from_a_difference_are_counted() -> None:
    lines = [f"line {at}" for at in range(30)]

    rows = compare("\n".join(lines), "\n".join([*lines[:15], "other", *lines[15:]]), LITERALS)

    assert drawn(rows) == [
        "(14 skipped)",
        " line 14 |  line 14",
        " | +other",
        " line 15 |  line 15",
        "(14 skipped)",
    ]


def test_a_differing_line_keeps_what_it_is_a_part_of() -> None:
    before = [{"name": name, "text": "x" * 50, "more": "y" * 50, "size": 1} for name in ("first", "second")]
    after = [before[0], {**before[1], "size": 2}]

    assert drawn(compare(before, after, LITERALS)) == [
        "(4 skipped)",
        " - name: second |  - name: second",
        f"   text: {'x' * 50} |    text: {'x' * 50}",
        f"   more: {'y' * 50} |    more: {'y' * 50}",
        "-  size: [1] | +  size: [2]",
    ]


def test_order_of_members_is_no_difference() -> None:
    long = "x" * 50
    rows = compare({"a": long, "b": long, "c": 1}, {"c": 2, "b": long, "a": long}, LITERALS)

    assert [text for text in drawn(rows) if text[0] in "-+"] == ["-c: [1] | +c: [2]"]


def test_what_has_no_counterpart_stands_alone() -> None:
    rows = compare(None, {"name": "a" * 40, "type": "b" * 40}, LITERALS)

    assert drawn(rows) == [f"(none) | +name: {'a' * 40}", f" | +type: {'b' * 40}"]


def test_difference_behind_a_cut_is_shown() -> None:
    before, after = ({"text": f"{'x' * 5_000}{end}", "name": "n"} for end in ("old", "new"))

    shown = drawn(compare(before, after, LITERALS))

    assert any("old" in text and "new" in text for text in shown)


def test_long_texts_are_cut_around_their_difference() -> None:
    start = "word " * LONGEST_FLOW

    (row,) = compare(f"{start}old", f"{start}new", LITERALS)

    assert "old" in row.before.text
    assert "new" in row.after.text
    assert len(row.before.text) < LONGEST_FLOW + 100


@pytest.mark.parametrize(("lines", "shown"), [(500, MOST_ROWS), (5_000, 1)])
def test_size_is_bounded(lines: int, shown: int) -> None:
    before, after = ("\n".join(f"{word} {at}" for at in range(lines)) for word in ("old", "new"))

    assert len(compare(before, after, LITERALS)) == shown


TEXTS = st.text(alphabet="ab \n.", max_size=40)


@given(TEXTS, TEXTS)
def test_marking_words_changes_no_text(old: str, new: str) -> None:
    before, after = mark_words(old, new)

    assert "".join(piece.text for piece in before) == old
    assert "".join(piece.text for piece in after) == new


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_no_differing_line_is_lost(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(["", *old, "end"]), "\n".join(["", *new, "end"])
    rows = compare(before, after, LITERALS)

    if before != after:
        gone = [row.before.text for row in rows if row.before.tone is Tone.BEFORE]
        come = [row.after.text for row in rows if row.after.tone is Tone.AFTER]
        kept = len(old) - len(gone)
        assert kept == len(new) - len(come)
        assert not set(gone) - set(old)
        assert not set(come) - set(new)


def _side(side: Side) -> str:
    sign = {Tone.BEFORE: "-", Tone.AFTER: "+", Tone.SAME: " "}.get(side.tone, "")
    return sign + "".join(f"[{piece.text}]" if piece.differs else piece.text for piece in side.pieces)
