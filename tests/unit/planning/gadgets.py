"""A kind for tests of planning: one field of every sort that comparing knows, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from reconciler.kinds.base import Endpoint, Kind
from reconciler.kinds.fields import As, Colour, Combine, Immutable, Local, SpecModel, Text, WriteOnly
from reconciler.model.change import LiveObject
from reconciler.model.remote import Failed, Pending, Settled, Verdict

COLLECTION = "/gadgets"


class PartSpec(SpecModel):
    """An element of a keyed list."""

    name: str
    size: float | None = None
    owner: Text | None = None
    options: Annotated[dict[str, int] | None, As(Combine.WHOLE)] = None


class BoxSpec(SpecModel):
    """An object, compared member by member."""

    width: float | None = None
    height: float | None = None
    label: Text | None = None


class GadgetSpec(SpecModel):
    """One field of every sort."""

    name: Text
    description: Text | None = None
    model: Annotated[str | None, Immutable()] = None
    colour: Annotated[str | None, Colour()] = None
    key: Annotated[Text | None, WriteOnly()] = None
    note: Annotated[str | None, Local()] = None
    tags: Annotated[list[Text] | None, As(Combine.SET)] = None
    order: list[str] | None = None
    parts: Annotated[list[PartSpec] | None, As(Combine.KEYED, "name")] = None
    friends: Annotated[list[PartSpec] | None, As(Combine.ADDITIVE, "name")] = None
    box: BoxSpec | None = None
    target: Text | None = None
    flag: bool | None = None
    count: float | None = None


class Gadget(Kind[GadgetSpec]):
    """Gadgets are named; `state` says whether one has settled."""

    name = "Gadget"
    spec = GadgetSpec
    endpoint = Endpoint(
        collection=COLLECTION,
        natural_key=("name",),
        read_only=frozenset({"state"}),
        read_scope="gadget:read",
        write_scope="gadget:write",
    )

    def settlement(self, live: LiveObject) -> Verdict:
        """By `state`; one that says none has settled."""
        verdicts: Mapping[object, Verdict] = {"failed": Failed("broken"), "pending": Pending()}
        return verdicts.get(live.server.get("state"), Settled())
