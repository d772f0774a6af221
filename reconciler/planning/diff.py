"""Differences of managed fields, and who moved them (design.md, section 6).

Three-way per managed field: base (last applied), desired, live. Desired ≠ live: base = live is intent, base =
desired is drift, else conflict. Equal documents never reach deepdiff, which takes a millisecond for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deepdiff import DeepDiff
from deepdiff.model import DiffLevel

from reconciler.kinds.fields import FieldRules
from reconciler.model.change import FieldChange, Origin
from reconciler.model.values import Secret, Tree, TreeObject, escape
from reconciler.planning.canonical import Canonical, Leaf, Masks, canonical, project, value_in

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sides:
    """The documents of one resource, in the shape of spec.

    Args:
        base: as last sent; None before the first apply.
        answered: as the server answered it then; empty where it did not normalise.
    """

    desired: TreeObject
    live: TreeObject
    base: TreeObject | None = None
    answered: TreeObject | None = None


def diff_fields(sides: Sides, rules: FieldRules, masks: Masks) -> tuple[FieldChange, ...]:
    """The managed fields in which the org differs from what is desired, by path."""
    live = _with_unseen(sides, rules)
    seen = project(live, sides.desired, rules, masks)
    wanted = canonical(sides.desired, rules, masks)
    current = canonical(seen, rules, masks)
    found = (
        []
        if wanted == current
        else [_change(path, sides, live, (rules, masks)) for path in _paths(current, wanted)]
    )
    found += _removed_local(sides, rules)
    return tuple(sorted((change for change in found if change), key=lambda change: change.path))


def drifted_fields(sides: Sides, rules: FieldRules, masks: Masks) -> tuple[FieldChange, ...]:
    """What moved in the org since the last apply: before is the base, after is live."""
    if sides.base is None:
        return ()
    base = {name: value for name, value in sides.base.items() if rules.member(name).is_sent}
    answered = sides.answered or base
    seen = canonical(project(sides.live, answered, rules, masks), rules, masks)
    then = canonical(answered, rules, masks)
    if seen == then:
        return ()
    return tuple(
        FieldChange(
            pointer(path),
            value_in(base, path, rules),
            value_in(sides.live, path, rules),
            Origin.DRIFT,
            isinstance(value_in(sides.desired, path, rules), Secret),
        )
        for path in sorted(_paths(seen, then))
        if not rules.member(path[0]).write_only
    )


def _with_unseen(sides: Sides, rules: FieldRules) -> TreeObject:
    """The live document, with what the org never shows taken from the base."""
    unseen = {
        name: value
        for name, value in (sides.base or {}).items()
        if rules.member(name).local or rules.member(name).write_only
    }
    return {**sides.live, **unseen}


def _removed_local(sides: Sides, rules: FieldRules) -> list[FieldChange]:
    """Members that are never sent and left the manifest: only prior state moves."""
    return [
        FieldChange(f"/{escape(name)}", value, None, Origin.INTENT)
        for name, value in (sides.base or {}).items()
        if rules.member(name).local and name not in sides.desired
    ]


def _paths(current: Canonical, wanted: Canonical) -> Iterator[Path]:
    difference = DeepDiff(
        _plain(current),
        _plain(wanted),
        view="tree",
        ignore_private_variables=False,
        threshold_to_diff_deeper=0,
    )
    for levels in difference.values():
        for level in levels:
            yield _path(level)


def _path(level: DiffLevel) -> Path:
    return tuple(str(token) for token in level.path(output_format="list"))


def _plain(tree: Canonical) -> object:
    """Leaves as their text: scalars are all deepdiff has to compare."""
    return tree.text if isinstance(tree, Leaf) else {name: _plain(member) for name, member in tree.items()}


def _change(path: Path, sides: Sides, live: TreeObject, how: tuple[FieldRules, Masks]) -> FieldChange | None:
    rules, masks = how
    after, before = value_in(sides.desired, path, rules), value_in(live, path, rules)
    base = _at(sides.base, path, how)
    wanted, current = (
        _at(sides.desired, path, how),
        _at(project(live, sides.desired, rules, masks), path, how),
    )
    if base == wanted and sides.answered and _at(sides.answered, path, how) == current:
        return None  # the server normalised our own write: the pair sent and answered still stands
    origin = _origin(base, wanted, current, is_managed=sides.base is not None)
    return FieldChange(pointer(path), before, after, origin, isinstance(after, Secret))


def _origin(base: object, wanted: object, current: object, *, is_managed: bool) -> Origin:
    if not is_managed or base == current:
        return Origin.INTENT
    if base == wanted:
        return Origin.DRIFT
    return Origin.INTENT if base is None else Origin.CONFLICT  # newly named: nothing to conflict with


def _at(document: Tree, path: Path, how: tuple[FieldRules, Masks]) -> Canonical | None:
    node: Canonical | None = canonical(document, *how) if isinstance(document, Mapping) else None
    for token in path:
        node = node.get(token) if isinstance(node, dict) else None
    return node


def pointer(path: Path) -> str:
    """A path as a JSON pointer."""
    return "".join(f"/{escape(token)}" for token in path)
