"""Two values side by side: lines that face each other, and in them the words that differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby, zip_longest

from reconciler.model.values import JsonValue
from reconciler.reports.differences import depth_of, flat, in_one_order, kept_lines
from reconciler.reports.field_lines import MOST_COMPARED_LINES
from reconciler.reports.inert import inert_lines
from reconciler.reports.literals import NONE, Literals, excerpts

MOST_ROWS = 400
"""Of one field; the rest are counted."""
MOST_WORDS = 2_000
"""Comparing word by word takes time that grows faster than the text."""
ALIKE = 0.4
"""Texts that share less than this are shown as two texts, not as one with changes."""
LONGEST_FLOW = 8_000
"""A longer value is cut around its first difference."""

_WORDS = re.compile(r"\s+|[\w.:@+-]+|.")
_ONE_LINE = 72


class Tone(StrEnum):
    """What one side of a row is."""

    BEFORE = "before"
    AFTER = "after"
    SAME = "same"
    ABSENT = "absent"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line."""

    text: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a row."""

    tone: Tone
    pieces: tuple[Piece, ...] = ()

    @property
    def text(self) -> str:
        """The whole line."""
        return "".join(piece.text for piece in self.pieces)


EMPTY = Side(Tone.EMPTY)
ABSENT = Side(Tone.ABSENT, (Piece(NONE),))


@dataclass(frozen=True, slots=True)
class Row:
    """A line before and the line after that faces it.

    Args:
        skipped: how many equal lines are left out in place of this row.
        cut: how many rows are left out from here on, because there are too many.
    """

    before: Side = EMPTY
    after: Side = EMPTY
    skipped: int = 0
    cut: int = 0


def compare(before: JsonValue, after: JsonValue, literals: Literals) -> tuple[Row, ...]:
    """The rows of two values that differ; None is a field that is not there."""
    old, new = _flow(before, literals), _flow(after, literals)
    if _is_one_line(before, old) and _is_one_line(after, new):
        return (_scalars(old, new, words=isinstance(before, str) and isinstance(after, str)),)
    before, after = in_one_order(before, after)
    nested = not isinstance(before, str) and not isinstance(after, str)
    rows = _rows(_as_lines(before, literals), _as_lines(after, literals), nested=nested)
    if all(row.before.text == row.after.text for row in rows):
        rows = [_facing(*excerpts(old or "", new or "", literals.width))]
    if len(rows) > MOST_ROWS:
        rows[MOST_ROWS - 1 :] = [Row(cut=len(rows) - MOST_ROWS + 1)]
    return tuple(rows)


def mark_words(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts, the words that differ marked; none are where the texts have little in common."""
    old_words, new_words = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(old_words), len(new_words)) > MOST_WORDS:
        return (Piece(old),), (Piece(new),)
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    steps = matcher.get_opcodes()
    shared = sum(len("".join(old_words[at:to])) for tag, at, to, _, _ in steps if tag == "equal")
    if 2 * shared < ALIKE * (len(old) + len(new)):
        return (Piece(old),), (Piece(new),)
    return (
        _pieces(("".join(old_words[at:to]), tag != "equal") for tag, at, to, _, _ in steps),
        _pieces(("".join(new_words[at:to]), tag != "equal") for tag, _, _, at, to in steps),
    )


def _pieces(parts: Iterable[tuple[str, bool]]) -> tuple[Piece, ...]:
    """Parts that follow each other as one; a blank between two words that differ differs with them."""
    listed = list(parts)
    inner = range(1, len(listed) - 1)
    joined = [
        (text, differs or (at in inner and text.isspace())) for at, (text, differs) in enumerate(listed)
    ]
    runs = groupby(joined, key=lambda part: part[1])
    found = (("".join(text for text, _ in run), differs) for differs, run in runs)
    return tuple(Piece(text, differs) for text, differs in found if text)


# -- values on one line ----------------------------------------------------------------------------------


def _flow(value: JsonValue, literals: Literals) -> str | None:
    return None if value is None else literals.flow(value)


def _is_one_line(value: JsonValue, flow: str | None) -> bool:
    if isinstance(value, str):
        return "\n" not in value
    return flow is None or len(flow) <= _ONE_LINE


def _scalars(old: str | None, new: str | None, *, words: bool) -> Row:
    if old is not None and new is not None and max(len(old), len(new)) > LONGEST_FLOW:
        old, new = excerpts(old, new, LONGEST_FLOW)
    if words and old is not None and new is not None:
        return _facing(old, new)
    before = ABSENT if old is None else Side(Tone.BEFORE, (Piece(old),))
    return Row(before, ABSENT if new is None else Side(Tone.AFTER, (Piece(new),)))


# -- values of several lines -----------------------------------------------------------------------------


def _as_lines(value: JsonValue, literals: Literals) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str) and "\n" in value:
        return list(inert_lines(value))
    return literals.block(value)


def _rows(old: Sequence[str], new: Sequence[str], *, nested: bool) -> list[Row]:
    if not old or not new:
        return _one_sided(old, new)
    if max(len(old), len(new)) > MOST_COMPARED_LINES:
        return [_scalars(f"({len(old):,} lines)", f"({len(new):,} lines)", words=False)]
    return list(_folded(list(_aligned(old, new)), depth_of if nested else flat))


def _aligned(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    for tag, at, to, new_at, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from map(_same, old[at:to])
        else:
            yield from (_facing(*pair) for pair in zip_longest(old[at:to], new[new_at:new_to]))


def _folded(rows: Sequence[Row], depth: Callable[[str], int]) -> Iterator[Row]:
    """Differing rows with their neighbours and what they are a part of; the others counted."""
    depths = [depth(row.before.text or row.after.text) for row in rows]
    kept = kept_lines(depths, [row.before.tone is not Tone.SAME for row in rows])
    for is_kept, numbers in groupby(range(len(rows)), key=kept.__contains__):
        run = [rows[number] for number in numbers]
        yield from run if is_kept or len(run) == 1 else (Row(skipped=len(run)),)


def _one_sided(old: Sequence[str], new: Sequence[str]) -> list[Row]:
    before = [Side(Tone.BEFORE, (Piece(text),)) for text in old] or [ABSENT]
    after = [Side(Tone.AFTER, (Piece(text),)) for text in new] or [ABSENT]
    return [Row(left, right) for left, right in zip_longest(before, after, fillvalue=EMPTY)]


def _same(text: str) -> Row:
    side = Side(Tone.SAME, (Piece(text),))
    return Row(side, side)


def _facing(old: str | None, new: str | None) -> Row:
    if old is None or new is None:
        before = EMPTY if old is None else Side(Tone.BEFORE, (Piece(old),))
        return Row(before, EMPTY if new is None else Side(Tone.AFTER, (Piece(new),)))
    before_pieces, after_pieces = mark_words(old, new)
    return Row(Side(Tone.BEFORE, before_pieces), Side(Tone.AFTER, after_pieces))
