"""Edits in place: what changes is written anew, and not one character besides."""

from __future__ import annotations

import pytest

from reconciler.manifests.editing import REMOVED, Edit, Uneditable, edited
from reconciler.model.values import JsonValue

TEXT = """\
# head
a: 1   # one
'b': "two"  # in quotes
c:   'three'
d: { x: 1,  y: [p , q] }   # spaced
e:
    - name: first   # keep me
      size: 1
    # between
    - {name: second, size: 2}
f: |
  old
  text
g: [ ]
h:
- u
- v   # last
i: &shared {k: 1}
j: *shared
---
a: other
"""


def changed(pointer: str, value: JsonValue, *, text: str = TEXT) -> list[tuple[str, str]]:
    """The lines that differ, before and after; the number of lines must stay."""
    before, after = text.splitlines(), edited(text, 2, [Edit(pointer, value)]).splitlines()
    assert len(before) == len(after)
    return [(old, new) for old, new in zip(before, after, strict=True) if old != new]


@pytest.mark.parametrize(
    ("pointer", "value", "line"),
    [
        ("/a", 2, "a: 2   # one"),
        ("/a", "no", "a: 'no'   # one"),
        ("/a", "plain words", "a: plain words   # one"),
        ("/a", [1, "x"], "a: [1, x]   # one"),
        ("/b", "other", "'b': \"other\"  # in quotes"),
        ("/b", 'say "x"', '\'b\': "say \\"x\\""  # in quotes'),
        ("/b", 5, "'b': 5  # in quotes"),
        ("/c", "it's", "c:   'it''s'"),
        ("/c", True, "c:   true"),
        ("/d/x", 7, "d: { x: 7,  y: [p , q] }   # spaced"),
        ("/d/y", ["r"], "d: { x: 1,  y: [r] }   # spaced"),
        ("/d/y/0", "a, b", "d: { x: 1,  y: ['a, b' , q] }   # spaced"),
        ("/d/y/-", "r", "d: { x: 1,  y: [p , q, r] }   # spaced"),
        ("/d/y/1", REMOVED, "d: { x: 1,  y: [p] }   # spaced"),
        ("/d/y/0", REMOVED, "d: { x: 1,  y: [q] }   # spaced"),
        ("/d", {"z": None}, "d: {z: null}   # spaced"),
        ("/e/0/size", 3, "      size: 3"),
        ("/e/1/size", 4, "    - {name: second, size: 4}"),
        ("/g/-", "x", "g: [x ]"),
        ("/h/1", "w", "- w   # last"),
        ("/i", {}, "i: &shared {}"),
    ],
)
def test_one_line_changes(pointer: str, value: JsonValue, line: str) -> None:
    if pointer == "/i":
        with pytest.raises(Uneditable):
            changed(pointer, value)
        return
    ((_, new),) = changed(pointer, value)

    assert new == line


def test_element_is_added_behind_the_last_one() -> None:
    after = edited(TEXT, 2, [Edit("/e/-", {"name": "third", "size": 3}), Edit("/h/-", "w")])

    assert "    - {name: second, size: 2}\n    - {name: third, size: 3}\nf: |" in after
    assert "- v   # last\n- w\ni: " in after


def test_block_element_is_added_as_a_block() -> None:
    text = "e:\n  - name: a\n    size: 1\nf: 1\n"

    assert edited(text, 1, [Edit("/e/-", {"name": "b", "parts": [{"x": 1}]})]) == (
        "e:\n  - name: a\n    size: 1\n  - name: b\n    parts:\n      - {x: 1}\nf: 1\n"
    )


def test_element_goes_with_its_lines() -> None:
    assert edited(TEXT, 2, [Edit("/e/1", REMOVED)]) == TEXT.replace("    - {name: second, size: 2}\n", "")
    assert edited(TEXT, 2, [Edit("/h/0", REMOVED)]) == TEXT.replace("- u\n", "")


def test_block_text_is_written_in_one_line_where_it_has_one() -> None:
    after = edited(TEXT, 2, [Edit("/f", "new")])

    assert "f: new\ng: [ ]" in after


def test_several_edits_do_not_disturb_each_other() -> None:
    after = edited(TEXT, 2, [Edit("/a", 10), Edit("/e/0/size", 100), Edit("/h/1", "longer")])

    assert after == (
        TEXT.replace("a: 1 ", "a: 10 ", 1)
        .replace("      size: 1\n", "      size: 100\n")
        .replace("- v ", "- longer ")
    )


