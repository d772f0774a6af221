"""Values as they stand in a manifest's text, in the style of those that they replace."""

from __future__ import annotations

import json
from dataclasses import dataclass

from reconciler.manifests.text_nodes import Node
from reconciler.manifests.writing import block_text, flow_text, scalar_text
from reconciler.model.values import JsonValue

STEP = 2
"""By how much a part stands further in than the whole."""


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How values are written in a file.

    Args:
        is_json: whether it takes JSON alone.
    """

    is_json: bool = False

    def flow(self, value: JsonValue) -> str:
        """On one line."""
        return json.dumps(value, ensure_ascii=False) if self.is_json else flow_text(value)

    def block(self, value: JsonValue) -> str:
        """On lines of its own."""
        return json.dumps(value, ensure_ascii=False, indent=STEP) if self.is_json else block_text(value)

    def replaced(self, text: str, around: Node, node: Node, value: JsonValue) -> str:
        """A value in place of another one, in its style.

        Args:
            around: the object or list that the value is in.
        """
        old = text[node.start : node.end]
        if isinstance(value, dict | list):
            is_on_line = "\n" not in old if self.is_json else node.is_flow or node.kind == "scalar"
            is_on_line = is_on_line or not value
            return self.flow(value) if is_on_line else indented(self.block(value), _column(text, node, self))
        if self.is_json:
            return self.flow(value)
        tail = old[len(old.rstrip("\n")) :]  # of a text of several lines
        return _scalar(value, around, node) + tail


def indented(text: str, column: int) -> str:
    """Lines after the first one stand as far in as the first."""
    first, *rest = text.rstrip("\n").split("\n")
    return "\n".join([first, *(f"{' ' * column}{line}" if line else line for line in rest)])


def _column(text: str, node: Node, style: TextStyle) -> int:
    """How far in a value's own lines stand: in JSON as far as the line that it begins on."""
    line = text[text.rfind("\n", 0, node.start) + 1 : node.start]
    return len(line) - len(line.lstrip()) if style.is_json else node.column


def _scalar(value: JsonValue, around: Node, node: Node) -> str:
    if isinstance(value, str) and "\n" in value:
        is_block = node.quote in ("|", ">") and not around.is_flow and _is_literal(value)
        return _literal(value, around.column + STEP) if is_block else scalar_text(value, '"')
    return scalar_text(value, node.quote, in_flow=around.is_flow)


def _is_literal(text: str) -> bool:
    """Whether a text can stand as it is, line by line, with nothing to tell of its spaces."""
    is_printable = all(line.isprintable() for line in text.split("\n"))
    return is_printable and not text.startswith((" ", "\n")) and not text.endswith("\n\n")


def _literal(text: str, column: int) -> str:
    mark = "|" if text.endswith("\n") else "|-"
    lines = text.removesuffix("\n").split("\n")
    return "\n".join([mark, *(f"{' ' * column}{line}" if line else line for line in lines)])
