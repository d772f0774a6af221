"""Taking what the org has into a manifest that says otherwise: edits of its text, and obstacles to them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from reconciler.errors import ConfigError
from reconciler.kinds import KINDS
from reconciler.kinds.fields import PLAIN, FieldRules
from reconciler.manifests import Layer, Role, trace
from reconciler.manifests.documents import Document
from reconciler.manifests.editing import END, REMOVED, Edit, Removed, Uneditable, edited
from reconciler.manifests.tracing import placeholders_in
from reconciler.manifests.writing import literal
from reconciler.model.change import FieldChange
from reconciler.model.diagnostics import Mark
from reconciler.model.resource import Resource
from reconciler.model.values import (
    JsonValue,
    Tree,
    TreeObject,
    as_json,
    plain_numbers,
    tokens,
    value_at,
)
from reconciler.planning.places import is_keyed, value_in, written_pointer

FOR_EACH = "/metadata/forEach"
_LISTS = (list, tuple)


@dataclass(frozen=True, slots=True)
class Takeover:
    """What would be written.

    Args:
        text: the file's text with the org's values; as it was where nothing can be changed.
        obstacles: places that nobody can tell how to change, each with the org's value.
        proposed: as a patch, what would change them at the cost of a variable, or for the overlay's org.
    """

    path: Path
    before: str
    text: str
    obstacles: tuple[str, ...] = ()
    proposed: str = ""

    @property
    def patch(self) -> str:
        """As a unified diff."""
        return _patch(self.path.as_posix(), self.before, self.text) + self.proposed

    def write(self, root: Path) -> None:
        """Writes the file, whole or not at all.

        Raises:
            ConfigError: it cannot be written.
        """
        path = root / self.path
        beside = path.with_name(f".{path.name}.part")
        try:
            beside.write_bytes(self.text.encode("utf-8"))
            beside.chmod(path.stat().st_mode)
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise ConfigError(f"{self.path} cannot be written: {error.strerror}") from error


class _Obstacle(Exception):
    """Why a place cannot be changed.

    Args:
        why: what to say.
        edit: what would change it, if whoever reads it wants that.
        document: where.
    """

    def __init__(self, why: str, edit: Edit | None = None, document: Document | None = None) -> None:
        super().__init__(why)
        self.edit = edit
        self.document = document


@dataclass(frozen=True, slots=True)
class Subject:
    """A resource whose manifest takes over the org's values.

    Args:
        resource: as its manifests say it.
        resolved: its spec with ids in place of names, which is how the org tells its parts.
        layers: the documents that say it.
    """

    resource: Resource
    resolved: TreeObject
    layers: Sequence[Layer]

    @property
    def rules(self) -> FieldRules:
        """Of its kind."""
        return KINDS[self.resource.address.kind].field_rules

    @property
    def own(self) -> Document:
        """The manifest itself."""
        return next(layer.document for layer in self.layers if layer.role is Role.MANIFEST)


def take_over(subject: Subject, fields: Sequence[FieldChange], root: Path) -> Takeover:
    """The manifest with the org's values (`before`) of these fields.

    Args:
        root: what the resource's file is relative to.

    Raises:
        ConfigError: the file cannot be read any more.
    """
    edits: list[Edit] = []
    obstacles: list[str] = []
    proposed: list[tuple[Document, Edit]] = []
    for field in fields:
        try:
            edits.append(_edit(subject, field))
        except _Obstacle as why:
            obstacles.append(f"{field.path}: {why}; the org has {_shown(field)}")
            proposed += [(why.document or subject.own, why.edit)] if why.edit and not field.sensitive else []
    path = Path(subject.own.file)
    before = _read(root / path)
    try:
        text = edited(before, subject.own.line, edits, file=path.name)
    except Uneditable as why:
        return Takeover(path, before, before, (*obstacles, str(why)))
    others = "".join(_proposal(document, edit, root) for document, edit in proposed)
    return Takeover(path, before, text, tuple(obstacles), others)


def _proposal(document: Document, edit: Edit, root: Path) -> str:
    """One change as a patch of its own; empty where it cannot be made."""
    before = _read(root / document.file)
    try:
        return _patch(document.file, before, edited(before, document.line, [edit], file=document.file))
    except Uneditable:
        return ""


def _patch(name: str, before: str, after: str) -> str:
    lines, others = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(unified_diff(lines, others, f"a/{name}", f"b/{name}"))


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path.name} cannot be read: {error}") from error


def _edit(subject: Subject, field: FieldChange) -> Edit:
    """What makes the manifest say what the org has.

    Raises:
        _Obstacle: the manifest is not where it is said, or says more than this one thing.
    """
    rules, path = subject.rules, tokens(field.path)
    at = written_pointer(subject.resolved, path, rules)
    is_there = value_in(subject.resolved, path, rules) is not None
    value = plain_numbers(as_json(_declared(field.before, path, rules), lambda secret: secret.template))
    if not is_there and not is_keyed(_rules_at(rules, path[:-1])):
        raise _Obstacle("the manifest does not say it")
    place = _own_place(subject, f"/spec{at}", literal(value) if is_there else REMOVED)
    if not is_there:
        return Edit(f"{place}/{END}", literal(value))
    if field.before is None:
        return Edit(place, REMOVED)
    return Edit(place, _in_words(subject, place, at, value))


def _own_place(subject: Subject, at: str, value: JsonValue | Removed) -> str:
    """Where the manifest itself says a value; only what it says alone can be changed there.

    Raises:
        _Obstacle: it comes from elsewhere.
    """
    resource, layers = subject.resource, subject.layers
    inside = [pointer for pointer in resource.marks if pointer.startswith(f"{at}/")]
    for pointer in (at, *(inside if value is not REMOVED else ())):
        found = trace(resource, pointer, layers)
        if found.role is not Role.MANIFEST:
            document = next(
                layer.document for layer in reversed(layers) if layer.document.file == found.mark.file
            )
            place = _written_at(document, found.mark, at) if pointer == at else None
            edit = Edit(place, value) if place and found.role is Role.OVERLAY else None
            raise _Obstacle(f"it is said by the {found.role.value} at {found.mark}", edit, document)
    mark = resource.mark(at)
    if FOR_EACH in subject.own.marks:
        raise _Obstacle(f"the document at {mark} is for several resources (forEach)")
    place = _written_at(subject.own, mark, at)
    if place is None:
        raise _Obstacle("the manifest does not say it")
    return place


def _written_at(document: Document, mark: Mark, at: str) -> str | None:
    """The pointer of a place in the document as written: an overlay may have moved elements of a list."""
    found = [pointer for pointer, place in document.marks.items() if place == (mark.line, mark.column)]
    alike = [pointer for pointer in found if len(tokens(pointer)) == len(tokens(at))]
    return alike[0] if len(alike) == 1 else None


def _in_words(subject: Subject, place: str, at: str, value: JsonValue) -> JsonValue:
    """The org's value in the manifest's words: variables and names stay where they say the same.

    Raises:
        _Obstacle: a variable, reference, look-up or secret would have to say something else.
    """
    written = value_at(subject.own.value, place)
    resolved = value_at(subject.resolved, at)
    try:
        return _reworded(written, resolved, value)
    except _Obstacle as why:
        mark = subject.resource.mark(f"/spec{at}")
        raise _Obstacle(f"it is {why} at {mark}", Edit(place, literal(value)), subject.own) from why


def _reworded(written: Tree, resolved: Tree, value: JsonValue) -> JsonValue:
    if resolved == value:
        return written  # type: ignore[return-value]
    if isinstance(written, str) and any(placeholders_in(written)):
        raise _Obstacle(f"written as {written}")
    if isinstance(written, Mapping) and any(name in written for name in ("$ref", "$lookup")):
        raise _Obstacle("a reference or a look-up")
    if isinstance(written, Mapping) and isinstance(resolved, Mapping) and isinstance(value, dict):
        return {
            name: _reworded(written.get(name), resolved.get(name), member) for name, member in value.items()
        }
    if isinstance(written, _LISTS) and isinstance(resolved, _LISTS) and isinstance(value, list):
        return _reworded_list(written, resolved, value)
    return literal(value)


def _reworded_list(
    written: Sequence[Tree], resolved: Sequence[Tree], value: list[JsonValue]
) -> list[JsonValue]:
    """Elements that stay keep their words; those that are new stand for those that are gone, in order."""
    gone = [index for index, element in enumerate(resolved) if element not in value]
    found: list[JsonValue] = []
    for element in value:
        if element in resolved:
            found.append(written[resolved.index(element)])  # type: ignore[arg-type]
        else:
            index = gone.pop(0) if gone else None
            old = (None, None) if index is None else (written[index], resolved[index])
            found.append(_reworded(*old, element))
    return found


def _rules_at(rules: FieldRules, path: Sequence[str]) -> FieldRules:
    for token in path:
        rules = (rules.element or PLAIN) if is_keyed(rules) else rules.member(token)
    return rules


def _declared(value: Tree, path: Sequence[str], rules: FieldRules) -> Tree:
    """The org's value as far as a manifest can say it."""
    return _rules_at(rules, path).keep_declared(value)


def _shown(field: FieldChange) -> str:
    if field.sensitive:
        return "(sensitive)"
    value = as_json(field.before, lambda secret: secret.template)
    return json.dumps(value, ensure_ascii=False)
