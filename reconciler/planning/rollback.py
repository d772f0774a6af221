"""Going back: the inverse of a run as resources for the planner, and its changes as a rollback makes them.

What a run made goes, what it altered or took away is desired as it was before, and what it took over is put
back and held no longer. All else is planning as usual: guards, checks, order, conflicts. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.fields import Combine, FieldRules
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Reason
from reconciler.model.diagnostics import Diagnostic, Mark, Severity
from reconciler.model.inverse import Inverse, InverseEntry
from reconciler.model.resource import Lifecycle, Resource
from reconciler.model.state import PriorEntry
from reconciler.model.values import (
    Reference,
    Secret,
    Tree,
    escape,
    is_list,
    tokens,
)
from reconciler.planning.canonical import is_digest
from reconciler.planning.decisions import Decision
from reconciler.planning.diff import Sides, drifted_fields
from reconciler.planning.inputs import GoingBack, OnConflict, PlanInputs
from reconciler.planning.masking import holds_secret

LASTING = "plan.irreversible"
"""Code of what cannot be undone."""

_ORDINARY = frozenset(
    {
        Reason.NEW,
        Reason.EDITED,
        Reason.DRIFTED,
        Reason.IMMUTABLE_FIELD,
        Reason.REMOVED,
        Reason.RENAMED,
        Reason.UNOWNED_MATCH,
    }
)
"""Reasons that speak of manifests, of which a rollback knows none."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What going back needs to know besides the inverse.

    Args:
        done: addresses for which the run sent or recorded something.
        changed_since: addresses that later runs changed, with which.
        entries: prior state as it is now.
        secrets: those that can be had, by digest.
    """

    done: Collection[Address]
    changed_since: Mapping[Address, str]
    entries: Mapping[Address, PriorEntry]
    secrets: Mapping[str, Secret]


@dataclass(frozen=True, slots=True)
class Former:
    """What is desired in place of manifests.

    Args:
        adopt: addresses that are to take over their object again.
    """

    resources: tuple[Resource, ...]
    going_back: GoingBack
    adopt: tuple[str, ...] = ()


def former_resources(
    inverse: Inverse, known: Knowledge, kinds: Mapping[str, Kind[Any]], on_conflict: OnConflict
) -> Former:
    """What was there before a run, of all that it came to and that is still to be found."""
    left = set(known.changed_since) if on_conflict is OnConflict.THEIRS else set[Address]()
    entries = [entry for entry in inverse.entries if _is_due(entry, known) and entry.address not in left]
    restored = [
        entry for entry in entries if entry.action is not Action.CREATE and entry.document is not None
    ]
    targets = {entry.former_address for entry in restored} | known.entries.keys()
    secrets = _Secrets(known.secrets)
    resources = [_resource(entry, targets, secrets, kinds) for entry in restored]
    going_back = GoingBack(
        removed=frozenset(entry.address for entry in entries if entry.action is Action.CREATE),
        released=frozenset(entry.address for entry in restored if entry.entry is None),
        changed_since=known.changed_since,
        lasting={entry.address: entry.lasting for entry in entries if entry.lasting},
        problems=tuple(secrets.lost)
        + tuple(
            _left(entry, known)
            for entry in inverse.entries
            if entry.address in left and entry.address in known.done
        ),
    )
    adopt = tuple(str(entry.former_address) for entry in restored if entry.action is Action.FORGET)
    return Former(tuple(sorted(resources, key=lambda one: one.address)), going_back, adopt)


def _is_due(entry: InverseEntry, known: Knowledge) -> bool:
    """Whether the run came to it, and what it made or took over is still held."""
    is_held = entry.address in known.entries or entry.entry is not None
    return entry.address in known.done and (
        is_held and (entry.action is not Action.CREATE or entry.address in known.entries)
    )


def _left(entry: InverseEntry, known: Knowledge) -> Diagnostic:
    return _told(
        entry.address,
        "plan.conflict",
        f"{entry.address} {known.changed_since[entry.address]} and is left as that made it",
    )


# -- resources -------------------------------------------------------------------------------------------


def _resource(
    entry: InverseEntry, targets: Collection[Address], secrets: _Secrets, kinds: Mapping[str, Kind[Any]]
) -> Resource:
    held, address = entry.entry, entry.former_address
    document: Tree = {"spec": entry.document or {}}
    for pointer, target in entry.references:
        if target in targets:
            document = _replaced(document, tokens(pointer), Reference(target))
    spec = document["spec"] if isinstance(document, Mapping) else {}
    revealed = secrets.revealed(spec, kinds[address.kind].field_rules, (address, ""))
    return Resource(
        address,
        revealed if isinstance(revealed, Mapping) else {},
        entry.source or Mark("", 1),
        held.lifecycle if held else Lifecycle(),
        held.labels if held else {},
        formerly=(entry.address.name,) if entry.address != address else (),
        dependencies=tuple(
            needed for needed in (held.dependencies if held else ()) if needed.target in targets
        ),
    )


def _replaced(tree: Tree, path: Sequence[str], value: Tree) -> Tree:
    """The document with another value at a path of names and numbers."""
    if not path:
        return value
    token, rest = path[0], path[1:]
    if isinstance(tree, Mapping):
        return {**tree, token: _replaced(tree[token], rest, value)}
    if isinstance(tree, list | tuple):
        return [
            _replaced(item, rest, value) if index == int(token) else item for index, item in enumerate(tree)
        ]
    return tree


class _Secrets:
    """Puts secrets back in the place of their digests; what cannot be had is left out, and told."""

    def __init__(self, known: Mapping[str, Secret]) -> None:
        self.lost: list[Diagnostic] = []
        self._known = known

    def revealed(self, tree: Tree, rules: FieldRules, place: tuple[Address, str]) -> Tree:
        """The document, without members whose secret nobody knows; a digest is never sent."""
        if not holds_secret(tree):
            return tree
        if not isinstance(tree, Mapping):
            return self._found(tree, place)
        kept: dict[str, Tree] = {}
        for name, value in tree.items():
            member, within = rules.member(name), (place[0], f"{place[1]}/{escape(name)}")
            is_merged = isinstance(value, Mapping) and member.combine is Combine.MERGE
            is_object = is_merged and not is_digest(value)
            found = self.revealed(value, member, within) if is_object else self._found(value, within)
            if found is not None or value is None:
                kept[name] = found
        return kept

    def _found(self, tree: Tree, place: tuple[Address, str]) -> Tree:
        revealed = self._filled(tree)
        if not _has_digest(revealed):
            return revealed
        message = f"{place[1]} holds a secret of which only a digest is kept: it stays as the org has it"
        hint = "set the variable to what it was, or put the field right by hand"
        self.lost.append(_told(place[0], LASTING, message, hint=hint))
        return None

    def _filled(self, tree: Tree) -> Tree:
        if isinstance(tree, Mapping):
            if is_digest(tree):
                return self._known.get(str(tree["$secret"]), tree)
            return {name: self._filled(value) for name, value in tree.items()}
        if isinstance(tree, list | tuple):
            return [self._filled(value) for value in tree]
        return tree


def _has_digest(tree: Tree) -> bool:
    if isinstance(tree, Mapping):
        return is_digest(tree) or any(_has_digest(value) for value in tree.values())
    return is_list(tree) and any(_has_digest(value) for value in tree)  # type: ignore[union-attr]


# -- changes ---------------------------------------------------------------------------------------------


def go_back(
    changes: Sequence[Change],
    decisions: Mapping[Address, Decision],
    inputs: PlanInputs,
) -> tuple[list[Change], list[Diagnostic]]:
    """The planned changes as a rollback makes them, and what is to be said of them.

    Args:
        changes: what planning the former resources gave.
    """
    going_back = inputs.going_back or GoingBack()
    shaped = {change.address: change for change in changes}
    for address in sorted(going_back.released & decisions.keys()):
        if entry := inputs.prior.entries.get(address):
            shaped[address] = _release(decisions[address], entry, inputs)
    told = [*going_back.problems, *_lasting(going_back)]
    for change in tuple(shaped.values()):
        clash = _clash(change, inputs)
        if clash is not None:
            told.append(clash[1])
        if clash is not None and not clash[0]:
            del shaped[change.address]
    return [_asked_for(change, going_back) for change in shaped.values()], told


def _release(decision: Decision, entry: PriorEntry, inputs: PlanInputs) -> Change:
    """What was taken over is put back, and no longer held."""
    kind, back = inputs.kind(entry.address), decision.change
    is_there = decision.live is not None
    fields = tuple(field for field in (back.fields if back and is_there else ()) if kind.is_sent(field.path))
    change = Change(
        entry.address,
        Action.FORGET,
        Reason.REQUESTED,
        entry.remote_id,
        fields=fields,
        before=back.before if back and fields else decision.live.body if decision.live else None,
        after=decision.document if fields else None,
        notes=("it is put back as it was, and no longer managed",) if fields else (),
        resource=decision.resource if fields else None,
        prior=entry,
        live=decision.live,
    )
    return replace(change, steps=kind.steps(change, decision.live))


def _lasting(going_back: GoingBack) -> Iterator[Diagnostic]:
    for address, reasons in sorted(going_back.lasting.items()):
        yield from (_told(address, LASTING, reason) for reason in reasons)


def _clash(change: Change, inputs: PlanInputs) -> tuple[bool, Diagnostic] | None:
    """What moved since the run, where planning does not see it; whether the change is made all the same."""
    since = inputs.going_back.changed_since.get(change.address) if inputs.going_back else None
    why = f"{change.address} {since}" if since else _moved(change, inputs)
    if why is None:
        return None
    match inputs.options.on_conflict:
        case OnConflict.REFUSE:
            hint = (
                "undo that first; or --on-conflict ours undoes both, --on-conflict theirs leaves it as it is"
            )
            message = f"{why}: going back would undo that, too"
            return True, _told(change.address, "plan.conflict", message, hint=hint, severity=Severity.ERROR)
        case OnConflict.OURS:
            return True, _told(change.address, "plan.conflict", f"{why}: that is undone, too")
        case OnConflict.THEIRS:
            return False, _told(change.address, "plan.conflict", f"{why}: it is left as it is")


def _moved(change: Change, inputs: PlanInputs) -> str | None:
    """What others did to an object that is to go: a deletion compares no fields."""
    entry, live = change.prior, change.live
    if change.action is not Action.DELETE or entry is None or live is None:
        return None
    rules = inputs.kind(change.address).field_rules
    sides = Sides(entry.base, live.body, entry.base, entry.answered or None)
    moved = drifted_fields(sides, rules, inputs.masks)
    if not moved:
        return None
    return f"{change.address} was changed in the org since ({', '.join(field.path for field in moved)})"


def _asked_for(change: Change, going_back: GoingBack) -> Change:
    """Its reason is that somebody asked; what cannot be undone of it is a note."""
    reason = Reason.REQUESTED if change.reason in _ORDINARY else change.reason
    return replace(change, reason=reason, notes=(*change.notes, *going_back.lasting.get(change.address, ())))


def _told(
    address: Address,
    code: str,
    message: str,
    *,
    hint: str | None = None,
    severity: Severity = Severity.WARNING,
) -> Diagnostic:
    return Diagnostic(severity, code, message, hint=hint, address=str(address))
