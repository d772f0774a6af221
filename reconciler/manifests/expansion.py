"""`metadata.forEach`: one document for several resources, one for each member of a variable.

`${each.key}`, `${each.value}` and `${each.value.member}` stand in any text of the document, its name too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.manifests.documents import Document, spoken
from reconciler.manifests.suggestions import did_you_mean
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.values import JsonValue, Tree, escape

FOR_EACH = "/metadata/forEach"
_EACH = re.compile(r"(?P<literal>\$\$\{)|\$\{each\.(?P<path>[^{}]*)\}")
_FORMS = "write ${each.key}, ${each.value} or ${each.value.member}"

FillIn = Callable[[Document], tuple[Tree, tuple[Diagnostic, ...]]]
"""Fills variables in."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """What a document declares: itself, or a copy for each member.

    Args:
        problems: what is wrong; then there are no documents.
    """

    documents: tuple[Document, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


def has_for_each(document: Document) -> bool:
    """Whether a document is for several resources."""
    return "forEach" in _metadata(document.value)


def expand(document: Document, fill_in: FillIn, *, most: int) -> Expanded:
    """The documents of all members, in the order of their keys.

    Args:
        fill_in: for the variable that `forEach` names.
        most: so many copies may be made.
    """
    members, problems = _members(document, fill_in)
    if problems:
        return Expanded(problems=problems)
    if len(members) > most:
        message = f"{spoken(FOR_EACH)} has {len(members):,} members; a run reads at most {most:,} documents"
        return Expanded(problems=(document.diagnostic("manifest.too-large", message, path=FOR_EACH),))
    copies, found = [], list[Diagnostic]()
    for key in sorted(members):
        filling = _Filling(document, key, members[key])
        copies.append(replace(document, value=filling.document()))
        found += filling.diagnostics
    return Expanded(() if found else tuple(copies), tuple(dict.fromkeys(found)))


def _members(document: Document, fill_in: FillIn) -> tuple[Mapping[str, JsonValue], tuple[Diagnostic, ...]]:
    """Key to value; of a list of texts, each is both."""
    asked = replace(document, value={"metadata": {"forEach": _metadata(document.value)["forEach"]}})
    filled, problems = fill_in(asked)
    if problems:
        return {}, problems
    found = _metadata(filled)["forEach"]
    if isinstance(found, Mapping):
        return {str(key): value for key, value in found.items()}, ()
    texts = [item for item in found if isinstance(item, str)] if isinstance(found, list | tuple) else []
    if isinstance(found, list | tuple) and len(set(texts)) == len(found):
        return {text: text for text in texts}, ()
    message = f"{spoken(FOR_EACH)} must be an object, or a list of texts that differ"
    hint = "name a variable, as in ${var.queues}"
    return {}, (document.diagnostic("manifest.invalid-value", message, path=FOR_EACH, hint=hint),)


class _Refused(Exception):
    """A placeholder that says nothing."""


class _Filling:
    """The copy for one member."""

    def __init__(self, document: Document, key: str, value: JsonValue) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._document = document
        self._each: Mapping[str, JsonValue] = {"key": key, "value": value}

    def document(self) -> JsonValue:
        """The document's value, without `forEach`."""
        found = self.tree(self._document.value, "")
        rest = {name: value for name, value in _metadata(found).items() if name != "forEach"}
        return {**found, "metadata": rest} if isinstance(found, Mapping) else found

    def tree(self, value: JsonValue, pointer: str) -> JsonValue:
        """A part of the document."""
        if pointer == FOR_EACH:
            return value
        if isinstance(value, str):
            return self._text(value, pointer)
        if isinstance(value, Mapping):
            return {key: self.tree(child, f"{pointer}/{escape(key)}") for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(child, f"{pointer}/{index}") for index, child in enumerate(value)]
        return value

    def _text(self, text: str, pointer: str) -> JsonValue:
        try:
            whole = _EACH.fullmatch(text)
            if whole and whole["path"] is not None:
                return _inert(self._value(whole["path"]))
            return _EACH.sub(self._part, text)
        except _Refused as refused:
            message = f"{spoken(pointer)}: {refused}"
            self.diagnostics.append(
                self._document.diagnostic("variable.unknown", message, path=pointer, hint=_FORMS)
            )
            return text

    def _part(self, found: re.Match[str]) -> str:
        if found["path"] is None:
            return found.group()
        value = self._value(found["path"])
        if isinstance(value, Mapping | list | tuple):
            raise _Refused(f"each.{found['path']} is no text and cannot be part of one")
        return str(_inert(value if isinstance(value, str) else json.dumps(value)))

    def _value(self, path: str) -> JsonValue:
        node: JsonValue = self._each
        for name in path.split("."):
            if not isinstance(node, Mapping) or name not in node:
                known = list(node) if isinstance(node, Mapping) else ()
                near = did_you_mean(name, known)
                raise _Refused(f"there is no each.{path}{f'; {near}' if near else ''}")
            node = node[name]
        return node


def _metadata(value: Tree) -> Mapping[str, Any]:
    found = value.get("metadata") if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _inert(value: JsonValue) -> JsonValue:
    """A member's value as it is: what it holds is never read for placeholders again."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {key: _inert(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_inert(child) for child in value]
    return value
