"""What every part of an apply works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from reconciler.kinds.base import Kind
from reconciler.model.address import Address
from reconciler.model.ports import Clock, Observer, OrgWriter, RunStore, Secrets
from reconciler.model.remote import Facts, Read
from reconciler.model.values import TreeObject
from reconciler.planning.canonical import Masks
from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """Who applies what, where: on every audit record of the run."""

    run_id: str
    org: str
    lineage: str
    actor: str
    commit: str | None
    plan_fingerprint: str
    allowed: str | None = None
    """The fingerprint for which guards were told to let the plan pass."""


@dataclass(slots=True)
class Stop:
    """What the user asked for: nothing new (once), no more waiting (twice)."""

    requests: int = 0

    def ask(self) -> None:
        """One more interrupt."""
        self.requests += 1

    @property
    def starts_nothing(self) -> bool:
        """Whether nothing new may start."""
        return self.requests > 0

    @property
    def waits_no_longer(self) -> bool:
        """Whether waits end unsettled."""
        return self.requests > 1


@dataclass(frozen=True, slots=True)
class AppliedObject:
    """What a settled change left: values that references to it are filled from."""

    remote_id: str
    document: TreeObject


Look: TypeAlias = Callable[[Callable[[Facts], Iterable[Read]]], Awaitable[Facts]]


@dataclass(slots=True)
class ApplyContext:
    """Seams, settings, and what has been applied so far.

    Args:
        look: asks the org afresh, in rounds, what a function of the facts names.
    """

    org: OrgWriter
    look: Look
    store: RunStore
    secrets: Secrets
    clock: Clock
    observer: Observer
    settings: Settings
    kinds: Mapping[str, Kind[Any]]
    run: RunIdentity
    stop: Stop = field(default_factory=Stop)
    applied: dict[Address, AppliedObject] = field(default_factory=dict)

    @property
    def masks(self) -> Masks:
        """How secrets are compared."""
        return Masks(self.secrets.digest, self.secrets.digest_text)

    def kind(self, address: Address) -> Kind[Any]:
        """The kind of an address."""
        return self.kinds[address.kind]
