"""What is left as the org has it: ignored fields, conflicts given way to, members no longer named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.kinds.fields import FieldRules
from reconciler.model.change import FieldChange, Origin
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.resource import Resource
from reconciler.model.state import PriorEntry
from reconciler.model.values import TreeObject, tokens
from reconciler.planning.diff import Sides, diff_fields
from reconciler.planning.inputs import OnConflict, PlanInputs
from reconciler.planning.places import (
    all_left_alone,
    pointer,
    unnamed_paths,
    value_in,
    with_value,
    written_pointer,
)

SHOWN = 60
"""So many characters of a live value are shown in a note."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One resource against the org, with what is left alone taken out.

    Args:
        sides: desired is what will be written; base is without what is ignored.
        record: what prior state will hold: what is left alone keeps its base.
        left: pointers of conflicts that are given way to.
    """

    sides: Sides
    fields: tuple[FieldChange, ...]
    record: TreeObject
    left: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def compare(resource: Resource, sides: Sides, entry: PriorEntry | None, inputs: PlanInputs) -> Comparison:
    """The differences that the plan puts right; conflicts as the options say."""
    rules = inputs.kind(resource.address).field_rules
    ignored = ignored_pointers(resource, inputs)
    sides = replace(
        sides,
        desired=all_left_alone(sides.desired, ignored, sides.live, rules),
        base=None if sides.base is None else all_left_alone(sides.base, ignored, sides.live, rules),
        answered=sides.answered and all_left_alone(sides.answered, ignored, sides.live, rules),
    )
    fields = diff_fields(sides, rules, inputs.masks)
    conflicts = [field for field in fields if field.origin is Origin.CONFLICT]
    left: tuple[str, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    if inputs.options.on_conflict is OnConflict.REFUSE:
        problems = tuple(_conflict(resource, field, inputs) for field in conflicts)
    elif inputs.options.on_conflict is OnConflict.THEIRS:
        problems = tuple(_left(resource, field, rules) for field in conflicts)
        left = tuple(field.path for field in conflicts)
        sides = replace(sides, desired=all_left_alone(sides.desired, left, sides.live, rules))
        fields = tuple(field for field in fields if field not in conflicts)
    record = _with_base_at(sides.desired, (*ignored, *left), entry, rules)
    return Comparison(sides, fields, record, left, problems)


def ignored_pointers(resource: Resource, inputs: PlanInputs) -> tuple[str, ...]:
    """`ignoreChanges` leaves a field alone while the object exists, to the end of the day (UTC)."""
    today = inputs.now.date()
    return tuple(
        ignored.path
        for ignored in resource.lifecycle.ignore_changes
        if ignored.until is None or today <= ignored.until
    )


def _with_base_at(
    document: TreeObject, pointers: Iterable[str], entry: PriorEntry | None, rules: FieldRules
) -> TreeObject:
    """What is left as it is keeps its base, so that it stays known as a conflict."""
    for found in pointers:
        base = value_in(entry.base, tokens(found), rules) if entry else None
        if base is not None:
            kept = with_value(document, tokens(found), base, rules)
            document = kept if isinstance(kept, Mapping) else document
    return document


def _conflict(resource: Resource, field: FieldChange, inputs: PlanInputs) -> Diagnostic:
    rules, goes_back = inputs.kind(resource.address).field_rules, inputs.going_back is not None
    where, whose = ("by the run", "the former") if goes_back else ("in the manifest", "the manifest's")
    return resource.diagnostic(
        "plan.conflict",
        f"{field.path} was changed both {where} and in the org since "
        f"{'then' if goes_back else 'the last apply'}",
        path=f"/spec{written_pointer(resource.spec, tokens(field.path), rules)}",
        hint=f"--on-conflict ours writes {whose} value, --on-conflict theirs leaves the org's",
    )


def _left(resource: Resource, field: FieldChange, rules: FieldRules) -> Diagnostic:
    return resource.diagnostic(
        "plan.conflict",
        f"{field.path} was changed on both sides and is left as the org has it",
        path=f"/spec{written_pointer(resource.spec, tokens(field.path), rules)}",
        severity=Severity.WARNING,
    )


# -- notes -----------------------------------------------------------------------------------------------


def newly_named_notes(comparison: Comparison, rules: FieldRules) -> Iterator[str]:
    """What a field newly named means for the org's value."""
    sides = comparison.sides
    if sides.base is None:
        return
    for field in comparison.fields:
        is_new = field.origin is Origin.INTENT and value_in(sides.base, tokens(field.path), rules) is None
        if is_new and field.before is not None and field.after is not None:
            yield f"{field.path} was not managed before; the org's value {_shown(field)} gives way"


def unnamed_notes(comparison: Comparison, rules: FieldRules) -> tuple[str, ...]:
    """What a key taken out of the manifest means: the org's value stays."""
    sides = comparison.sides
    if sides.base == sides.desired:
        return ()
    base = all_left_alone(sides.base or {}, comparison.left, sides.live, rules)
    paths: Sequence[tuple[str, ...]] = sorted(unnamed_paths(base, sides.desired, rules))
    return tuple(f"{pointer(path)} is no longer managed; the org keeps its value" for path in paths)


def _shown(field: FieldChange) -> str:
    if field.sensitive:
        return "(sensitive)"
    text = json.dumps(field.before, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
