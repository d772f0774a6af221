"""Secrets in documents of the org, which knows nothing of secrets: found by place and by digest.

Where the manifest or prior state has a secret, the org has its text, or another one that somebody put there.
Neither is ever shown: design.md, invariant 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.kinds.fields import PLAIN, Combine, FieldRules
from reconciler.kinds.overlays import element_key
from reconciler.model.values import Secret, Tree, is_list
from reconciler.planning.canonical import Masks, is_digest
from reconciler.planning.places import is_keyed, value_in


def holds_secret(tree: Tree) -> bool:
    """Whether a secret is somewhere in the tree, as the manifest or as prior state has it."""
    return any(True for _ in _secrets_in(tree))


def conceal(live: Tree, known: Sequence[Tree], rules: FieldRules, masks: Masks) -> Tree:
    """The live document without what is secret in one of the known ones; itself where nothing is.

    A text is masked where a known document has a secret in its place, where it equals one or holds a value of
    one, and, in a list of plain values that holds one, where no known document has it in plain text.
    """
    return concealing(known, rules, masks)(live)


def concealing(known: Sequence[Tree], rules: FieldRules, masks: Masks) -> Callable[[Tree], Tree]:
    """`conceal` for several documents: the known ones are looked through once."""
    digests = {_digest_of(secret, masks) for tree in known for secret in _secrets_in(tree)}
    if not digests and masks.gives_away is None:
        return lambda live: live
    if masks.of_text("") in digests:  # no store yet, so no key: all digests are one and tell nothing
        digests = set()
    plain = frozenset(text for tree in known for text in _texts_in(tree)) if masks.gives_away else frozenset()
    found = _Concealing(frozenset(digests), masks, plain)
    return lambda live: found.conceal(live, known, rules)


@dataclass(frozen=True, slots=True)
class _Concealing:
    """Conceals by known documents.

    Args:
        plain: what they have in plain text.
    """

    digests: frozenset[str]
    masks: Masks
    plain: frozenset[str]

    def conceal(self, live: Tree, known: Sequence[Tree], rules: FieldRules) -> Tree:
        if any(_is_secret(tree) for tree in known):
            return self._mask(live, frozenset())
        if is_keyed(rules) and is_list(live):
            return [self._element(item, known, rules) for item in live]  # type: ignore[union-attr]
        if isinstance(live, Mapping) and rules.combine is not Combine.WHOLE and not is_digest(live):
            return {name: self._member(name, value, known, rules) for name, value in live.items()}
        if any(holds_secret(tree) for tree in known):
            return self._mask(live, frozenset(text for tree in known for text in _texts_in(tree)))
        return self._mask_equal(live)

    def _member(self, name: str, value: Tree, known: Sequence[Tree], rules: FieldRules) -> Tree:
        within = [tree[name] for tree in known if isinstance(tree, Mapping) and name in tree]
        return self.conceal(value, within, rules.member(name))

    def _element(self, item: Tree, known: Sequence[Tree], rules: FieldRules) -> Tree:
        key = str(element_key(item, rules))
        within = [value_in(tree, (key,), rules) for tree in known]
        return self.conceal(item, within, rules.element or PLAIN)

    def _mask(self, tree: Tree, plain: frozenset[str]) -> Tree:
        """All texts masked but those that are plain anyway."""
        if isinstance(tree, str):
            return tree if tree in plain else {"$secret": self.masks.of_text(tree)}
        return _rebuilt(tree, lambda member: self._mask(member, plain))

    def _mask_equal(self, tree: Tree) -> Tree:
        if isinstance(tree, str):
            return {"$secret": self.masks.of_text(tree)} if self._is_secret_text(tree) else tree
        return _rebuilt(tree, self._mask_equal)

    def _is_secret_text(self, text: str) -> bool:
        if self.digests and self.masks.of_text(text) in self.digests:
            return True
        gives_away = self.masks.gives_away
        return gives_away is not None and text not in self.plain and gives_away(text)


def _rebuilt(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    if isinstance(tree, Mapping) and not is_digest(tree):
        return {name: change(value) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [change(value) for value in tree]
    return tree


def _is_secret(tree: Tree) -> bool:
    return isinstance(tree, Secret) or is_digest(tree)


def _digest_of(secret: Tree, masks: Masks) -> str:
    if isinstance(secret, Secret):
        return masks.of_secret(secret)
    return str(secret["$secret"]) if isinstance(secret, Mapping) else ""


def _secrets_in(tree: Tree) -> Iterator[Tree]:
    if _is_secret(tree):
        yield tree
    elif isinstance(tree, Mapping):
        for value in tree.values():
            yield from _secrets_in(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _secrets_in(value)


def _texts_in(tree: Tree) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping) and not is_digest(tree):
        for value in tree.values():
            yield from _texts_in(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _texts_in(value)
