"""Two documents as lines: which lines differ, where they stand, and how many are equal.

A line that differs is shown with its neighbours and with what it is a part of: the beginning of its list
element, the name of its member. So whose field it is can be seen however long the element is.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from reconciler.model.values import JsonValue
from reconciler.reports.wording import counted

_IDENTITIES = ("name", "id", "userId", "externalId", "key")
"""Members that tell elements apart come first in an element, so that its beginning says which it is."""

_NEIGHBOURS = 1


def in_one_order(before: JsonValue, after: JsonValue) -> tuple[JsonValue, JsonValue]:
    """Both with the members of every mapping in the same order: order among them says nothing."""
    ranks = {name: number for number, name in enumerate(_IDENTITIES)}
    for name in (*_names(after), *_names(before)):
        ranks.setdefault(name, len(ranks))
    return _ordered(before, ranks), _ordered(after, ranks)


def differing_lines(
    before: Sequence[str], after: Sequence[str], depth: Callable[[str], int]
) -> Iterator[str]:
    """Lines that begin with `- `, `+ ` or two blanks; what is left out is counted.

    Args:
        depth: how deep a line stands in those above it: `depth_of`, or `flat` for the lines of a text.
    """
    merged = list(_merged(before, after))
    kept = kept_lines([depth(text[2:]) for text in merged], [text[0] != " " for text in merged])
    for is_kept, numbers in groupby(range(len(merged)), key=kept.__contains__):
        run = [merged[number] for number in numbers]
        yield from run if is_kept else [f"  … {_left_out(run)}"]


def kept_lines(depths: Sequence[int], differ: Sequence[bool]) -> set[int]:
    """The numbers of the lines that differ, of their neighbours, and of what they are a part of."""
    kept: set[int] = set()
    around: list[int] = []
    for number, depth in enumerate(depths):
        while around and depths[around[-1]] >= depth:
            around.pop()
        if differ[number]:
            kept.update(range(max(number - _NEIGHBOURS, 0), min(number + _NEIGHBOURS + 1, len(depths))))
            kept.update(around)
        around.append(number)
    return kept


def depth_of(text: str) -> int:
    """How deep a line of a document stands."""
    return len(text) - len(text.lstrip())


def flat(_text: str) -> int:
    """Lines of a text stand beside each other."""
    return 0


def _merged(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            yield from (f"  {text}" for text in before[i1:i2])
        else:
            yield from (f"- {text}" for text in before[i1:i2])
            yield from (f"+ {text}" for text in after[j1:j2])


def _left_out(run: Sequence[str]) -> str:
    """Elements, where the lines are those of whole ones."""
    starts = [text for text in run if text.startswith("  - ")]
    if starts and run[0] in starts:
        return counted(len(starts), "unchanged element")
    return counted(len(run), "unchanged line")


def _names(value: JsonValue) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield name
            yield from _names(member)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _names(item)


def _ordered(value: JsonValue, ranks: Mapping[str, int]) -> JsonValue:
    if isinstance(value, Mapping):
        return {name: _ordered(value[name], ranks) for name in sorted(value, key=ranks.__getitem__)}
    if isinstance(value, list | tuple):
        return [_ordered(item, ranks) for item in value]
    return value
