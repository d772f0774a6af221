"""What every part of an apply works with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from reconciler.errors import StoppedWaiting
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
    rollback_of: str | None = None
    """The run that this one undoes."""


Awaited = TypeVar("Awaited")


@dataclass(slots=True)
class Stop:
    """What the user asked for: nothing new (once), no more waiting (twice)."""

    requests: int = 0
    _awaited: set[asyncio.Future[Any]] = field(default_factory=set, repr=False)

    def ask(self) -> None:
        """One more interrupt; to be called where the run's coroutines run."""
        self.requests += 1
        if self.waits_no_longer:
            for work in self._awaited:
                work.cancel()

    async def outlast(self, work: Coroutine[Any, Any, Awaited]) -> Awaited:
        """The work's result, unless the user stops waiting for it.

        Raises:
            StoppedWaiting: the work was cut off; what it sent may have taken effect.
        """
        awaited = asyncio.ensure_future(work)
        self._awaited.add(awaited)
        try:
            if self.waits_no_longer:
                awaited.cancel()
            return await awaited
        except asyncio.CancelledError:
            if not self.waits_no_longer:
                raise
            raise _stopped_waiting() from None
        finally:
            self._awaited.discard(awaited)

    @property
    def starts_nothing(self) -> bool:
        """Whether nothing new may start."""
        return self.requests > 0

    @property
    def waits_no_longer(self) -> bool:
        """Whether waits end unsettled."""
        return self.requests > 1


def _stopped_waiting() -> StoppedWaiting:
    return StoppedWaiting(
        "interrupted while the org's answer was awaited",
        hint="apply again: it asks first what became of the request",
        outcome_unknown=True,
    )


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
        hidden: values of secrets; nothing that the org says is written down with one of them in it.
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
    hidden: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def masks(self) -> Masks:
        """How secrets are compared."""
        return Masks(self.secrets.digest, self.secrets.digest_text)

    def kind(self, address: Address) -> Kind[Any]:
        """The kind of an address."""
        return self.kinds[address.kind]
