"""Places the nodes of a directed graph in layers, so that each edge leads from left to right.

The classic steps in a small form: layers by longest path, stand-ins where an edge crosses a layer, fewer
crossings by putting each node at the middle of its neighbours, then heights the same way. Deterministic:
the same nodes and edges give the same picture. Knows neither plans nor SVG.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

SWEEPS = 12
"""Rounds to the right and back; pictures of the sizes that are drawn settle in fewer."""

Slot: TypeAlias = tuple[str, str, int]
"""A place in a layer: a node, or where an edge passes by (its ends and its layer)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is, in units of one node: layers count from 0, heights are distances from the top.

    Args:
        layers: node -> its layer.
        heights: node -> its height.
        routes: (from, to) -> the heights at which the edge passes each layer, both ends' included.
    """

    layers: Mapping[str, int]
    heights: Mapping[str, float]
    routes: Mapping[tuple[str, str], tuple[float, ...]]


def lay_out(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> Layout:
    """A layout; edges that would close a circle, or lead to no node, are left out.

    Args:
        edges: each from what comes first to what comes after it.
    """
    named = sorted(set(nodes))
    kept = _without_circles(named, sorted(set(edges)))
    layers = _layers(named, kept)
    columns, links = _columns(named, kept, layers)
    _sort_columns(columns, links)
    heights = _heights(columns, links)
    routes = {edge: tuple(heights[slot] for slot in _path(edge, layers)) for edge in kept}
    return Layout(layers, {name: heights[_node(name)] for name in named}, routes)


def _node(name: str) -> Slot:
    return name, "", 0


def _path(edge: tuple[str, str], layers: Mapping[str, int]) -> list[Slot]:
    source, target = edge
    between = range(layers[source] + 1, layers[target])
    return [_node(source), *((source, target, layer) for layer in between), _node(target)]


def _without_circles(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges that a walk in depth does not find leading back; a plan has none, a damaged file may."""
    following: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in edges:
        if source in following and target in following:
            following[source].append(target)
    kept: list[tuple[str, str]] = []
    done: set[str] = set()
    for start in nodes:
        under_way = {start: iter(following[start])} if start not in done else {}
        while under_way:
            at, rest = next(reversed(under_way.items()))
            if (after := next(rest, None)) is None:
                del under_way[at]
                done.add(at)
            elif after not in under_way:
                kept.append((at, after))
                if after not in done:
                    under_way[after] = iter(following[after])
    return sorted(kept)


def _layers(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The length of the longest way to each node."""
    awaited = dict.fromkeys(nodes, 0)
    following: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in edges:
        awaited[target] += 1
        following[source].append(target)
    layers = dict.fromkeys(nodes, 0)
    ready = [name for name in nodes if not awaited[name]]
    while ready:
        name = ready.pop()
        for target in following[name]:
            layers[target] = max(layers[target], layers[name] + 1)
            awaited[target] -= 1
            if not awaited[target]:
                ready.append(target)
    return layers


Columns: TypeAlias = list[list[Slot]]
Links: TypeAlias = dict[Slot, tuple[list[Slot], list[Slot]]]
"""Each slot's neighbours to the left and to the right."""


def _columns(
    nodes: Sequence[str], edges: Sequence[tuple[str, str]], layers: Mapping[str, int]
) -> tuple[Columns, Links]:
    columns: Columns = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for name in nodes:
        columns[layers[name]].append(_node(name))
    links: Links = {_node(name): ([], []) for name in nodes}
    for edge in edges:
        path = _path(edge, layers)
        for slot in path[1:-1]:
            columns[slot[2]].append(slot)
            links[slot] = ([], [])
        for left, right in pairwise(path):
            links[left][1].append(right)
            links[right][0].append(left)
    return columns, links


def _sort_columns(columns: Columns, links: Links) -> None:
    """Each column by the middle of its neighbours, to the right and back again."""
    for sweep in range(SWEEPS):
        ordered = columns if sweep % 2 == 0 else columns[::-1]
        places = {slot: float(at) for column in columns for at, slot in enumerate(column)}
        for column in ordered:
            middles = {slot: _middle(links[slot][sweep % 2], places, places[slot]) for slot in column}
            column.sort(key=lambda slot: (middles[slot], slot))
            places.update({slot: float(at) for at, slot in enumerate(column)})


def _heights(columns: Columns, links: Links) -> dict[Slot, float]:
    """Heights near the neighbours' middle, at least one unit apart, the uppermost at 0."""
    heights = {slot: float(at) for column in columns for at, slot in enumerate(column)}
    for sweep in range(SWEEPS):
        ordered = columns if sweep % 2 == 0 else columns[::-1]
        for column in ordered:
            wished = [_middle(links[slot][sweep % 2], heights, heights[slot]) for slot in column]
            heights.update(zip(column, _apart(wished), strict=True))
    top = min(heights.values(), default=0.0)
    return {slot: height - top for slot, height in heights.items()}


def _apart(wished: Sequence[float]) -> list[float]:
    """The nearest heights in this order that are one unit apart: runs that push each other share the way."""
    runs: list[tuple[float, int]] = []
    for at, wish in enumerate(wished):
        total, length = wish - at, 1
        while runs and runs[-1][0] / runs[-1][1] > total / length:
            before = runs.pop()
            total, length = total + before[0], length + before[1]
        runs.append((total, length))
    starts = [total / length for total, length in runs for _ in range(length)]
    return [start + at for at, start in enumerate(starts)]


def _middle(slots: Sequence[Slot], places: Mapping[Slot, float], otherwise: float) -> float:
    return sum(places[slot] for slot in slots) / len(slots) if slots else otherwise
