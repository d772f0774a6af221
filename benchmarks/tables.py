"""The figures as a table, in the terminal and in docs/performance.md."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.cases import Figure

BEGIN, END = "<!-- figures of {size}: begin -->", "<!-- figures of {size}: end -->"
HEAD = "| command | wall | CPU | peak | requests | × `python -c pass` | goal | |"


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""
    lines = [HEAD, "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"]
    lines += [
        f"| {figure.case.name} | {_seconds(figure.run.wall_s)} | {_seconds(figure.run.cpu_s)} "
        f"| {figure.run.peak_mb:.0f} MiB | {'' if figure.requests is None else figure.requests} "
        f"| {figure.times_baseline:.1f} | {figure.case.goal} | {figure.verdict} |"
        for figure in figures
    ]
    return "\n".join(lines)


def machine(rounds: int) -> str:
    """Return what was measured on, when, and how often."""
    today = datetime.now(UTC).date().isoformat()
    return (
        f"Measured on {today}: {_processor()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}; the best of {rounds} rounds."
    )


def write_figures(document: Path, size: int, text: str) -> None:
    """Put the text between the document's marks for this size.

    Raises:
        ValueError: It has no such marks.
    """
    begin, end = BEGIN.format(size=size), END.format(size=size)
    before = document.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(before):
        raise ValueError(f"{document} has no place for figures of {size}: {begin} … {end}")
    after = pattern.sub(lambda _: f"{begin}\n{text}\n{end}", before)
    document.write_text(after, encoding="utf-8")


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.2f} s"


def _processor() -> str:
    """Return the processor's name where the system tells."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*: (.+)$", told, re.MULTILINE)
    return found.group(1) if found else platform.machine()
