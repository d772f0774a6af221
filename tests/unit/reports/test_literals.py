"""Values and fields as people read them."""

from __future__ import annotations

import pytest

from reconciler.model.plan import PlannedField
from reconciler.model.values import JsonValue
from reconciler.reports.field_lines import cut_lines, field_lines
from reconciler.reports.lines import render
from reconciler.reports.literals import Literals, clip, excerpts, short_id
from tests.unit.reports.builders import SUPPORT, field

LITERALS = Literals({SUPPORT: "Queue/Support"}, 60)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        (10**30, "1" + "0" * 30),
        ("plain words", "plain words"),
        ("1.0.0", "1.0.0"),
        ("true", '"true"'),
        ("12", '"12"'),
        ("1.5", '"1.5"'),
        ("", '""'),
        ("a: b", '"a: b"'),
        ("line\nline", '"line\\nline"'),
        (SUPPORT, "Queue/Support (5f5e…)"),
        ({"$secret": "digest"}, "(secret)"),
        ({"$unknown": "Schema/x#/version"}, "(known after apply of Schema/x#/version)"),
        ({"$lookup": "Queue/Sales"}, "Queue/Sales"),
        ({"$ref": "Schema/x"}, "Schema/x"),
        ({"$secret": 1}, "{$secret: 1}"),
        ({"a": [1, {"b c": "d"}], "e": {}}, "{a: [1, {b c: d}], e: {}}"),
    ],
)
def test_value_on_one_line(value: JsonValue, written: str) -> None:
    assert LITERALS.flow(value) == written


def test_nested_value_takes_lines_only_where_it_is_wide() -> None:
    value: JsonValue = {
        "name": "care",
        "roles": ["agent", "supervisor"],
        "fields": [{"name": "a", "constraints": {"pattern": "x" * 50, "minimum": 1}}, 2],
        "text": "first\nsecond",
        "long": "y" * 100,
    }

    assert LITERALS.block(value) == [
        "name: care",
        "roles: [agent, supervisor]",
        "fields:",
        "  - name: a",
        "    constraints:",
        f"      pattern: {clip('x' * 50, 45)}",
        "      minimum: 1",
        "  - 2",
        "text: |",
        "  first",
        "  second",
        f"long: {'y' * 36}… (100 characters)",
    ]


def test_cut_texts_show_where_they_differ() -> None:
    before, after = excerpts("a" * 200 + "b" + "c" * 200, "a" * 200 + "d" + "c" * 200, 30)

    assert before == f'"…{"a" * 10}b{"c" * 19}"… (401 characters)'
    assert after == f'"…{"a" * 10}d{"c" * 19}"… (401 characters)'


def test_short_ids_are_not_cut() -> None:
    assert [short_id("abc"), short_id("abcdef")] == ["abc", "abcd…"]


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        (field("/a", None, 5), ["/a: (none) -> 5 [intent]"]),
        (field("/a", [1], []), ["/a: [1] -> [] [intent]"]),
        (field("/s", None, {"$secret": "d"}), ["/s: (secret, new) [intent]"]),
        (field("/s", {"$secret": "d"}, None), ["/s: (secret, removed) [intent]"]),
        (field("/s", "old", "new", sensitive=True), ["/s: (secret, changed) [intent]"]),
        (
            field("/l", ["alpha" * 4, "beta" * 5], ["alpha" * 4, "gamma" * 5]),
            ["/l: [intent]", f"    - {'alpha' * 4}", f"  - - {'beta' * 5}", f"  + - {'gamma' * 5}"],
        ),
        (
            field("/o", None, {"name": "n" * 30, "title": "t" * 30}),
            ["/o: [intent]", f"  + name: {'n' * 30}", f"  + title: {'t' * 30}"],
        ),
        (
            field("/t", "x" * 80, "x" * 80 + "!"),
            [
                "/t: [intent]",
                f'  - "…{"x" * 6}"… (80 characters)',
                f'  + "…{"x" * 6}!"… (81 characters)',
            ],
        ),
    ],
)
def test_changed_field(changed: PlannedField, lines: list[str]) -> None:
    assert render(field_lines(changed, LITERALS), color=False).splitlines() == lines


def test_values_that_are_cut_alike_still_differ() -> None:
    before = {"a": ["z" * 70 + "1"]}
    after = {"a": ["z" * 70 + "2"]}

    shown = render(field_lines(field("/o", before, after), LITERALS), color=False)

    assert '1]}"…' in shown
    assert '2]}"…' in shown


def test_secret_is_never_written_out() -> None:
    shown = render(field_lines(field("/s", "hunter2", "hunter3", sensitive=True), LITERALS), color=False)

    assert "hunter" not in shown


def test_enormous_texts_are_counted_instead_of_compared() -> None:
    shown = render(field_lines(field("/t", "a\n" * 5000, "b\n" * 4000), LITERALS), color=False)

    assert shown.splitlines() == ["/t: [intent]", "  - (5,000 lines)", "  + (4,000 lines)"]


def test_cut_lines_are_counted() -> None:
    assert cut_lines(["a", "b", "c", "d"], 3) == ["a", "b", "  … 2 more lines in the plan's JSON"]
    assert cut_lines(["a", "b", "c"], 3) == ["a", "b", "c"]
