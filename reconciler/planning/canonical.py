"""Canonical documents: two of them are equal exactly when the platform would see no difference.

Keyed lists become mappings by key, sets lose order and repeats, colours lose case and shorthand, whole values
become one leaf. A live document is projected onto the managed one first: what the manifest does not name is
not compared (design.md, section 3 and invariant 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.kinds.fields import PLAIN, Combine, FieldRules
from reconciler.kinds.overlays import element_key
from reconciler.model.values import LATE, Secret, Tree, canonical_json, substitute


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that is compared as one; `text` is its canonical JSON."""

    text: str


Canonical: TypeAlias = "dict[str, Canonical] | Leaf"
Digest: TypeAlias = Callable[[Secret], str]


@dataclass(frozen=True, slots=True)
class Masks:
    """How secrets are compared without being shown: digests of manifest secrets and of live text."""

    of_secret: Callable[[Secret], str]
    of_text: Callable[[str], str]


def canonical(tree: Tree, rules: FieldRules, masks: Masks) -> Canonical:
    """The canonical form of a document or of a part of one."""
    if isinstance(tree, Mapping) and rules.combine is not Combine.WHOLE and not _is_digest(tree):
        return {str(name): canonical(value, rules.member(name), masks) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return _canonical_list(tree, rules, masks)
    if rules.colour and isinstance(tree, str):
        return Leaf(canonical_json(_plain_colour(tree)))
    return _leaf(tree, masks)


def _canonical_list(items: Sequence[Tree], rules: FieldRules, masks: Masks) -> Canonical:
    if rules.combine in (Combine.KEYED, Combine.ADDITIVE):
        element = rules.element or PLAIN
        return {str(element_key(item, rules)): canonical(item, element, masks) for item in items}
    if rules.combine is Combine.SET:
        texts = sorted({_leaf(item, masks).text for item in items})
        return Leaf("[" + ",".join(texts) + "]")
    return _leaf(items, masks)


def _leaf(tree: Tree, masks: Masks) -> Leaf:
    plain = (
        substitute(tree, lambda late: _late(late, masks)) if not isinstance(tree, str | int | float) else tree
    )
    return Leaf(canonical_json(plain))  # type: ignore[arg-type]


def _late(late: Tree, masks: Masks) -> Tree:
    if isinstance(late, Secret):
        return {"$secret": masks.of_secret(late)}
    return {"$late": repr(late)}


def _is_digest(tree: Mapping[str, Tree]) -> bool:
    """A secret as prior state keeps it."""
    return len(tree) == 1 and "$secret" in tree


def _plain_colour(text: str) -> str:
    lower = text.lower()
    if len(lower) == 4 and lower.startswith("#"):
        return "#" + "".join(digit * 2 for digit in lower[1:])
    return lower


def project(live: Tree, managed: Tree, rules: FieldRules, masks: Masks) -> Tree:
    """The part of a live document that the managed one names; elements of keyed lists are all named."""
    if isinstance(managed, Secret) and isinstance(live, str):
        return {"$secret": masks.of_text(live)}
    if isinstance(live, Mapping) and isinstance(managed, Mapping) and rules.combine is not Combine.WHOLE:
        return {
            name: project(live[name], value, rules.member(name), masks)
            for name, value in managed.items()
            if name in live
        }
    if rules.combine in (Combine.KEYED, Combine.ADDITIVE) and _are_lists(live, managed):
        return _project_elements(live, managed, rules, masks)  # type: ignore[arg-type]
    return live


def _project_elements(live: Sequence[Tree], managed: Sequence[Tree], rules: FieldRules, masks: Masks) -> Tree:
    wanted = {element_key(element, rules): element for element in managed if not isinstance(element, LATE)}
    element_rules = rules.element or PLAIN
    named = []
    for element in live:
        key = element_key(element, rules)
        if key in wanted:
            named.append(project(element, wanted[key], element_rules, masks))
        elif rules.combine is Combine.KEYED:
            named.append(element)
    return named


def _are_lists(live: Tree, managed: Tree) -> bool:
    return isinstance(live, list | tuple) and isinstance(managed, list | tuple)


def value_in(tree: Tree, path: Sequence[str], rules: FieldRules) -> Tree:
    """The value at a path whose tokens name elements of keyed lists by their key; None where nothing is."""
    if not path:
        return tree
    token, rest = path[0], path[1:]
    if rules.combine in (Combine.KEYED, Combine.ADDITIVE) and isinstance(tree, list | tuple):
        found = next((item for item in tree if str(element_key(item, rules)) == token), None)
        return value_in(found, rest, rules.element or PLAIN)
    if isinstance(tree, Mapping):
        return value_in(tree.get(token), rest, rules.member(token))
    return None


def without(tree: Tree, path: Sequence[str], rules: FieldRules) -> Tree:
    """The document without the value at a path; whole list elements stay, as leaving one out removes it."""
    if not isinstance(tree, Mapping) or not path:
        if (
            rules.combine in (Combine.KEYED, Combine.ADDITIVE)
            and isinstance(tree, list | tuple)
            and len(path) > 1
        ):
            return [_element_without(item, path, rules) for item in tree]
        return tree
    token, rest = path[0], path[1:]
    if not rest:
        return {name: value for name, value in tree.items() if name != token}
    return {
        name: without(value, rest, rules.member(name)) if name == token else value
        for name, value in tree.items()
    }


def _element_without(item: Tree, path: Sequence[str], rules: FieldRules) -> Tree:
    if str(element_key(item, rules)) != path[0]:
        return item
    return without(item, path[1:], rules.element or PLAIN)


def with_value(tree: Tree, path: Sequence[str], value: Tree, rules: FieldRules) -> Tree:
    """The document with a value put at a path of object members; keyed elements must exist."""
    if not path:
        return value
    token, rest = path[0], path[1:]
    if isinstance(tree, list | tuple) and rules.combine in (Combine.KEYED, Combine.ADDITIVE):
        element = rules.element or PLAIN
        return [
            with_value(item, rest, value, element) if str(element_key(item, rules)) == token else item
            for item in tree
        ]
    members = dict(tree) if isinstance(tree, Mapping) else {}
    members[token] = with_value(members.get(token), rest, value, rules.member(token))
    return members
