"""What a pydantic model says at a place inside it: which members it knows, and whether it may be shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reconciler.kinds.fields import SpecModel, WriteOnly

_Step = str | int


@dataclass(frozen=True, slots=True)
class ModelPlace:
    """A place in a model.

    Args:
        members: the names of its members; none where any name is allowed, or it has no members.
        is_hidden: whether it is in a write-only field, whose value may be a secret.
        elsewhere: names that belong elsewhere, with what to do.
    """

    members: tuple[str, ...]
    is_hidden: bool
    elsewhere: Mapping[str, str]


def place_in(model: type[BaseModel], steps: Iterable[_Step]) -> ModelPlace:
    """Walks a model along member names and list indexes."""
    annotation: object = model
    is_hidden = False
    for step in steps:
        annotation, found = _inner(annotation, step)
        is_hidden = is_hidden or _is_write_only(found)
    models = tuple(_models(annotation))
    members = (name for inner in models for name in member_fields(inner))
    elsewhere = {k: v for inner in models if issubclass(inner, SpecModel) for k, v in inner.elsewhere.items()}
    return ModelPlace(tuple(dict.fromkeys(members)), is_hidden, elsewhere)


def member_fields(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """The fields of a model by the names that manifests use."""
    return {found.alias or name: found for name, found in model.model_fields.items()}


def _inner(annotation: object, step: _Step) -> tuple[object, FieldInfo | None]:
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            field = member_fields(part).get(str(step))
            if field is not None:
                return field.annotation, field
        elif isinstance(step, int) and get_origin(part) in (list, tuple):
            return get_args(part)[0], None
        elif isinstance(step, str) and get_origin(part) is dict:
            return get_args(part)[1], None
    return None, None


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part


def _parts(annotation: object) -> Iterator[object]:
    """An annotation without `Annotated`, and each side of a union."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _parts(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for side in get_args(annotation):
            yield from _parts(side)
    else:
        yield annotation


def _is_write_only(field: FieldInfo | None) -> bool:
    return field is not None and any(
        isinstance(marker, WriteOnly) for marker in (*field.metadata, *_markers(field.annotation))
    )


def _markers(annotation: object) -> Iterator[object]:
    """What `Annotated` adds inside a union."""
    if get_origin(annotation) is Annotated:
        yield from get_args(annotation)[1:]
    elif get_origin(annotation) in (Union, UnionType):
        for side in get_args(annotation):
            yield from _markers(side)
