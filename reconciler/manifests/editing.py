"""Edits of a manifest's text in place: comments, order, quoting and spacing of all else stay as they are.

Works on the parser's marks: what changes is cut out and written anew in the style around it, and not one
character besides. The result is read back, and taken only if every document says what it should.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, TypeGuard

import yaml

from reconciler.manifests.text_nodes import Node, documents_of
from reconciler.manifests.text_values import TextStyle, indented
from reconciler.manifests.yaml_documents import read_documents
from reconciler.model.values import JsonValue, escape, plain_numbers, tokens, value_at
from reconciler.settings import ManifestSettings


class Uneditable(Exception):
    """A place that cannot be edited without touching another one."""


class Removed:
    """Stands for a value that goes."""


REMOVED: Final = Removed()
END = "-"
"""The last token of a pointer to a list's end, where an element is added (RFC 6902)."""
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Edit:
    """One value at a JSON pointer from the document's root.

    `/list/-` adds an element to a list, `REMOVED` takes one away; both count the elements that are there.
    """

    pointer: str
    value: JsonValue | Removed


def edited(text: str, line: int, edits: Sequence[Edit], *, file: str = "edited.yaml") -> str:
    """The text with values of one of its documents changed.

    Args:
        line: where the document's value begins, 1-based.
        file: its name; one that ends in `.json` stays JSON.

    Raises:
        Uneditable: a place cannot be told apart from another, or is not there.
    """
    if "\r\n" in text and text.count("\r\n") == text.count("\n"):
        return edited(text.replace("\r\n", "\n"), line, edits, file=file).replace("\n", "\r\n")
    if text.startswith(_BYTE_ORDER_MARK):
        return _BYTE_ORDER_MARK + edited(text.removeprefix(_BYTE_ORDER_MARK), line, edits, file=file)
    values = _values(text, file)
    wanted = {at: _with(value, edits) if at == line else value for at, value in values.items()}
    if line not in values:
        raise Uneditable(f"no document begins at line {line}")
    page = _Page(text, _root(text, line), TextStyle(is_json=file.lower().endswith(".json")))
    edits = _gathered(edits, values[line])
    smallest = [small for edit in edits for small in _smallest(edit, values[line])]
    for tried in (smallest, edits):
        found = page.with_edits(tried, is_last=tried is edits)
        if found is not None and _says(found, list(wanted.values()), file):
            return found
    raise Uneditable("the text would not say what it should")


def _says(text: str, wanted: Sequence[JsonValue], file: str) -> bool:
    """Whether the documents, read back, have these values: those that were not to change as well."""
    try:
        return list(_values(text, file).values()) == wanted
    except Uneditable:
        return False


def _values(text: str, file: str) -> dict[int, JsonValue]:
    """Each document's value, by the line where it begins."""
    try:
        content = read_documents(text, file=file, settings=ManifestSettings(), takes_null=True)
    except UnicodeError as error:
        raise Uneditable("the text holds characters that no file can") from error
    if content.diagnostics or any(document.diagnostics for document in content.documents):
        raise Uneditable("the text would not be valid")
    return {document.line: document.value for document in content.documents}


def _root(text: str, line: int) -> Node:
    try:
        return next(root for root in documents_of(text) if root.line == line)
    except (yaml.YAMLError, StopIteration) as error:
        raise Uneditable(f"no document can be told apart at line {line}") from error


# -- values ----------------------------------------------------------------------------------------------


def _is_removal(edit: Edit) -> bool:
    return isinstance(edit.value, Removed)


def _with(value: JsonValue, edits: Sequence[Edit]) -> JsonValue:
    """The value that a document should have."""
    removals = sorted((edit for edit in edits if _is_removal(edit)), key=_position, reverse=True)
    for edit in [*(edit for edit in edits if not _is_removal(edit)), *removals]:
        value = _put(value, tokens(edit.pointer), edit.value)
    return value


def _position(edit: Edit) -> list[str]:
    """For an order in which later elements come later."""
    return [token.zfill(9) for token in tokens(edit.pointer)]


def _put(tree: JsonValue, path: Sequence[str], value: JsonValue | Removed) -> JsonValue:
    if not path:
        return None if isinstance(value, Removed) else plain_numbers(value)
    token, rest = path[0], path[1:]
    is_gone = not rest and isinstance(value, Removed)
    if isinstance(tree, dict):
        changed = {} if is_gone else {token: _put(tree.get(token), rest, value)}
        return {name: member for name, member in {**tree, **changed}.items() if not is_gone or name != token}
    if not isinstance(tree, list):
        return tree
    if token == END:
        return [*tree, _put(None, rest, value)]
    index = int(token) if token.isdigit() else len(tree)
    changed_here = [] if is_gone else [_put(one, rest, value) for one in tree[index : index + 1]]
    return [*tree[:index], *changed_here, *tree[index + 1 :]]


def _gathered(edits: Sequence[Edit], document: JsonValue) -> list[Edit]:
    """The edits, with all that is added to an empty list as one value: it has no element to follow."""
    empty = [edit for edit in edits if _value_at(document, edit.pointer.removesuffix(f"/{END}")) == []]
    added: dict[str, list[JsonValue]] = {}
    for edit in empty:
        if edit.pointer.endswith(f"/{END}") and not isinstance(edit.value, Removed):
            added.setdefault(edit.pointer, []).append(edit.value)
    whole = {at: values for at, values in added.items() if len(values) > 1}
    kept = [edit for edit in edits if edit.pointer not in whole]
    return kept + [Edit(at.removesuffix(f"/{END}"), values) for at, values in whole.items()]


