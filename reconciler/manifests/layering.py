"""One document laid over another: defaults below a manifest, an overlay above it (RFC 7396).

Objects are merged member by member, lists of which the kind knows a key element by element, and null takes a
value away; anything else is replaced. Each value keeps the place and the file where it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.kinds.fields import PLAIN, Combine, FieldRules
from reconciler.manifests.documents import Document, Place
from reconciler.model.values import JsonValue, escape

_KEYED = (Combine.KEYED, Combine.ADDITIVE)


def lay_over(below: Document, above: Document, spec: FieldRules, *, own: Document | None = None) -> Document:
    """The lower document with the upper one laid over it.

    Args:
        below: keeps its name as the document's own.
        spec: the rules of the kind's spec, which say by what the elements of a list are told apart.
        own: the one of the two that gives its places to what both say in part; the lower one when left out.
    """
    merging = _Merging(own or below)
    rules = FieldRules(members={"spec": spec})
    value = merging.merge(_Node(below, below.value), _Node(above, above.value), rules, "")
    return replace(
        below,
        value=value,
        marks=merging.marks,
        keys=merging.keys,
        diagnostics=(*below.diagnostics, *above.diagnostics),
        is_plain=below.is_plain and above.is_plain,
        files={pointer: file for pointer, file in merging.files.items() if file != below.file},
    )


@dataclass(frozen=True, slots=True)
class _Node:
    """A value and where it stands."""

    document: Document
    value: JsonValue
    pointer: str = ""

    @property
    def members(self) -> Mapping[str, JsonValue]:
        """The members of an object."""
        return self.value if isinstance(self.value, Mapping) else {}

    def member(self, name: str) -> _Node:
        """A member of an object."""
        return _Node(self.document, self.members[name], f"{self.pointer}/{escape(name)}")

    def elements(self) -> list[_Node]:
        """The elements of a list."""
        listed = self.value if isinstance(self.value, list | tuple) else ()
        return [_Node(self.document, value, f"{self.pointer}/{index}") for index, value in enumerate(listed)]


@dataclass(slots=True)
class _Merging:
    """The document on its way: the places of what has been put into it.

    Args:
        own: the document that people know it by.
    """

    own: Document
    marks: dict[str, Place] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def merge(self, below: _Node, above: _Node, rules: FieldRules, out: str) -> JsonValue:
        """Both together, at a pointer of the new document."""
        is_object = isinstance(above.value, Mapping)
        if is_object and isinstance(below.value, Mapping):
            return self._objects(below, above, rules, out)
        is_list = isinstance(below.value, list | tuple) and isinstance(above.value, Mapping | list | tuple)
        if rules.combine in _KEYED and is_list:
            return self._elements(below, above, rules, out)
        return self.take(above, out)

    def take(self, node: _Node, out: str) -> JsonValue:
        """A whole value of one of the documents, with the places of all that is in it."""
        self._place(node, out)
        if isinstance(node.value, Mapping):
            kept = [name for name, value in node.value.items() if value is not None]
            return {name: self._member(node, name, out) for name in kept}
        if isinstance(node.value, list | tuple):
            return [self.take(child, f"{out}/{index}") for index, child in enumerate(node.elements())]
        return node.value

    def _member(self, node: _Node, name: str, out: str) -> JsonValue:
        inner = f"{out}/{escape(name)}"
        self._key(node.member(name), inner)
        return self.take(node.member(name), inner)

    def _objects(self, below: _Node, above: _Node, rules: FieldRules, out: str) -> JsonValue:
        self._place(self._nearer(below, above), out)
        merged: dict[str, JsonValue] = {}
        for name in dict.fromkeys((*below.members, *above.members)):
            if name not in above.members:
                merged[name] = self._member(below, name, out)
            elif name not in below.members and above.members[name] is not None:
                merged[name] = self._member(above, name, out)
            elif above.members[name] is not None:
                inner = f"{out}/{escape(name)}"
                self._key(above.member(name), inner)
                merged[name] = self.merge(below.member(name), above.member(name), rules.member(name), inner)
        return merged

    def _elements(self, below: _Node, above: _Node, rules: FieldRules, out: str) -> JsonValue:
        """Elements by their key; those that only the upper document has come last."""
        self._place(self._nearer(below, above), out)
        lower, upper = _by_key(below, rules), _by_key(above, rules)
        merged: list[JsonValue] = []
        for name in dict.fromkeys((*lower, *upper)):
            known, wanted = lower.get(name), upper.get(name)
            place = f"{out}/{len(merged)}"
            if wanted is None:
                merged.append(self.take(lower[name], place))
            elif known is None and wanted.value is not None:
                merged.append(self.take(_with_key(wanted, rules, name), place))
            elif known is not None and wanted.value is not None:
                merged.append(self.merge(known, wanted, rules.element or PLAIN, place))
        return merged

    def _nearer(self, below: _Node, above: _Node) -> _Node:
        return above if above.document is self.own else below

    def _place(self, node: _Node, out: str) -> None:
        if node.pointer in node.document.marks:
            self.marks[out] = node.document.marks[node.pointer]
            self.files[out] = node.document.file_of(node.pointer)

    def _key(self, node: _Node, out: str) -> None:
        if node.pointer in node.document.keys:
            self.keys[out] = node.document.keys[node.pointer]


def _by_key(node: _Node, rules: FieldRules) -> dict[str, _Node]:
    """The elements of a list by their key; an object names them by it, with null for those that go."""
    if isinstance(node.value, Mapping):
        return {name: node.member(name) for name in node.value}
    found: dict[str, _Node] = {}
    for index, child in enumerate(node.elements()):
        name = _key_text(child, rules.key or "")
        found[f"#{index}" if name is None or name in found else name] = child
    return found


def _key_text(node: _Node, key: str) -> str | None:
    """What tells an element apart; None where it does not say it, which is told later."""
    found = node.members.get(key)
    if isinstance(found, Mapping):  # a look-up or a reference: by its text
        found = next(iter(found.values()), None)
    return None if found is None else str(found)


def _with_key(node: _Node, rules: FieldRules, name: str) -> _Node:
    """A new element, which says its key also where an object named it by that."""
    if not isinstance(node.value, Mapping) or rules.key in (None, *node.members):
        return node
    return replace(node, value={rules.key or "": name, **node.members})