def test_document_is_told_by_its_line() -> None:
    assert edited(TEXT, 21, [Edit("/a", "x")]).endswith("---\na: x\n")
    with pytest.raises(Uneditable):
        edited(TEXT, 5, [Edit("/a", "x")])


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/none", 1),
        ("/e/7", 1),
        ("/i/k", 2),
        ("/j", 2),
        ("/j/k", 2),
        ("/a", REMOVED),
        ("/d/x", REMOVED),
        ("/h/-", REMOVED),
    ],
)
def test_what_cannot_be_told_apart_is_refused(pointer: str, value: JsonValue) -> None:
    with pytest.raises(Uneditable):
        edited(TEXT, 2, [Edit(pointer, value)])


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_line_ends_stay(ends: str) -> None:
    text = f"a: 1{ends}b:{ends}  - x{ends}c: ä{ends}"

    assert edited(text, 1, [Edit("/a", 2), Edit("/c", "ö")]) == f"a: 2{ends}b:{ends}  - x{ends}c: ö{ends}"


JSON = """\
{
  "a": "x", "b": [1, 2],
  "c": [
    {"n": 1},
    {"n": 2}
  ]
}
"""


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_json_stays_json(ends: str) -> None:
    edits = [Edit("/a", "é: y"), Edit("/b", [1, {"k": True}]), Edit("/c/-", {"n": 3})]

    after = edited(JSON.replace("\n", ends), 1, edits, file="a.json")

    wanted = JSON.replace('"x"', '"é: y"').replace("[1, 2]", '[1, {"k": true}]')
    assert after == wanted.replace('{"n": 2}', '{"n": 2},\n    {"n": 3}').replace("\n", ends)


BLOCKS = """\
a:
  - name: one # first
    size: 1   # small
  - {name: two, size: 2}
b: [x, y, z]  # letters
c: >-
  folded
  text

# comment
d: {e: plain}
f: [p, q,]
g: []
"""


@pytest.mark.parametrize(
    ("pointer", "value", "old", "new"),
    [
        ("/a", [{"name": "one", "size": 9}, {"name": "two", "size": 2}], "size: 1 ", "size: 9 "),
        ("/a", [{"name": "one", "size": 1}], "  - {name: two, size: 2}\n", ""),
        ("/a", [{"name": "two", "size": 2}], "  - name: one # first\n    size: 1   # small\n", ""),
        ("/b", ["x", "z"], "[x, y, z]", "[x, z]"),
        ("/b", ["w", "x", "y", "z"], "[x, y, z]", "[w, x, y, z]"),
        ("/c", "one: 1\n\ntwo # 2\n", ">-\n  folded\n  text", "|\n  one: 1\n\n  two # 2"),
        ("/c", " led", ">-\n  folded\n  text", "' led'"),
        ("/c", " led\nby", ">-\n  folded\n  text", '" led\\nby"'),
        ("/d/e", "two\nlines", "plain", '"two\\nlines"'),
        ("/f/-", "r", "q,", "q, r,"),
        ("/g", ["s", "t"], "[]", "[s, t]"),
    ],
)
def test_only_what_differs_is_written_anew(pointer: str, value: JsonValue, old: str, new: str) -> None:
    assert edited(BLOCKS, 1, [Edit(pointer, value)]) == BLOCKS.replace(old, new)


def test_elements_are_added_in_their_order() -> None:
    edits = [Edit("/g/-", "s"), Edit("/g/-", "t"), Edit("/b/-", "v"), Edit("/b/-", "w")]

    assert edited(BLOCKS, 1, edits) == BLOCKS.replace("[]", "[s, t]").replace("z]", "z, v, w]")


def test_line_ends_of_what_is_added_are_those_of_the_file() -> None:
    text = "a:\r\n  - x\r\nb: 1\r\n"

    assert edited(text, 1, [Edit("/a/-", "y")]) == "a:\r\n  - x\r\n  - y\r\nb: 1\r\n"


def test_byte_order_mark_stays() -> None:
    assert edited("\ufeffa: 1\n", 1, [Edit("/a", 2)]) == "\ufeffa: 2\n"


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        ("a: [x, y, z]\n", [Edit("/a/0", REMOVED), Edit("/a/1", REMOVED)]),
        ("a:\n  -\n    b: 1\n  -\n    b: 2\n", [Edit("/a/0", REMOVED)]),
        ("a: x\n", [Edit("/a", "\ud83d")]),
    ],
)
def test_edit_that_would_say_something_else_is_refused(text: str, edits: list[Edit]) -> None:
    with pytest.raises(Uneditable):
        edited(text, 1, edits)
