"""Edits of a manifest's text in place: comments, order, quoting and spacing of all else stay as they are.

Works on the parser's marks: what changes is cut out and written anew in the style around it, and not one
character besides. Whoever edits reads the result back, and takes it only if it says what it should.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import yaml

from reconciler.manifests.writing import block_text, flow_text, scalar_text
from reconciler.manifests.yaml_documents import read_documents
from reconciler.model.values import JsonValue, escape, plain_numbers, tokens, value_at
from reconciler.settings import ManifestSettings


class Uneditable(Exception):
    """A place that cannot be edited without touching another one."""


class _Removed:
    """Stands for a value that goes."""


REMOVED: Final = _Removed()
END = "-"
"""The last token of a pointer to a list's end, where an element is added (RFC 6902)."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One value at a JSON pointer from the document's root.

    `/list/-` adds an element to a list, `REMOVED` takes one away.
    """

    pointer: str
    value: JsonValue | _Removed


def edited(text: str, line: int, edits: Sequence[Edit]) -> str:
    """The text with values of one of its documents changed.

    Args:
        line: where the document's value begins, 1-based.

    Raises:
        Uneditable: a place cannot be told apart from another, or is not there.
    """
    splices = [_splice(text, line, edit) for edit in edits]
    for start, end, new in sorted(splices, key=lambda splice: splice[0], reverse=True):
        text = text[:start] + new + text[end:]
    if not _says(text, line, edits):
        raise Uneditable("the text would not say what it should")
    return text


def _says(text: str, line: int, edits: Sequence[Edit]) -> bool:
    """Whether a text, once edited, holds the values: read back by the reader of manifests."""
    content = read_documents(text, file="edited.yaml", settings=ManifestSettings(), takes_null=True)
    for document in content.documents:
        if document.line == line and not (document.diagnostics or content.diagnostics):
            return all(_is_said(document.value, edit) for edit in edits)
    return False


def _is_said(value: JsonValue, edit: Edit) -> bool:
    if isinstance(edit.value, _Removed):
        return True  # the elements behind it have moved up
    *around, last = tokens(edit.pointer)
    if last == END:
        listed = value_at(value, "".join(f"/{escape(token)}" for token in around))
        return isinstance(listed, list) and plain_numbers(edit.value) in listed
    return value_at(value, edit.pointer) == edit.value


_Splice = tuple[int, int, str]
"""From, to, and what stands there instead."""


@dataclass(slots=True)
class _Node:
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
    members: dict[str, _Node] = field(default_factory=dict)
    elements: list[_Node] = field(default_factory=list)


def _splice(text: str, line: int, edit: Edit) -> _Splice:
    root = _document(text, line)
    *parents, last = tokens(edit.pointer)
    around = root
    for token in parents:
        around = _child(around, token, edit.pointer)
    if last == END and around.kind == "list":
        return _added(text, around, edit.value)
    node = _child(around, last, edit.pointer)
    if isinstance(edit.value, _Removed):
        return _removed(text, around, node)
    return node.start, node.end, _written(text, node, edit.value, is_inside_flow=around.is_flow)


def _child(node: _Node, token: str, pointer: str) -> _Node:
    if node.is_shared:
        raise Uneditable(f"{pointer} is in a value that stands in several places (an anchor or alias)")
    found = node.members.get(token)
    if node.kind == "list" and token.isdigit() and int(token) < len(node.elements):
        found = node.elements[int(token)]
    if found is None:
        raise Uneditable(f"{pointer} is not written there")
    if found.is_shared:
        raise Uneditable(f"{pointer} stands in several places (an anchor or alias)")
    return found


def _written(text: str, node: _Node, value: JsonValue, *, is_inside_flow: bool) -> str:
    """A value in place of another one, in its style."""
    if isinstance(value, dict | list):
        is_on_line = node.is_flow or node.kind == "scalar" or not value
        return flow_text(value) if is_on_line else _indented(block_text(value), node.column)
    ends_line = text[node.start : node.end].endswith("\n")  # a text of several lines
    return scalar_text(value, node.quote, in_flow=is_inside_flow) + ("\n" if ends_line else "")


def _added(text: str, around: _Node, value: JsonValue | _Removed) -> _Splice:
    """One more element at a list's end."""
    if isinstance(value, _Removed):
        raise Uneditable("there is nothing at a list's end")
    if around.is_shared:
        raise Uneditable("the list stands in several places (an anchor or alias)")
    if around.is_flow:
        before = around.end - 1
        while before > around.start + 1 and text[before - 1] in " \n":
            before -= 1
        comma = ", " if around.elements else ""
        return before, before, comma + flow_text(value)
    last = around.elements[-1]
    end = text.find("\n", last.end)
    end = len(text) if end < 0 else end
    style = flow_text(value) if last.is_flow or last.kind == "scalar" else block_text(value)
    dash = " " * _dash_column(text, last)
    lead = " " * (last.column - _dash_column(text, last) - 1)
    return end, end, f"\n{dash}-{lead}{_indented(style, last.column)}"


