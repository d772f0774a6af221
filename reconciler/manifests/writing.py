"""Manifests as YAML text that our own reader reads back as the same values.

YAML writers quote what other readers would take for something else; ours follows the core schema, so what it
would not take for text is quoted as well.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import yaml

from reconciler.manifests.envelope import API_VERSION
from reconciler.manifests.scalars import LARGEST, resolve_plain
from reconciler.model.address import Address
from reconciler.model.values import SCALARS, JsonObject, JsonValue, Tree, TreeObject, as_json, plain_numbers

WIDTH = 110
UNBOUNDED = 1_000_000
"""Of a line that must stay one."""
_TEXT = "tag:yaml.org,2002:str"


def manifest_document(address: Address, spec: TreeObject) -> JsonObject:
    """A manifest as plain data: `$ref` and `$lookup` in their written form, `${` in texts escaped."""
    return {
        "apiVersion": API_VERSION,
        "kind": address.kind,
        "metadata": {"name": address.name},
        "spec": plain_numbers(as_json(escaped(spec), lambda secret: secret.template)),
    }


def escaped(tree: Tree) -> Tree:
    """The tree with `${` in its texts as `$${`: what an org's text says is no placeholder of ours."""
    if isinstance(tree, str):
        return tree.replace("${", "$${")
    if isinstance(tree, Mapping):
        return {name: escaped(value) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [escaped(element) for element in tree]
    return tree


def literal(value: JsonValue) -> JsonValue:
    """A value of the org as a manifest writes it."""
    return as_json(escaped(value), lambda secret: secret.template)


def to_yaml(document: JsonValue) -> str:
    """One document, members in their order, lists of scalars on one line."""
    text = io.StringIO()
    dumper = _Dumper(text, default_flow_style=None, sort_keys=False, allow_unicode=True, width=WIDTH)
    try:
        dumper.open()
        dumper.represent(_plain(document))
        dumper.close()
    finally:
        dumper.dispose()
    return text.getvalue()


def scalar_text(value: JsonValue, quote: str | None = None, *, in_flow: bool = False) -> str:
    """A scalar as it stands in a document.

    Args:
        quote: the style that a text should have, where it can; None is plain.
        in_flow: whether it stands between brackets, where a comma would end it.
    """
    style = quote if isinstance(value, str) and quote in ("'", '"') else None
    shown = _Quoted(value, style) if isinstance(value, str) and style else value
    return _dumped([shown])[1:-1] if in_flow else _dumped(shown)


def flow_text(value: JsonValue) -> str:
    """A value on one line."""
    return _dumped(_plain(value))


def block_text(value: JsonValue) -> str:
    """A value on lines of its own, as `to_yaml` writes it."""
    return to_yaml(value).removesuffix("\n")


def _dumped(value: object) -> str:
    """A value on one line, without what ends a document."""
    text = io.StringIO()
    dumper = _Dumper(text, default_flow_style=True, sort_keys=False, allow_unicode=True, width=UNBOUNDED)
    try:
        dumper.open()
        dumper.represent(value)
        dumper.close()
    finally:
        dumper.dispose()
    return text.getvalue().removesuffix("\n").removesuffix("\n...")


class _Quoted(str):  # noqa: SLOT000  # a text cannot have slots of its own
    """A text with the quotes that it should have."""

    style: str

    def __new__(cls, text: str, style: str) -> _Quoted:
        """A text and its quotes."""
        made = super().__new__(cls, text)
        made.style = style
        return made


class _Dumper(yaml.SafeDumper):
    """Quotes what our reader would not take for text, and never writes an alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401  # the library's signature
        """A manifest is for people: the same value again is written again."""
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        """Lists stand further in than the key they belong to."""
        del indentless
        super().increase_indent(flow, False)  # noqa: FBT003


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        return dumper.represent_scalar(_TEXT, text, style="|")
    return dumper.represent_scalar(_TEXT, text, style=None if _is_text(text) else '"')


def _represent_quoted(dumper: yaml.SafeDumper, text: _Quoted) -> yaml.ScalarNode:
    return dumper.represent_scalar(_TEXT, str(text), style=text.style)


def _represent_whole(dumper: yaml.SafeDumper, number: int) -> yaml.ScalarNode:
    """Of more digits than our reader takes for a whole number: as a fraction, the same to the org."""
    return dumper.represent_float(float(number)) if abs(number) >= LARGEST else dumper.represent_int(number)


_Dumper.add_representer(int, _represent_whole)
_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Quoted, _represent_quoted)


def _is_text(text: str) -> bool:
    try:
        return isinstance(resolve_plain(text), str)
    except ValueError:
        return False


def _plain(document: JsonValue) -> object:
    """With the standard library's own types, which are all that the writer knows."""
    if isinstance(document, SCALARS):
        return document
    if isinstance(document, Mapping):
        return {name: _plain(value) for name, value in document.items()}
    return [_plain(element) for element in document]
