"""Matching: which live object, if any, is which resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from reconciler.kinds.base import Kind, Owns
from reconciler.model.address import Address
from reconciler.model.change import LiveObject
from reconciler.model.resource import Resource
from reconciler.model.state import EntryStatus, PriorEntry
from reconciler.model.values import TreeObject
from reconciler.planning.inputs import PlanInputs


@dataclass(frozen=True, slots=True)
class LiveIndex:
    """The live objects of one kind, by remote id and by natural key.

    Args:
        strangers: those that prior state does not hold, by natural key.
        absent: kept by the org but counted as not there (a DEPRECATED schema), by natural key.
    """

    by_id: Mapping[str, LiveObject]
    strangers: Mapping[str, LiveObject]
    absent: Mapping[str, LiveObject]


def index_live(kind: Kind[Any], inputs: PlanInputs) -> LiveIndex:
    """All live objects of a kind that the facts show; what we deleted a short while ago is no match."""
    oldest = inputs.now - timedelta(minutes=inputs.settings.apply.tombstone_minutes)
    buried = {
        stone.remote_id
        for stone in inputs.prior.tombstones
        if stone.address.kind == kind.name and stone.deleted_at >= oldest
    }
    ours = buried | {
        entry.remote_id for entry in inputs.prior.entries.values() if entry.address.kind == kind.name
    }
    objects = sorted(kind.live(inputs.facts), key=lambda live: live.remote_id)
    strange = [live for live in objects if live.remote_id not in ours and not live.absent]
    return LiveIndex(
        by_id={live.remote_id: live for live in objects},
        strangers=_by_key(kind, strange),
        absent=_by_key(kind, (live for live in objects if live.absent)),
    )


def _by_key(kind: Kind[Any], objects: Iterable[LiveObject]) -> dict[str, LiveObject]:
    return {key: live for live in objects if (key := kind.natural_key(live.body)) is not None}


@dataclass(frozen=True, slots=True)
class Match:
    """What was found for one resource.

    Args:
        entry: its prior entry, perhaps under a former name.
        live: the object that the entry names, or the settings object; None when gone or never made.
        stranger: a live object with our natural key that prior state does not hold.
        remains: an absent object with our natural key, whose version goes on.
        formerly: the former address, where the entry stood under it.
    """

    entry: PriorEntry | None = None
    live: LiveObject | None = None
    stranger: LiveObject | None = None
    remains: LiveObject | None = None
    formerly: Address | None = None


def match(resource: Resource, document: TreeObject, index: LiveIndex, inputs: PlanInputs) -> Match:
    """Finds the prior entry and the live object of a resource."""
    kind = inputs.kind(resource.address)
    entry, formerly = _entry_of(resource, inputs)
    if entry is not None and inputs.prior.has_open_intent(resource.address):
        entry = replace(entry, status=EntryStatus.UNSETTLED)  # as recovery will find it
    if kind.endpoint.owns is Owns.SETTINGS:
        return _match_settings(kind, document, entry, index)
    live = index.by_id.get(entry.remote_id) if entry else None
    if live is not None:
        return Match(entry, live, formerly=formerly)
    key = kind.natural_key(document) or ""
    return Match(entry, None, index.strangers.get(key), index.absent.get(key), formerly)


def _match_settings(
    kind: Kind[Any], document: TreeObject, entry: PriorEntry | None, index: LiveIndex
) -> Match:
    """Settings are of an object that exists without us; an entry of another object is not ours any more."""
    remote_id = kind.known_id(document)
    same = entry if entry and entry.remote_id == remote_id else None
    return Match(same, index.by_id.get(remote_id) if remote_id else None)


def _entry_of(resource: Resource, inputs: PlanInputs) -> tuple[PriorEntry | None, Address | None]:
    entries = inputs.prior.entries
    if resource.address in entries or not resource.formerly:
        return entries.get(resource.address), None
    former = renames(inputs).get(resource.address)
    return (entries[former], former) if former else (None, None)


def renames(inputs: PlanInputs) -> Mapping[Address, Address]:
    """Declared addresses whose entry stands under a former name; no entry is taken twice.

    A name that is still declared is no former one, whatever another manifest says.
    """
    entries = inputs.prior.entries
    renamed = [found for found in inputs.resources if found.formerly and found.address not in entries]
    declared = {resource.address for resource in inputs.resources} if renamed else set()
    found: dict[Address, Address] = {}
    for resource in sorted(renamed, key=lambda one: one.address):
        names = (Address(resource.address.kind, name) for name in resource.formerly)
        taken = declared | set(found.values())
        former = next((name for name in names if name in entries and name not in taken), None)
        if former is not None:
            found[resource.address] = former
    return found
