"""Diagnostics for people."""

from __future__ import annotations

import pytest

from reconciler.reports import diagnostics_text
from tests.unit.reports.builders import error, warning

SOURCE = {("m/a.yaml", 3): "\tnmae: 東京 x\n", ("m/a.yaml", 4): "x" * 500}


def read(file: str, number: int) -> str | None:
    return SOURCE.get((file, number))


def test_diagnostics_are_sorted_by_place_and_counted() -> None:
    found = [
        error("b.two", "second\nwith the chain", file="m/a.yaml", line=9, address="Widget/a"),
        warning("a.one", "first", file="m/a.yaml", line=3, column=2, hint="do this\nor that"),
    ]

    assert diagnostics_text(found) == (
        "warning[a.one] m/a.yaml:3:2\n"
        "  first\n"
        "  hint: do this\n"
        "        or that\n"
        "error[b.two] m/a.yaml:9 Widget/a\n"
        "  second\n"
        "  with the chain\n"
        "1 error, 1 warning\n"
    )


@pytest.mark.parametrize(
    ("line", "column", "shown"),
    [
        (3, 2, ["  3 |  nmae: 東京 x", "    |  ^"]),
        (3, 11, ["  3 |  nmae: 東京 x", "    |             ^"]),
        (3, 99, ["  3 |  nmae: 東京 x"]),
        (3, None, ["  3 |  nmae: 東京 x"]),
        (4, 1, [f"  4 | {'x' * 200}…", "    | ^"]),
        (5, 1, []),
    ],
)
def test_source_line_has_a_caret(line: int, column: int | None, shown: list[str]) -> None:
    found = error("a.b", "no", file="m/a.yaml", line=line, column=column)

    lines = diagnostics_text([found], source_line=read).splitlines()

    assert lines[2:-1] == shown


def test_no_diagnostics_are_no_text() -> None:
    assert diagnostics_text([]) == ""


def test_colour_marks_the_severity() -> None:
    assert diagnostics_text([error("a.b", "no")], color=True).startswith("\x1b[1;31merror[a.b]\x1b[0m")
