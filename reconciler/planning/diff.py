"""Differences of managed fields, and who moved them (design.md, section 6).

Three-way per managed field: base (last applied), desired, live. Desired ≠ live: base = live is intent, base =
desired is drift, else conflict. Equal documents never reach deepdiff, which takes a millisecond for each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.kinds.fields import FieldRules
from reconciler.model.change import FieldChange, Origin
from reconciler.model.values import Tree, TreeObject, escape
from reconciler.planning.canonical import Canonical, Leaf, Masks, canonical, project
from reconciler.planning.masking import conceal, holds_secret
from reconciler.planning.places import Path, pointer, value_in

if TYPE_CHECKING:
    from deepdiff.model import DiffLevel


@dataclass(frozen=True, slots=True)
class Sides:
    """The documents of one resource, in the shape of spec.

    Args:
        base: as last sent; None before the first apply.
        answered: as the server answered it then; empty where it did not normalise.
        recorded: what prior state holds where `base` is less than that: it tells what of the org is secret.
    """

    desired: TreeObject
    live: TreeObject
    base: TreeObject | None = None
    answered: TreeObject | None = None
    recorded: TreeObject | None = None

    @property
    def known(self) -> tuple[TreeObject | None, ...]:
        """The documents that say which texts of the org are secrets."""
        return (self.desired, self.base, self.recorded)


def diff_fields(sides: Sides, rules: FieldRules, masks: Masks) -> tuple[FieldChange, ...]:
    """The managed fields in which the org differs from what is desired, by path."""
    live = _with_unseen(sides, rules)
    seen = project(live, sides.desired, rules, masks)
    found = [*_removed_local(sides, rules), *_moved(sides, live, seen, (rules, masks))]
    return tuple(sorted(found, key=lambda change: change.path))


def _moved(
    sides: Sides, live: TreeObject, seen: Tree, how: tuple[FieldRules, Masks]
) -> Iterator[FieldChange]:
    if _are_written_alike(seen, sides.desired):
        return
    wanted, current = canonical(sides.desired, *how), canonical(seen, *how)
    if wanted != current:
        comparison = _comparison(sides, live, (wanted, current), how)
        for path in _paths(current, wanted):
            if change := comparison.change(path):
                yield change


def drifted_fields(sides: Sides, rules: FieldRules, masks: Masks) -> tuple[FieldChange, ...]:
    """What moved in the org since the last apply: before is the base, after is live."""
    if sides.base is None:
        return ()
    base = {name: value for name, value in sides.base.items() if _is_seen(name, rules)}
    answered = sides.answered or base
    part = project(sides.live, answered, rules, masks)
    if _are_written_alike(part, answered):
        return ()
    seen, then = canonical(part, rules, masks), canonical(answered, rules, masks)
    if seen == then:
        return ()
    live = conceal(sides.live, sides.known, rules, masks)
    return tuple(
        _drift(path, value_in(base, path, rules), value_in(live, path, rules))
        for path in sorted(_paths(seen, then))
    )


def lost_fields(base: TreeObject, rules: FieldRules) -> tuple[FieldChange, ...]:
    """The drift of an object that is gone: everything the org showed of it."""
    names = sorted(name for name in base if _is_seen(name, rules))
    return tuple(_drift((name,), base[name], None) for name in names)


def _drift(path: Path, before: Tree, after: Tree) -> FieldChange:
    sensitive = holds_secret(before) or holds_secret(after)
    return FieldChange(pointer(path), before, after, Origin.DRIFT, sensitive)


def _is_seen(name: str, rules: FieldRules) -> bool:
    """Whether the org shows the member at all."""
    return rules.member(name).is_sent and not rules.member(name).write_only


def _are_written_alike(one: Tree, other: Tree) -> bool:
    """Whether two documents have the same text, as nearly all of a plan do; then they are equal by any rule.

    Text takes microseconds; the canonical form, which knows of other equal ones too, a hundred times more.
    """
    try:
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    except TypeError:  # a late value
        return False


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
    from deepdiff import DeepDiff  # noqa: PLC0415  # 145 ms, wasted on a plan without differences

    difference = DeepDiff(
        *_differing(current, wanted),
        view="tree",
        ignore_private_variables=False,
        threshold_to_diff_deeper=0,
    )
    for levels in difference.values():
        for level in levels:
            yield _path(level)


def _differing(one: Canonical, other: Canonical) -> tuple[object, object]:
    """Both without the members in which they agree: deepdiff would take milliseconds for those too."""
    if isinstance(one, Leaf) or isinstance(other, Leaf):
        return _plain(one), _plain(other)
    ours = {name: _plain(member) for name, member in one.items() if name not in other}
    theirs = {name: _plain(member) for name, member in other.items() if name not in one}
    for name in one.keys() & other.keys():
        if one[name] != other[name]:
            ours[name], theirs[name] = _differing(one[name], other[name])
    return ours, theirs


def _path(level: DiffLevel) -> Path:
    return tuple(str(token) for token in level.path(output_format="list"))


def _plain(tree: Canonical) -> object:
    """Leaves as their text: scalars are all deepdiff has to compare."""
    return tree.text if isinstance(tree, Leaf) else {name: _plain(member) for name, member in tree.items()}


@dataclass(frozen=True, slots=True)
class _Comparison:
    """All sides in canonical form; `sides.live` is what may be shown of it.

    Args:
        base, answered: None where there is none.
        held: the live document as the base reads it; where a secret of a list changed, `current` shows the
            old one as a plain text, which is in neither.
    """

    sides: Sides
    rules: FieldRules
    wanted: Canonical
    current: Canonical
    base: Canonical | None
    answered: Canonical | None
    held: Canonical | None

    def change(self, path: Path) -> FieldChange | None:
        """The change at a path; None where the server has only normalised our own write."""
        wanted, current, base = _at(self.wanted, path), _at(self.current, path), _at(self.base, path)
        if base == wanted and self.answered is not None and _at(self.answered, path) == current:
            return None
        before, after = (value_in(tree, path, self.rules) for tree in (self.sides.live, self.sides.desired))
        return FieldChange(
            pointer(path),
            before,
            after,
            self._origin(base, wanted, (current, _at(self.held, path))),
            sensitive=self.rules.member(path[0]).write_only or holds_secret([before, after]),
        )

    def _origin(self, base: object, wanted: object, live: tuple[object, object]) -> Origin:
        if self.base is None or base in live:
            return Origin.INTENT
        if base == wanted:
            return Origin.DRIFT
        return Origin.INTENT if base is None else Origin.CONFLICT  # newly named: nothing to conflict with


def _comparison(
    sides: Sides, live: TreeObject, compared: tuple[Canonical, Canonical], how: tuple[FieldRules, Masks]
) -> _Comparison:
    shown = conceal(live, sides.known, *how)
    wanted, current = compared
    held = project(live, sides.base, *how) if sides.base is not None else None
    return _Comparison(
        Sides(sides.desired, shown if isinstance(shown, Mapping) else live, sides.base, sides.answered),
        how[0],
        wanted,
        current,
        canonical(sides.base, *how) if sides.base is not None else None,
        canonical(sides.answered, *how) if sides.answered else None,
        canonical(held, *how) if held is not None else None,
    )


def _at(node: Canonical | None, path: Path) -> Canonical | None:
    for token in path:
        node = node.get(token) if isinstance(node, dict) else None
    return node
