"""What a change leaves as it is: counted, so that a reviewer knows how much of an object is not shown.

Looks only at the plan's own data: the managed fields as they will be, and the paths of those that change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.change import Action
from reconciler.model.plan import PlannedChange
from reconciler.model.values import JsonValue, escape, tokens
from reconciler.reports.inert import inert
from reconciler.reports.wording import counted

_IN_PLACE = (Action.UPDATE, Action.ADOPT)
"""Other changes show the whole object."""

_Moved = tuple[tuple[str, ...], bool]
"""Where a changed field is, seen from a container on the way to it, and whether it is taken away."""


def unchanged_line(change: PlannedChange) -> str | None:
    """`… 5 unchanged fields, 2 unchanged elements of /fields`; None where nothing is left out."""
    if change.action not in _IN_PLACE:
        return None
    moved = [(tokens(field.path), field.after is None) for field in change.fields]
    said = list(_members(change.after, moved, ""))
    return f"… {', '.join(said)}" if said else None


def _members(node: JsonValue, moved: Sequence[_Moved], pointer: str) -> Iterator[str]:
    """Of a container that something below it changes; all of the object itself, where nothing does."""
    heads = {path[0] for path, _ in moved}
    if isinstance(node, Mapping):
        yield from _said(sum(name not in heads for name in node), "field", pointer)
        for name, member in node.items():
            below = [(path[1:], is_removed) for path, is_removed in moved if path[0] == name and path[1:]]
            if below:
                yield from _members(member, below, f"{pointer}/{inert(escape(name))}")
    elif isinstance(node, list | tuple):
        # An element that is taken away is not among those that will be.
        gone = {path[0] for path, is_removed in moved if is_removed and len(path) == 1}
        yield from _said(len(node) - len(heads - gone), "element", pointer)


def _said(number: int, noun: str, pointer: str) -> Iterator[str]:
    if number > 0:
        yield counted(number, f"unchanged {noun}") + (f" of {pointer}" if pointer else "")
