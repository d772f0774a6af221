"""Overlays: a live document with managed fields laid over it, by the rules of each field.

A field that the manifest does not name keeps its live value (design.md, invariant 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.kinds.fields import Combine, FieldRules
from reconciler.model.values import Tree, is_list


def overlay(live: Tree, managed: Tree, rules: FieldRules) -> Tree:
    """The live value with the managed one laid over it; neither is changed."""
    if rules.combine in (Combine.KEYED, Combine.ADDITIVE) and is_list(live) and is_list(managed):
        return _overlay_elements(live, managed, rules)  # type: ignore[arg-type]
    if rules.combine is Combine.MERGE and isinstance(live, Mapping) and isinstance(managed, Mapping):
        merged = dict(live)
        for name, value in managed.items():
            merged[name] = overlay(live[name], value, rules.member(name)) if name in live else value
        return merged
    return managed


def _overlay_elements(live: Sequence[Tree], managed: Sequence[Tree], rules: FieldRules) -> Tree:
    """Elements in the manifest's order; one that is in both keeps its unnamed members."""
    by_key = {element_key(element, rules): element for element in live}
    wanted = {element_key(element, rules): element for element in managed}
    merged = [
        overlay(by_key[key], element, rules.element or FieldRules()) if key in by_key else element
        for key, element in wanted.items()
    ]
    if rules.combine is Combine.ADDITIVE:
        merged += [element for key, element in by_key.items() if key not in wanted]
    return merged


def element_key(element: Tree, rules: FieldRules) -> Tree:
    """What tells an element of a keyed list apart."""
    return element.get(rules.key or "") if isinstance(element, Mapping) else None
