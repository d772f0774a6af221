"""What requests say, whatever their kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.remote import Step
from reconciler.model.values import JsonObject, Tree


def told(steps: Iterable[Step], members: Mapping[str, object]) -> JsonObject:
    """What the requests of a change say of the object, the later ones over the earlier ones."""
    bodies: list[Any] = [step.request.body for step in steps if isinstance(step.request.body, Mapping)]
    whole = {name: value for body in bodies for name, value in body.items()}
    return {name: value for name, value in whole.items() if name in members}


def leaves(tree: Tree) -> Iterable[Tree]:
    """The scalars of a tree."""
    if isinstance(tree, Mapping):
        for value in tree.values():
            yield from leaves(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from leaves(value)
    elif tree is not None:
        yield tree


def is_within(path: str, pointer: str) -> bool:
    """Whether a place is at or below another."""
    return path == pointer or path.startswith(f"{pointer}/")
