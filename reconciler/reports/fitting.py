"""Fits the details of many resources into one document: each has its share, and what is left out is counted.

A resource is shown whole, cut, as one line, or not at all. All of them are one line before one of them is
more, so that no long resource hides that there are others; what comes first is cut last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reconciler.reports.code_blocks import Size

FAIR_SHARE = 600
"""With less room than this for each, the first ones have their details and the others are a line."""
GENEROUS_SHARE = 2_000

Details = Callable[[int], str | None]
"""The details in at most so much room; None where that is too little for any."""


@dataclass(frozen=True, slots=True)
class Section:
    """One resource.

    Args:
        title: of the group it belongs to.
        line: what it is, on one line.
    """

    title: str
    line: Callable[[], str]
    details: Details


def fit(sections: Sequence[Section], room: int, *, size: Size, whole: int) -> tuple[list[str], int]:
    """What is shown of each, in order, and of how many nothing is.

    Args:
        room: for all of them.
        whole: what one may take at most.
    """
    lines = _fitting_lines(sections, room, size)
    if len(lines) < len(sections):
        return lines, len(sections) - len(lines)
    entire = [section.details(whole) or line for section, line in zip(sections, lines, strict=True)]
    sizes = [size(text) for text in entire]
    if sum(sizes) <= room:
        return entire, 0
    share = _share(sizes, room)
    if share >= FAIR_SHARE:
        return [section.details(share) or line for section, line in zip(sections, lines, strict=True)], 0
    return _first_in_detail(sections, lines, room, size), 0


def _fitting_lines(sections: Sequence[Section], room: int, size: Size) -> list[str]:
    lines: list[str] = []
    for section in sections:
        line = section.line()
        room -= size(line)
        if room < 0:
            break
        lines.append(line)
    return lines


def _share(sizes: Sequence[int], room: int) -> int:
    """What each may take, when what the small ones do not need is left to the large ones."""
    left, others = room, len(sizes)
    for taken in sorted(sizes):
        if taken * others > left:
            return left // others
        left, others = left - taken, others - 1
    return room


def _first_in_detail(sections: Sequence[Section], lines: list[str], room: int, size: Size) -> list[str]:
    spare = room - sum(map(size, lines))
    shown = []
    for section, line in zip(sections, lines, strict=True):
        details = section.details(GENEROUS_SHARE) if spare >= FAIR_SHARE else None
        if details is not None and size(details) - size(line) <= spare:
            spare -= size(details) - size(line)
            shown.append(details)
        else:
            shown.append(line)
    return shown
