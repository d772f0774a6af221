"""The inverse of planned changes: what a rollback needs, computed before the first of them is sent. Pure.

What prior state had stays as it was written (secrets as digests, numbers as sent); where the org held
something else at the time, that counts, since it is what the run overwrites.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.kinds.base import Kind, Owns
from reconciler.kinds.fields import PLAIN, Combine, FieldRules
from reconciler.kinds.overlays import overlay
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, FieldChange, LiveObject, Reason
from reconciler.model.inverse import InverseEntry
from reconciler.model.resource import Dependency
from reconciler.model.state import EntryStatus, PriorEntry
from reconciler.model.values import JsonObject, Tree, TreeObject, tokens, value_at
from reconciler.planning.canonical import project
from reconciler.planning.diff import Sides, drifted_fields
from reconciler.planning.documents import plain
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.masking import conceal
from reconciler.planning.places import is_keyed, value_in, with_value

ANEW = (Action.DELETE, Action.REPLACE)
"""After these the object is made again: with all that it had, managed or not."""


def invert(changes: Sequence[Change], inputs: PlanInputs) -> tuple[InverseEntry, ...]:
    """What each change overwrites, in the order given.

    Args:
        inputs: what the changes were planned from.
    """
    return tuple(_inverted(change, inputs) for change in changes)


def _inverted(change: Change, inputs: PlanInputs) -> InverseEntry:
    kind = inputs.kind(change.address)
    resource = change.resource.source if change.resource else None
    found = InverseEntry(
        change.address,
        change.action,
        change.prior,
        source=change.prior.source if change.prior else resource,
        lasting=(*_lasting_fields(change, kind), *_lasting_record(change, inputs), *kind.lasting(change)),
    )
    if change.reason is Reason.FALLBACK:
        why = "a channel's turn to its fallback, or back: `apply --fallback` judges it anew"
        return replace(found, lasting=(why,))
    if change.live is None or change.action is Action.CREATE or kind.endpoint.owns is Owns.EVENTS:
        return found
    document = _json(_former(change, change.live, inputs), inputs)
    return replace(found, document=document, references=tuple(_references(change.prior, document, inputs)))


# -- the document ----------------------------------------------------------------------------------------


def _former(change: Change, live: LiveObject, inputs: PlanInputs) -> TreeObject:
    """What the org has of the object now, in the shape of spec."""
    kind = inputs.kind(change.address)
    managed = _managed(change, live, inputs)
    known = (change.resource.spec if change.resource else None, change.prior.base if change.prior else None)
    if change.action in ANEW:
        whole = kind.manifest(replace(live, absent=False)) or {}
        managed = _object(overlay(whole, managed, kind.field_rules))
    return _object(conceal(managed, known, kind.field_rules, inputs.masks))


def _managed(change: Change, live: LiveObject, inputs: PlanInputs) -> TreeObject:
    """What was managed of it, and what the change begins to manage."""
    kind, entry = inputs.kind(change.address), change.prior
    rules = kind.field_rules
    before = change.before or {}
    if entry is None:
        return _sayable(before, live, kind)
    base = _as_held(entry, live, inputs)
    for field in change.fields:
        path = _newly_named(base, field, rules)
        value = value_in(before, path, rules) if path else None
        base = _object(with_value(base, path, value, rules)) if value is not None else base
    return _sayable(base, live, kind)


def _as_held(entry: PriorEntry, live: LiveObject, inputs: PlanInputs) -> TreeObject:
    """The base, with the org's value where that is another one."""
    rules = inputs.kind(entry.address).field_rules
    base: TreeObject = entry.base
    if entry.status is not EntryStatus.SETTLED:  # nobody has said what the org holds of it
        seen = _object(project(live.body, base, rules, inputs.masks))
        return {**{name: value for name, value in base.items() if not rules.member(name).is_sent}, **seen}
    sides = Sides(base, live.body, entry.base, entry.answered or None)
    for moved in drifted_fields(sides, rules, inputs.masks):
        base = _put(base, moved.path, moved.after, rules)
    return base