def _removed(text: str, around: _Node, node: _Node) -> _Splice:
    """One element of a list less."""
    if around.kind != "list" or len(around.elements) == 1:
        raise Uneditable("only an element of a list that keeps others can be taken away")
    index = around.elements.index(node)
    if around.is_flow:
        if index:
            return around.elements[index - 1].end, node.end, ""
        return node.start, around.elements[1].start, ""
    start = text.rfind("\n", 0, node.start) + 1
    if index == 0 and text[start : node.start].strip() not in ("-", ""):
        raise Uneditable("the list's first element stands beside something else")
    end = text.find("\n", node.end)
    return start, len(text) if end < 0 else end + 1, ""


def _dash_column(text: str, element: _Node) -> int:
    start = text.rfind("\n", 0, element.start) + 1
    found = re.match(r"\s*", text[start : element.start])
    dash = text.rfind("-", start, element.start)
    return dash - start if dash >= 0 else len(found.group()) if found else 0


def _indented(text: str, column: int) -> str:
    """Lines after the first one stand as far in as the first."""
    first, *rest = text.rstrip("\n").split("\n")
    return "\n".join([first, *(f"{' ' * column}{line}" if line else line for line in rest)])


# -- the text's nodes ------------------------------------------------------------------------------------


def _document(text: str, line: int) -> _Node:
    events = list(yaml.parse(text, Loader=yaml.CSafeLoader))
    aliased = {str(event.anchor) for event in events if isinstance(event, yaml.AliasEvent)}
    reading = _Reading(iter(events), aliased)
    for event in reading.events:
        if isinstance(event, yaml.DocumentStartEvent):
            root = reading.node(next(reading.events))
            if root.line == line:
                return root
    raise Uneditable(f"no document begins at line {line}")


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

    def node(self, event: yaml.Event) -> _Node:
        """The node that begins with an event."""
        start, end = _marks(event)
        is_shared = isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) in self.aliased
        node = _Node(start.index, end.index, start.line + 1, start.column, "scalar", is_shared=is_shared)
        if isinstance(event, yaml.ScalarEvent):
            node.quote = event.style
        elif isinstance(event, yaml.MappingStartEvent):
            node.kind, node.is_flow = "object", bool(event.flow_style)
            self._members(node)
        elif isinstance(event, yaml.SequenceStartEvent):
            node.kind, node.is_flow = "list", bool(event.flow_style)
            self._elements(node)
        return node

    def _members(self, node: _Node) -> None:
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                self._close(node, event, list(node.members.values()))
                return
            name = str(event.value) if isinstance(event, yaml.ScalarEvent) else ""
            node.members[name] = self.node(next(self.events))

    def _elements(self, node: _Node) -> None:
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                self._close(node, event, node.elements)
                return
            node.elements.append(self.node(event))

    def _close(self, node: _Node, event: yaml.Event, children: Sequence[_Node]) -> None:
        node.end = _marks(event)[1].index if node.is_flow or not children else children[-1].end


def _marks(event: yaml.Event) -> tuple[_Mark, _Mark]:
    """Where an event begins and ends; the parser always says it."""
    return event.start_mark, event.end_mark  # type: ignore[return-value]
