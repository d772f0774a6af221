"""The nodes of a manifest's text: which characters say which value.

Made from the events of the parser that reads manifests, so that its places are the reader's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import yaml


@dataclass(slots=True)
class Node:
    """A value in the text.

    Args:
        end: where its own text ends; of a block collection, where that of its last child does.
        column: of its first character, 0-based.
        quote: the style of a scalar; None where it is plain.
        is_shared: whether an alias repeats it, or is it.
    """

    start: int
    end: int
    line: int
    column: int
    kind: str
    is_flow: bool = False
    quote: str | None = None
    is_shared: bool = False
    members: dict[str, Node] = field(default_factory=dict)
    elements: list[Node] = field(default_factory=list)


def documents_of(text: str) -> list[Node]:
    """The root of each document that has one, in order.

    Raises:
        yaml.YAMLError: the text is none that the parser takes.
    """
    events = list(yaml.parse(text, Loader=yaml.CSafeLoader))
    aliased = {str(event.anchor) for event in events if isinstance(event, yaml.AliasEvent)}
    reading = _Reading(iter(events), aliased)
    return [
        reading.node(next(reading.events))
        for event in reading.events
        if isinstance(event, yaml.DocumentStartEvent)
    ]


class _Mark(Protocol):
    """A place in the text."""

    index: int
    line: int
    column: int


@dataclass(slots=True)
class _Reading:
    """A text's nodes, from its parser's events.

    Args:
        aliased: anchors that an alias repeats: what they name stands in several places.
    """

    events: Iterator[yaml.Event]
    aliased: set[str]

    def node(self, event: yaml.Event) -> Node:
        """The node that begins with an event."""
        start, end = _marks(event)
        is_shared = isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) in self.aliased
        node = Node(start.index, end.index, start.line + 1, start.column, "scalar", is_shared=is_shared)
        if isinstance(event, yaml.ScalarEvent):
            node.quote = event.style
        elif isinstance(event, yaml.MappingStartEvent):
            node.kind, node.is_flow = "object", bool(event.flow_style)
            self._members(node)
        elif isinstance(event, yaml.SequenceStartEvent):
            node.kind, node.is_flow = "list", bool(event.flow_style)
            self._elements(node)
        return node

    def _members(self, node: Node) -> None:
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                self._close(node, event, list(node.members.values()))
                return
            name = str(event.value) if isinstance(event, yaml.ScalarEvent) else ""
            node.members[name] = self.node(next(self.events))

    def _elements(self, node: Node) -> None:
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                self._close(node, event, node.elements)
                return
            node.elements.append(self.node(event))

    def _close(self, node: Node, event: yaml.Event, children: Sequence[Node]) -> None:
        node.end = _marks(event)[1].index if node.is_flow or not children else children[-1].end


def _marks(event: yaml.Event) -> tuple[_Mark, _Mark]:
    """Where an event begins and ends; the parser always says it."""
    return event.start_mark, event.end_mark  # type: ignore[return-value]
