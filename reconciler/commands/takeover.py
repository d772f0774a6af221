"""Taking what the org has into a manifest that says otherwise: edits of its text, and obstacles to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from reconciler.errors import ConfigError
from reconciler.kinds import KINDS
from reconciler.kinds.fields import PLAIN, FieldRules
from reconciler.manifests import Layer, LoadedManifests, Role, trace
from reconciler.manifests.editing import END, REMOVED, Edit, Uneditable, edited
from reconciler.model.change import FieldChange
from reconciler.model.resource import Resource
from reconciler.model.values import Tree, as_json, late_values, plain_numbers, tokens
from reconciler.planning.places import is_keyed, value_in, written_pointer

FOR_EACH = "/metadata/forEach"


@dataclass(frozen=True, slots=True)
class Takeover:
    """What would be written.

    Args:
        text: the file's text with the org's values; as it was where nothing can be changed.
        obstacles: places that nobody can tell how to change, each with the org's value.
    """

    path: Path
    before: str
    text: str
    obstacles: tuple[str, ...] = ()

    @property
    def patch(self) -> str:
        """As a unified diff."""
        name = self.path.as_posix()
        before, after = self.before.splitlines(keepends=True), self.text.splitlines(keepends=True)
        return "".join(unified_diff(before, after, f"a/{name}", f"b/{name}"))

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
    """Why a place cannot be changed."""


def take_over(
    resource: Resource, fields: Sequence[FieldChange], loaded: LoadedManifests, root: Path
) -> Takeover:
    """The manifest with the org's values (`before`) of these fields.

    Args:
        root: what the resource's file is relative to.

    Raises:
        ConfigError: the file cannot be read any more.
    """
    path = Path(resource.source.file)
    text = _read(root / path)
    edits, obstacles = [], []
    for field in fields:
        try:
            edits.append(_edit(resource, field, loaded.layers.get(resource.address, ())))
        except _Obstacle as why:
            obstacles.append(f"{field.path}: {why}; the org has {_shown(field)}")
    try:
        changed = edited(text, resource.source.line, edits)
    except Uneditable as why:
        return Takeover(path, text, text, (*obstacles, str(why)))
    return Takeover(path, text, changed, tuple(obstacles))


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path.name} cannot be read: {error}") from error


def _edit(resource: Resource, field: FieldChange, layers: Sequence[Layer]) -> Edit:
    rules, path = KINDS[resource.address.kind].field_rules, tokens(field.path)
    at = written_pointer(resource.spec, path, rules)
    is_there = value_in(resource.spec, path, rules) is not None
    _confirm_plain(resource, f"/spec{at}", layers)
    if any(late_values(value_in(resource.spec, path, rules))):
        raise _Obstacle("it is a reference, a look-up or a secret")
    value = plain_numbers(as_json(_declared(field.before, path, rules), lambda secret: secret.template))
    if field.before is None:
        return Edit(f"/spec{at}", REMOVED)
    if is_there:
        return Edit(f"/spec{at}", value)
    if not is_keyed(_rules_at(rules, path[:-1])):
        raise _Obstacle("the manifest does not say it")
    return Edit(f"/spec{at}/{END}", value)


def _confirm_plain(resource: Resource, at: str, layers: Sequence[Layer]) -> None:
    """Only what the manifest itself says in plain text can be changed there without changing more.

    Raises:
        _Obstacle: it comes from elsewhere.
    """
    found = trace(resource, at, layers)
    own = next((layer.document for layer in layers if layer.role is Role.MANIFEST), None)
    if found.role is not Role.MANIFEST:
        raise _Obstacle(f"it is said by the {found.role.value} at {found.mark}")
    if found.placeholders:
        raise _Obstacle(f"it is written as {found.text} at {found.mark}")
    if own is not None and FOR_EACH in own.marks:
        raise _Obstacle(f"the document at {found.mark} is for several resources (forEach)")


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
