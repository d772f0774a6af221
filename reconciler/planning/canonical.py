"""Canonical documents: two of them are equal exactly when the platform would see no difference.

Keyed lists become mappings by key, sets lose order and repeats, colours lose case and shorthand, whole values
become one leaf. A live document is projected onto the managed one first: what the manifest does not name is
not compared (design.md, section 3 and invariant 4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.kinds.fields import PLAIN, Combine, FieldRules
from reconciler.kinds.overlays import element_key
from reconciler.model.values import LATE, SCALARS, Secret, Tree, canonical_json, substitute


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that is compared as one; `text` is its canonical JSON."""

    text: str


Canonical: TypeAlias = "dict[str, Canonical] | Leaf"


@dataclass(frozen=True, slots=True)
class Masks:
    """How secrets are compared without being shown: digests of manifest secrets and of live text.

    Args:
        gives_away: whether a live text holds the value of a secret; None where no value is known.
    """

    of_secret: Callable[[Secret], str]
    of_text: Callable[[str], str]
    gives_away: Callable[[str], bool] | None = None


def canonical(tree: Tree, rules: FieldRules, masks: Masks) -> Canonical:
    """The canonical form of a document or of a part of one."""
    if isinstance(tree, Mapping) and rules.combine is not Combine.WHOLE and not is_digest(tree):
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


def is_digest(tree: Tree) -> bool:
    """Whether this is a secret as prior state keeps it."""
    return isinstance(tree, Mapping) and len(tree) == 1 and "$secret" in tree


def _plain_colour(text: str) -> str:
    lower = text.lower()
    if len(lower) == 4 and lower.startswith("#"):
        return "#" + "".join(digit * 2 for digit in lower[1:])
    return lower


def project(live: Tree, managed: Tree, rules: FieldRules, masks: Masks) -> Tree:
    """The part of a live document that the managed one names; elements of keyed lists are all named."""
    if isinstance(managed, SCALARS):
        return live
    if isinstance(live, str) and (isinstance(managed, Secret) or is_digest(managed)):
        return {"$secret": masks.of_text(live)}
    if isinstance(live, Mapping) and isinstance(managed, Mapping) and rules.combine is not Combine.WHOLE:
        return {
            name: project(live[name], value, rules.member(name), masks)
            for name, value in managed.items()
            if name in live
        }
    if rules.combine in (Combine.KEYED, Combine.ADDITIVE) and _are_lists(live, managed):
        return _project_elements(live, managed, rules, masks)  # type: ignore[arg-type]
    return _project_whole(live, managed, masks)


def _project_whole(live: Tree, managed: Tree, masks: Masks) -> Tree:
    """Values compared as one: a text that equals a secret of the managed value is that secret."""
    found = tuple(_secrets_of(managed))
    return _as_secrets(live, managed, {_leaf(secret, masks) for secret in found}, masks) if found else live


def _secrets_of(tree: Tree) -> Iterator[Tree]:
    if isinstance(tree, Secret) or is_digest(tree):
        yield tree
    elif isinstance(tree, Mapping):
        for value in tree.values():
            yield from _secrets_of(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _secrets_of(value)


def _as_secrets(tree: Tree, managed: Tree, secrets: Set[Leaf], masks: Masks) -> Tree:
    if isinstance(tree, Mapping):
        named = managed if isinstance(managed, Mapping) else {}
        return {name: _as_secrets(value, named.get(name), secrets, masks) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        plain = managed if isinstance(managed, list | tuple) else ()
        within = plain if len(plain) == len(tree) else [None] * len(tree)
        return [
            value if value in plain else _as_secrets(value, beside, secrets, masks)
            for value, beside in zip(tree, within, strict=True)
        ]
    if not isinstance(tree, str) or tree == managed:
        return tree
    masked: Tree = {"$secret": masks.of_text(tree)}
    return masked if _leaf(masked, masks) in secrets else tree


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