def _value_at(document: JsonValue, pointer: str) -> JsonValue:
    try:
        return value_at(document, pointer)  # type: ignore[return-value]
    except (KeyError, ValueError, IndexError):
        return None


def _smallest(edit: Edit, document: JsonValue) -> Iterator[Edit]:
    """The smallest edits that come to the same: what stays as it is keeps its comments."""
    old = _value_at(document, edit.pointer)
    if isinstance(edit.value, Removed) or old is None:
        yield edit
    else:
        yield from _steps(edit.pointer, old, edit.value)


def _steps(at: str, old: object, new: JsonValue) -> Iterator[Edit]:
    if isinstance(old, Mapping) and isinstance(new, dict) and old.keys() == new.keys():
        for name, value in new.items():
            yield from _steps(f"{at}/{escape(name)}", old[name], value)
    elif _is_filled(old) and _is_filled(new):
        yield from _list_steps(at, old, new)
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield Edit(at, new)


def _is_filled(value: object) -> TypeGuard[list[JsonValue]]:
    return isinstance(value, list) and bool(value)


def _list_steps(at: str, old: Sequence[JsonValue], new: list[JsonValue]) -> Iterator[Edit]:
    """What leads from one list to another, between the beginning and the end that they share."""
    first = _shared(old, new)
    last = _shared(old[first:][::-1], new[first:][::-1])
    ours, theirs = old[first : len(old) - last], new[first : len(new) - last]
    if len(theirs) > len(ours) and last:
        yield Edit(at, new)  # elements are added at a list's end only
        return
    for index, (before, after) in enumerate(zip(ours, theirs, strict=False), start=first):
        yield from _steps(f"{at}/{index}", before, after)
    yield from (Edit(f"{at}/{END}", added) for added in theirs[len(ours) :])
    yield from (Edit(f"{at}/{first + index}", REMOVED) for index in range(len(theirs), len(ours)))


def _shared(old: Sequence[JsonValue], new: Sequence[JsonValue]) -> int:
    """How many elements at the beginning are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


# -- the text --------------------------------------------------------------------------------------------


_Splice = tuple[int, int, str]
"""From, to, and what stands there instead."""


@dataclass(frozen=True, slots=True)
class _Page:
    """One document in the text of its file."""

    text: str
    root: Node
    style: TextStyle

    def with_edits(self, edits: Sequence[Edit], *, is_last: bool) -> str | None:
        """The whole text after the edits.

        Raises:
            Uneditable: they cannot be made; None instead where there is another way to try.
        """
        try:
            splices = sorted((self._splice(edit) for edit in edits), key=lambda splice: splice[0])
            return self._joined(splices)
        except Uneditable:
            if is_last:
                raise
            return None

    def _joined(self, splices: Sequence[_Splice]) -> str:
        parts, at = [], 0
        for start, end, new in splices:
            if start < at:
                raise Uneditable("two changes are in one place")
            parts += [self.text[at:start], new]
            at = end
        return "".join([*parts, self.text[at:]])

    def _splice(self, edit: Edit) -> _Splice:
        *parents, last = tokens(edit.pointer)
        around = self.root
        for token in parents:
            around = _child(around, token, edit.pointer)
        if last == END and around.kind == "list":
            return self._added(around, edit.value)
        node = _child(around, last, edit.pointer)
        if isinstance(edit.value, Removed):
            return self._removed(around, node)
        return node.start, node.end, self.style.replaced(self.text, around, node, edit.value)

    def _added(self, around: Node, value: JsonValue | Removed) -> _Splice:
        """One more element at a list's end."""
        if isinstance(value, Removed):
            raise Uneditable("there is nothing at a list's end")
        if around.is_shared:
            raise Uneditable("the list stands in several places (an anchor or alias)")
        if not around.elements:
            return around.start + 1, around.start + 1, self.style.flow(value)
        last = around.elements[-1]
        if around.is_flow:
            return last.end, last.end, self._comma(last) + self.style.flow(value)
        end = self.text.find("\n", len(self.text[: last.end].rstrip("\n")))
        end = len(self.text) if end < 0 else end
        is_on_line = last.is_flow or last.kind == "scalar"
        written = self.style.flow(value) if is_on_line else self.style.block(value)
        dash = _dash_column(self.text, last)
        lead = " " * (last.column - dash - 1)
        return end, end, f"\n{' ' * dash}-{lead}{indented(written, last.column)}"

    def _comma(self, last: Node) -> str:
        """What stands before an element behind the last one: a new line where that one has its own."""
        lead = self.text[self.text.rfind("\n", 0, last.start) + 1 : last.start]
        return ", " if lead.strip() else f",\n{lead}"

    def _removed(self, around: Node, node: Node) -> _Splice:
        """One element of a list less."""
        if around.kind != "list" or len(around.elements) == 1:
            raise Uneditable("only an element of a list that keeps others can be taken away")
        index = around.elements.index(node)
        if around.is_flow:
            if index:
                return around.elements[index - 1].end, node.end, ""
            return node.start, around.elements[1].start, ""
        start = self.text.rfind("\n", 0, node.start) + 1
        if index == 0 and self.text[start : node.start].strip() not in ("-", ""):
            raise Uneditable("the list's first element stands beside something else")
        end = self.text.find("\n", len(self.text[: node.end].rstrip("\n")))
        return start, len(self.text) if end < 0 else end + 1, ""


def _child(node: Node, token: str, pointer: str) -> Node:
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


def _dash_column(text: str, element: Node) -> int:
    start = text.rfind("\n", 0, element.start) + 1
    found = re.match(r"\s*", text[start : element.start])
    dash = text.rfind("-", start, element.start)
    return dash - start if dash >= 0 else len(found.group()) if found else 0
