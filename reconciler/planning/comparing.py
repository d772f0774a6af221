"""One org against another, by natural key: what would make the first like the second. Pure.

Both sides are manifests with names in place of ids (`exporting`), since no id means anything elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.kinds.fields import FieldRules
from reconciler.model.change import Action, Change, FieldChange, Origin, Reason
from reconciler.model.values import TreeObject, as_json, canonical_json, escape, tokens
from reconciler.planning.canonical import Masks
from reconciler.planning.diff import Sides, diff_fields
from reconciler.planning.exporting import Exported, Kinds
from reconciler.planning.places import value_in

_Key = tuple[str, str]


def compare_orgs(
    ours: Sequence[Exported], theirs: Sequence[Exported], kinds: Kinds, masks: Masks
) -> tuple[Change, ...]:
    """The changes that would make our org like theirs, by address; none of them can be applied."""
    mine, other = ({_key(one, kinds): one for one in side} for side in (ours, theirs))
    found = [_change(mine.get(key), other.get(key), kinds, masks) for key in sorted({*mine, *other})]
    return tuple(sorted((one for one in found if one is not None), key=lambda change: change.address))


def _key(one: Exported, kinds: Kinds) -> _Key:
    members = kinds[one.address.kind].endpoint.natural_key
    named = as_json([one.spec.get(member) for member in members], lambda secret: secret.template)
    return one.address.kind, canonical_json(named)


def _change(mine: Exported | None, other: Exported | None, kinds: Kinds, masks: Masks) -> Change | None:
    if mine is None or other is None:
        return _one_sided(mine, other)
    fields = tuple(_differences(mine.spec, other.spec, kinds[mine.address.kind].field_rules, masks))
    if not fields:
        return None
    return Change(
        mine.address,
        Action.UPDATE,
        Reason.EDITED,
        mine.remote_id,
        fields,
        before=mine.spec,
        after=other.spec,
    )


def _one_sided(mine: Exported | None, other: Exported | None) -> Change | None:
    if mine is not None:
        return Change(mine.address, Action.DELETE, Reason.REMOVED, mine.remote_id, before=mine.spec)
    if other is None:
        return None
    said = sorted(other.spec.items())
    fields = tuple(FieldChange(f"/{escape(name)}", None, value, Origin.INTENT) for name, value in said)
    return Change(other.address, Action.CREATE, Reason.NEW, fields=fields, after=other.spec)


def _differences(
    mine: TreeObject, other: TreeObject, rules: FieldRules, masks: Masks
) -> Iterator[FieldChange]:
    """What differs, also where only one of them says anything."""
    forth = diff_fields(Sides(other, mine), rules, masks)
    yield from forth
    told = {field.path for field in forth}
    for field in diff_fields(Sides(mine, other), rules, masks):
        is_told = any(field.path == path or field.path.startswith(f"{path}/") for path in told)
        if not is_told and value_in(other, tokens(field.path), rules) is None:
            yield replace(field, before=field.after, after=None)
