"""A checkup, as JSON and for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.text import Text

from reconciler.model.checkup import Checkup, Finding, Health
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.values import JsonObject
from reconciler.reports.json_documents import diagnostic_document
from reconciler.reports.lines import line, render

DOCTOR_FORMAT = "reconciler.doctor/1"

_STYLES = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "bold red"}


def checkup_document(checkup: Checkup) -> JsonObject:
    """The facts, flat, with the findings and, of those that are not ok, the diagnostics."""
    return {
        "format": DOCTOR_FORMAT,
        "status": checkup.health.value,
        **checkup.facts,
        "findings": [
            {"name": found.name, "status": found.health.value, "message": found.message, "hint": found.hint}
            for found in checkup.findings
        ],
        "diagnostics": [
            diagnostic_document(_diagnostic(found, found.code))
            for found in checkup.findings
            if found.code is not None and found.health is not Health.OK
        ],
    }


def checkup_text(checkup: Checkup, *, color: bool) -> str:
    """A line a finding, what to do under each that is not ok, and the count."""
    width = max(len(found.name) for found in checkup.findings)
    lines = [each for found in checkup.findings for each in _lines(found, width)]
    return render([*lines, _summary(checkup)], color=color)


def _diagnostic(found: Finding, code: str) -> Diagnostic:
    severity = Severity.ERROR if found.health is Health.FAIL else Severity.WARNING
    return Diagnostic(severity, code, found.message, hint=found.hint, file=found.file, line=found.line)


def _lines(found: Finding, width: int) -> Iterator[Text]:
    name = found.name.replace("_", " ")
    yield line(
        (f"{found.health.value:<4}", _STYLES[found.health]),
        f"  {name:<{width}}  ",
        found.place + found.message,
    )
    if found.hint is not None and found.health is not Health.OK:
        yield line(" " * (width + 8), f"-> {found.hint}")


def _summary(checkup: Checkup) -> Text:
    counts = Counter(found.health for found in checkup.findings)
    return line(
        f"Doctor: {counts[Health.OK]} ok, {counts[Health.WARN]} to look at, {counts[Health.FAIL]} failed."
    )
