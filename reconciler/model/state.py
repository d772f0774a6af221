"""Prior state: what we last applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.diagnostics import Mark
from reconciler.model.resource import Dependency, Lifecycle
from reconciler.model.values import JsonObject


class EntryStatus(StrEnum):
    """Whether the org has finished what we asked of it."""

    SETTLED = "settled"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class PriorEntry:
    """One managed resource as last applied.

    Args:
        remote_id: the platform's identity.
        base: the spec as sent, secrets as `{"$secret": digest}`; members that are never sent included.
        answered: the same fields as the server answered them, where it normalised our own write; as long as
            desired equals `base` and live equals `answered` at a place, they agree.
        scope: what is needed to address the object besides its id (a widget's `dashboardId`).
        plan_fingerprint: the plan that wrote this entry; while it is unsettled, the plan that began to.
    """

    address: Address
    remote_id: str
    base: JsonObject
    answered: JsonObject = field(default_factory=dict)
    scope: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    labels: Mapping[str, str] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()
    source: Mark | None = None
    status: EntryStatus = EntryStatus.SETTLED
    applied_at: datetime | None = None
    plan_fingerprint: str | None = None


def readdressed(entries: Iterable[PriorEntry], old: Address, new: Address) -> Iterator[PriorEntry]:
    """The entries that change when one gets another address: itself, and those that depend on it."""
    for entry in entries:
        moved = tuple(replace(one, target=new) if one.target == old else one for one in entry.dependencies)
        if entry.address == old:
            yield replace(entry, address=new, dependencies=moved)
        elif moved != entry.dependencies:
            yield replace(entry, dependencies=moved)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A resource that we deleted a short while ago: listings may still show it."""

    address: Address
    remote_id: str
    deleted_at: datetime
    plan_fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class StateIdentity:
    """Which history a store holds, and of which org.

    Args:
        lineage: made once, when the store is.
        serial: raised by every commit.
        api_host: host (and port) of the org's API when last applied.
        client_id: the OAuth client that the org's identity was read with.
    """

    lineage: str
    serial: int
    org_id: str
    api_host: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Intent:
    """A journal line: a request that is about to leave, or left without a recorded result.

    Args:
        key: the idempotency key sent with it.
        body: the body as sent, secrets as `{"$secret": digest}`.
        creates: whether an answer that was lost would leave an object that nobody knows.
        entry: what prior state will hold once it has settled; for recovery of a create.
    """

    run_id: str
    address: Address
    action: str
    step: int
    label: str
    method: str
    path: str
    key_header: str | None
    key: str
    body: JsonObject | None
    creates: bool
    started_at: datetime
    plan_fingerprint: str | None = None
    entry: PriorEntry | None = None


@dataclass(frozen=True, slots=True)
class Prior:
    """A snapshot of the store for one org: what planning needs of it."""

    identity: StateIdentity | None = None
    entries: Mapping[Address, PriorEntry] = field(default_factory=dict)
    tombstones: tuple[Tombstone, ...] = ()
    open_intents: tuple[Intent, ...] = ()

    def has_open_intent(self, address: Address) -> bool:
        """Whether an earlier run sent something for this address, and recorded no result."""
        return any(intent.address == address for intent in self.open_intents)
