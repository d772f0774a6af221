"""The order of a plan's changes as a picture: boxes for changes, arrows to those that wait for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.plan import Plan, PlannedChange
from reconciler.reports.html.anchors import Link, link_to
from reconciler.reports.html.layout import Layout, lay_out
from reconciler.reports.inert import inert
from reconciler.reports.wording import counted

MOST_NODES = 60
"""More than these are no picture that anybody reads; they are counted, and listed."""

BOX_WIDTH = 216
BOX_HEIGHT = 34
COLUMN = BOX_WIDTH + 72
ROW = BOX_HEIGHT + 14
MARGIN = 8
_LONGEST_LABEL = 25


@dataclass(frozen=True, slots=True)
class Box:
    """One change in the picture, in pixels."""

    x: float
    y: float
    action: str
    symbol: str
    label: str
    link: Link


@dataclass(frozen=True, slots=True)
class Arrow:
    """From what comes first to what waits for it; `path` is what SVG draws."""

    source: str
    target: str
    path: str


@dataclass(frozen=True, slots=True)
class Wait:
    """A change, and what it waits for: the picture in words."""

    link: Link
    awaited: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture; without boxes where there is nothing to draw or too much.

    Args:
        said: what the picture shows, or why there is none.
        waits: the same as a list.
    """

    said: str
    width: int = 0
    height: int = 0
    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    waits: tuple[Wait, ...] = ()


def draw(plan: Plan) -> Drawing:
    """The order of the plan's changes; those that nothing waits for and that wait for nothing are counted."""
    changes = {change.address: change for change in plan.changes}
    edges = sorted(_edges(changes))
    linked = sorted({address for edge in edges for address in edge})
    apart = len(changes) - len(linked)
    if not edges:
        return Drawing(_nothing_to_order(apart))
    waits = tuple(_wait(changes[address], changes) for address in linked if changes[address].depends_on)
    size = f"{counted(len(linked), 'change')} and {_counted_edges(len(edges))}"
    if len(linked) > MOST_NODES:
        said = f"{size}: more than a picture of at most {MOST_NODES} can show, so they are listed."
        return Drawing(f"{said}{_apart(apart)}", waits=waits)
    layout = lay_out(linked, edges)
    return Drawing(
        f"{size}. An arrow leads from a change to the one that waits for it.{_apart(apart)}",
        width=round(max(layout.layers.values()) * COLUMN + BOX_WIDTH + 2 * MARGIN),
        height=round(_highest(layout) * ROW + BOX_HEIGHT + 2 * MARGIN),
        boxes=tuple(_box(changes[address], layout) for address in linked),
        arrows=tuple(Arrow(*edge, _curve(edge, layout)) for edge in sorted(layout.routes)),
        waits=waits,
    )


def _edges(changes: Mapping[str, PlannedChange]) -> Iterator[tuple[str, str]]:
    for change in changes.values():
        yield from ((first, change.address) for first in set(change.depends_on) if first in changes)


def _nothing_to_order(apart: int) -> str:
    if apart < 2:
        return "Nothing to order."
    return f"None of the {counted(apart, 'change')} waits for another."


def _counted_edges(number: int) -> str:
    return "1 dependency" if number == 1 else f"{number:,} dependencies"


def _apart(number: int) -> str:
    if not number:
        return ""
    return f" {counted(number, 'more change')} {'waits' if number == 1 else 'wait'} for nothing and nobody."


def _wait(change: PlannedChange, changes: Mapping[str, PlannedChange]) -> Wait:
    awaited = (link_to(address, changes) for address in sorted(set(change.depends_on)))
    return Wait(link_to(change.address, changes), tuple(awaited))


def _highest(layout: Layout) -> float:
    return max((height for route in layout.routes.values() for height in route), default=0.0)


def _box(change: PlannedChange, layout: Layout) -> Box:
    x, y = _corner(layout.layers[change.address], layout.heights[change.address])
    label = inert(change.address)
    return Box(
        x,
        y,
        action=change.action.value,
        symbol=change.action.symbol,
        label=label if len(label) <= _LONGEST_LABEL else _clipped(label),
        link=link_to(change.address, {change.address: change}),
    )


def _clipped(label: str) -> str:
    """A long name with its beginning and its end, which tell names apart."""
    ahead = (_LONGEST_LABEL - 1) // 2
    return f"{label[:ahead]}…{label[1 + ahead - _LONGEST_LABEL :]}"


def _corner(layer: int, height: float) -> tuple[float, float]:
    return MARGIN + layer * COLUMN, round(MARGIN + height * ROW, 1)


def _curve(edge: tuple[str, str], layout: Layout) -> str:
    """A line through the gaps between columns, level where it passes one."""
    first, route = layout.layers[edge[0]], layout.routes[edge]
    corners = [_corner(first + at, height) for at, height in enumerate(route)]
    return "".join(_strokes(corners))


def _strokes(corners: Sequence[tuple[float, float]]) -> Iterator[str]:
    x, y = corners[0]
    yield f"M{x + BOX_WIDTH:g} {y + BOX_HEIGHT / 2:g}"
    for number, (at, height) in enumerate(corners[1:], 1):
        start, middle = at - COLUMN + BOX_WIDTH, height + BOX_HEIGHT / 2
        is_last = number == len(corners) - 1
        end = at - 4 if is_last else at  # room for the arrow's head
        half = (start + end) / 2
        yield f"C{half:g} {y + BOX_HEIGHT / 2:g} {half:g} {middle:g} {end:g} {middle:g}"
        if not is_last:
            yield f"H{at + BOX_WIDTH:g}"
        y = height
