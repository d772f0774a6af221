"""Diagnostics for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from reconciler.model.diagnostics import Diagnostic, Severity, sort_diagnostics
from reconciler.reports.inert import inert, inert_lines
from reconciler.reports.lines import line, render
from reconciler.reports.wording import counted, place_of

SourceLine = Callable[[str, int], str | None]
"""The text of a file's line, 1-based; None when it cannot be had."""

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


def diagnostics_text(
    diagnostics: Iterable[Diagnostic], *, color: bool = False, source_line: SourceLine | None = None
) -> str:
    """All diagnostics by place, each with its source line, caret and hint; then their number.

    Args:
        source_line: reads the manifests' lines; None shows none. Reports do no I/O of their own.
    """
    found = sort_diagnostics(diagnostics)
    lines = list(diagnostic_lines(found, source_line))
    return render([*lines, line(totals(found))], color=color) if found else ""


def diagnostic_lines(
    diagnostics: Sequence[Diagnostic], source_line: SourceLine | None = None
) -> Iterator[Text]:
    """The lines of several diagnostics in the order given."""
    for found in diagnostics:
        yield from _lines(found, source_line)


def most_severe_first(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Errors, then warnings, each by place."""
    return tuple(
        sorted(sort_diagnostics(diagnostics), key=lambda found: found.severity is not Severity.ERROR)
    )


def totals(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    errors = sum(found.severity is Severity.ERROR for found in diagnostics)
    warnings = len(diagnostics) - errors
    parts = [counted(errors, "error")] if errors or not warnings else []
    return ", ".join([*parts, *([counted(warnings, "warning")] if warnings else [])])


def hint_lines(hint: str, indent: int) -> Iterator[Text]:
    """What to do, as it stands below what is wrong."""
    first, *rest = inert_lines(hint)
    yield line(" " * indent, ("hint: ", "cyan"), first)
    yield from (line(" " * (indent + len("hint: ")), text) for text in rest)


def _lines(found: Diagnostic, source_line: SourceLine | None) -> Iterator[Text]:
    where = "".join(f" {part}" for part in (place_of(found), found.address or "") if part)
    yield line((f"{found.severity}[{found.code}]", _STYLES[found.severity]), (where, "bold"))
    yield from (line("  ", text) for text in inert_lines(found.message))
    if source_line and found.file is not None and found.line is not None:
        yield from _source(source_line(found.file, found.line), found.line, found.column)
    if found.hint:
        yield from hint_lines(found.hint, 2)


def _source(text: str | None, number: int, column: int | None) -> Iterator[Text]:
    if text is None:
        return
    shown = text.rstrip("\r\n").replace("\t", " ")
    yield line((f"  {number} | ", "dim"), _clipped(shown))
    if column is not None and column - 1 <= min(len(shown), _WIDEST_SOURCE):
        ahead = cell_len(inert(shown[: column - 1]))
        yield line((f"  {' ' * len(str(number))} | ", "dim"), f"{' ' * ahead}^")


_WIDEST_SOURCE = 200


def _clipped(text: str) -> str:
    return text if len(text) <= _WIDEST_SOURCE else f"{text[:_WIDEST_SOURCE]}…"