def _newly_named(base: TreeObject, field: FieldChange, rules: FieldRules) -> tuple[str, ...]:
    """The first part of a field's path of which the base has nothing; empty where it has the field."""
    path = tokens(field.path)
    if not _is_of_spec(field, rules):
        return ()
    parts = (path[:length] for length in range(1, len(path) + 1))
    return next((part for part in parts if value_in(base, part, rules) is None), ())


def _sayable(document: TreeObject, live: LiveObject, kind: Kind[Any]) -> TreeObject:
    """What of a document a manifest could say."""
    body: Any = document
    return kind.manifest(replace(live, body=body, absent=False)) or document


def _put(document: TreeObject, path: str, value: Tree, rules: FieldRules) -> TreeObject:
    if value is not None:
        return _object(with_value(document, tokens(path), value, rules))
    return _object(_without(document, tokens(path), rules))


def _without(tree: Tree, path: Sequence[str], rules: FieldRules) -> Tree:
    """The document without the value at a path."""
    token, rest = path[0], path[1:]
    if is_keyed(rules) and isinstance(tree, list | tuple):
        held = value_in(tree, (token,), rules)
        left = _without(held, rest, rules.element or PLAIN) if rest and held is not None else None
        return with_value(tree, (token,), left, rules)
    if not isinstance(tree, Mapping) or token not in tree:
        return tree
    if rest:
        return {**tree, token: _without(tree[token], rest, rules.member(token))}
    return {name: value for name, value in tree.items() if name != token}


def _json(document: TreeObject, inputs: PlanInputs) -> JsonObject:
    found = plain(document, inputs.masks)
    return found if isinstance(found, Mapping) else {}


def _object(tree: Tree) -> TreeObject:
    return tree if isinstance(tree, Mapping) else {}


# -- references ------------------------------------------------------------------------------------------


def _references(
    entry: PriorEntry | None, document: JsonObject, inputs: PlanInputs
) -> Iterator[tuple[str, Address]]:
    """Where the document holds the id of another entry: after going back that may be another id."""
    for needed in entry.dependencies if entry else ():
        target = inputs.prior.entries.get(needed.target)
        if target is not None and _written(needed, document) == target.remote_id:
            yield needed.via, needed.target


def _written(needed: Dependency, document: JsonObject) -> Tree:
    try:
        return value_at({"spec": document}, needed.via)
    except KeyError:
        return None


# -- what stays ------------------------------------------------------------------------------------------


def _lasting_fields(change: Change, kind: Kind[Any]) -> Iterator[str]:
    """Fields that get their first value: a request can set another one, and take none away."""
    if change.action not in (Action.UPDATE, Action.ADOPT):
        return
    rules = kind.field_rules
    for field in change.fields:
        if field.before is None and _is_of_spec(field, rules) and not _is_element(field, rules):
            base = change.prior.base if change.prior else {}
            if value_in(base, tokens(field.path), rules) is None:
                yield f"{field.path} had no value before, and keeps the one it has"


def _lasting_record(change: Change, inputs: PlanInputs) -> Iterator[str]:
    """Settings of another object than prior state has: one address cannot go back to both."""
    held = inputs.prior.entries.get(change.address)
    if held is not None and change.prior is None:
        yield f"it was {held.remote_id} before; an apply of the manifests of then holds that again"


def _is_of_spec(field: FieldChange, rules: FieldRules) -> bool:
    """Whether the field is one that the org is told of."""
    path = tokens(field.path)
    return bool(path) and path[0] in rules.members and rules.member(path[0]).is_sent


def _is_element(field: FieldChange, rules: FieldRules) -> bool:
    """Whether it is an element of a list that is sent whole: leaving it out takes it away."""
    parent = rules
    for token in tokens(field.path)[:-1]:
        if parent.combine is Combine.WHOLE:
            return True
        parent = (parent.element or PLAIN) if is_keyed(parent) else parent.member(token)
    return parent.combine in (Combine.KEYED, Combine.WHOLE)
