"""Lines of a report, with or without colour.

A line is a rich `Text`, never markup: what stands in a name cannot be taken for a style. Without colour the
output is the bare text, so that it is the same on every machine.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from reconciler.reports.inert import defuse, inert

Part = str | tuple[str, str]
"""Text, or text and its style."""

RIGHT_ALIGNED = "0123456789-+.%"


def line(*parts: Part) -> Text:
    """A line put together from its parts, each made inert."""
    return Text.assemble(
        *(inert(part) if isinstance(part, str) else (inert(part[0]), part[1]) for part in parts), end=""
    )


def indented(lines: Iterable[Text], by: int) -> Iterable[Text]:
    """The same lines, further to the right."""
    blank = " " * by
    return (line(blank).append_text(text) if text.plain else text for text in lines)


def render(lines: Iterable[Text], *, color: bool) -> str:
    """The lines as text; each ends with a newline, none with blanks, and none is a pipeline's command."""
    safe = [_defused(text) for text in lines]
    if not color:
        return "".join(f"{text.plain.rstrip()}\n" for text in safe)
    stream = io.StringIO()
    console = Console(
        file=stream,
        force_terminal=True,
        color_system="standard",
        no_color=False,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    for text in safe:
        text.rstrip()
        console.print(text, soft_wrap=True)
    return stream.getvalue()


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """An aligned table for people, as text; the header is left out when no column has a name."""
    return render(table_lines(columns, rows), color=False)


def table_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[Text]:
    """The lines of an aligned table; columns that hold only numbers are aligned to the right."""
    body = [[inert(cell) for cell in row] for row in rows]
    header = [inert(name) for name in columns]
    every = list(zip_longest(header, *body, fillvalue=""))
    widths = [max(map(cell_len, column)) for column in every]
    numeric = [is_numeric(column[1:]) for column in every]
    drawn = [_row(cells, widths, numeric, "bold") for cells in ([header] if any(header) else [])]
    return drawn + [_row(cells, widths, numeric, "") for cells in body]


def is_numeric(cells: Sequence[str]) -> bool:
    """Whether a column holds numbers, units and signs included: such are aligned to the right."""
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(cell[0] in RIGHT_ALIGNED and cell[-1] in RIGHT_ALIGNED for cell in filled)


def _row(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool], style: str) -> Text:
    padded = [
        " " * (width - cell_len(cell)) + cell if right else cell + " " * (width - cell_len(cell))
        for cell, width, right in zip(cells, widths, numeric, strict=False)
    ]
    return line(("  ".join(padded).rstrip(), style))


def _defused(text: Text) -> Text:
    printed = defuse(text.plain)
    return text if printed == text.plain else line(printed)
