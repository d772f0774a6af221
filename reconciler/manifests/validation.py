"""A value against a pydantic model, each problem at its own line.

Serves specs, envelopes and the configuration alike: the codes and the words are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from reconciler.manifests.documents import Document, spoken
from reconciler.manifests.model_paths import place_in
from reconciler.manifests.suggestions import did_you_mean, listed
from reconciler.manifests.wording import choice_hint, requirement, shown
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.values import Reference, Tree, escape

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Validated(Generic[M]):
    """What validation made of a value.

    Args:
        model: None when there are errors.
        is_waiting: whether all that is wrong is that a `$ref` stands where its value is needed.
    """

    model: M | None
    diagnostics: tuple[Diagnostic, ...] = ()
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a document: where it is, and whose it is."""

    document: Document
    pointer: str = ""
    address: str | None = None


def validate(model: type[M], value: Tree, part: Part) -> Validated[M]:
    """Validates a part of a document against a model."""
    try:
        return Validated(model.model_validate(value))
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
    found = _merge(_diagnose(error, value, model, part) for error in errors)
    known = {diagnostic.path for diagnostic in part.document.diagnostics}
    is_waiting = all(isinstance(error["input"], Reference) for error in errors)
    return Validated(None, tuple(problem for problem in found if problem.path not in known), is_waiting)


def _diagnose(error: ErrorDetails, value: Tree, model: type[BaseModel], part: Part) -> Diagnostic:
    steps, rest = _walk(error["loc"], value)
    inner = part.pointer + "".join(f"/{escape(str(step))}" for step in steps)
    if error["type"] == "missing":
        return _missing(str(rest[0]) if rest else "", inner, part)
    if error["type"] == "extra_forbidden":
        return _unknown(steps, model, part)
    is_ours = "." in error["type"]
    found = shown(error["input"], is_hidden=place_in(model, steps).is_hidden)
    what = error["msg"] if is_ours else f"{requirement(error)}; found {found}"
    return part.document.diagnostic(
        error["type"] if is_ours else "manifest.invalid-value",
        f"{spoken(inner)} {what}" if not is_ours else what,
        path=inner,
        hint=choice_hint(error),
        address=part.address,
    )


def _missing(name: str, parent: str, part: Part) -> Diagnostic:
    path = f"{parent}/{escape(name)}"
    return part.document.diagnostic(
        "manifest.missing-field", f"{spoken(path)} is missing", path=path, address=part.address
    )


def _unknown(steps: tuple[str | int, ...], model: type[BaseModel], part: Part) -> Diagnostic:
    name = str(steps[-1])
    place = place_in(model, steps[:-1])
    allowed = place.members
    path = part.pointer + "".join(f"/{escape(str(step))}" for step in steps)
    return part.document.key_diagnostic(
        "manifest.unknown-field",
        f"{spoken(path)} is no field",
        path=path,
        hint=place.elsewhere.get(name)
        or did_you_mean(name, allowed, otherwise=f"known here: {listed(allowed)}" if allowed else None),
        address=part.address,
    )


def _walk(loc: Iterable[str | int], value: Tree) -> tuple[tuple[str | int, ...], tuple[str | int, ...]]:
    """The steps of a location that are in the value, and those after; a union's own steps are left out."""
    steps: list[str | int] = []
    rest: list[str | int] = []
    node = value
    for step in loc:
        if isinstance(node, Mapping) and step in node:
            node = node[str(step)]
            steps.append(step)
        elif isinstance(node, list | tuple) and isinstance(step, int) and step < len(node):
            node = node[step]
            steps.append(step)
        else:
            rest.append(step)
    return tuple(steps), tuple(rest[-1:])


def _merge(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """One problem a place: what remains of a union's is the first, since all say the same value is wrong."""
    by_place: dict[tuple[str | None, str], Diagnostic] = {}
    for diagnostic in found:
        by_place.setdefault((diagnostic.path, diagnostic.code), diagnostic)
    return list(by_place.values())
