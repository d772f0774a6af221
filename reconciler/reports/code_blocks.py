"""Pieces of Markdown in which outside text is obeyed by nothing: code spans, fenced blocks, escaped HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from reconciler.reports.inert import defuse, inert
from reconciler.reports.literals import clip
from reconciler.reports.wording import counted

MOST_LINES = 200
MOST_CHARACTERS = 12_000
WIDEST_LINE = 500
LONGEST_NAME = 300
WHERE = "in the text report (`reconciler plan`, or `reconciler show PLANFILE`)"

Size = Callable[[str], int]
"""How much of a limit a text takes."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a block may take.

    Args:
        limit: of its lines, as `size` measures them.
        where: where the rest is.
    """

    limit: int = MOST_CHARACTERS
    size: Size = len
    where: str = WHERE


def characters(text: str) -> int:
    """As a web page counts them: what is outside the basic plane takes two."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf8_bytes(text: str) -> int:
    """As a file has them."""
    return len(text.encode("utf-8", "surrogatepass"))


def code(text: str, most: int = LONGEST_NAME) -> str:
    """A code span that its content cannot end."""
    shown = clip(inert(text), most) or " "
    fence = "`" * (_longest_run(shown) + 1)
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{blank}{shown}{blank}{fence}"


def cell(text: str) -> str:
    """A code span in a table."""
    return code(text).replace("|", "\\|")


def escaped(text: str) -> str:
    """Text inside an HTML element."""
    return html.escape(clip(inert(text), LONGEST_NAME))


def fenced(lines: Iterable[str], language: str = "text", *, room: Room | None = None) -> str:
    """A fenced block that its content cannot end, of a bounded size; what is cut is counted."""
    bound = room or Room()
    every = [clip(defuse(text), WIDEST_LINE) for text in lines]
    kept = list(_fitting(every[:MOST_LINES], bound))
    if len(kept) < len(every):
        kept.append(f"  … {counted(len(every) - len(kept), 'more line')} {bound.where}")
    text = "\n".join(kept)
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"


def _fitting(lines: Iterable[str], room: Room) -> Iterator[str]:
    """The first lines that fit."""
    left = min(room.limit, MOST_CHARACTERS)
    for text in lines:
        left -= room.size(text) + 1
        if left < 0:
            return
        yield text


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
