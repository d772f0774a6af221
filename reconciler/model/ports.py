"""Seams: what gathering and applying need from the outside, as Protocols.

`remote` and `store` implement them; the composition root in `commands` puts them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from reconciler.model.address import Address
from reconciler.model.audit import AuditEntry
from reconciler.model.events import Event
from reconciler.model.inverse import Inverse
from reconciler.model.remote import Answer, Read
from reconciler.model.state import Intent, Prior, PriorEntry, StateIdentity
from reconciler.model.values import JsonValue, Secret


class Clock(Protocol):
    """Time as an argument."""

    def now(self) -> datetime:
        """The time of day, UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never backwards."""

    async def sleep(self, seconds: float) -> None:
        """Lets others run for so long."""


class Ids(Protocol):
    """Randomness as an argument."""

    def run_id(self) -> str:
        """A new run's id."""


class Observer(Protocol):
    """Who watches."""

    def notify(self, event: Event) -> None:
        """Takes an event; never raises, never blocks."""


class Fence(Protocol):
    """Whether this run still holds the lock."""

    def check(self) -> None:
        """Raises StateLocked when another run has taken over."""


class OrgReader(Protocol):
    """Reads from the org; cannot send a mutating request."""

    @property
    def requests_made(self) -> int:
        """Requests sent so far, tokens and repeats included."""

    @property
    def granted_scopes(self) -> frozenset[str] | None:
        """The token's scopes; None when the login host did not say."""

    async def read(self, read: Read) -> Answer:
        """Asks one question; all pages of a listing.

        Returns:
            The answer. 404 is an answer; so is 400 to a query.

        Raises:
            RemoteError: no answer, or an error that is no answer.
        """


class OrgWriter(OrgReader, Protocol):
    """Sends requests that change the org; only the change runner holds one."""

    async def send(
        self,
        method: str,
        path: str,
        body: JsonValue,
        *,
        fence: Fence,
        key: tuple[str, str] | None = None,
        if_match: str | None = None,
    ) -> Answer:
        """Sends one mutating request, repeating it by the rules of platform-api.md section 3.

        Args:
            fence: asked right before each try leaves, after whatever was waited for.
            key: header name and idempotency key.
            if_match: the version that must still hold.

        Raises:
            RemoteError: refused, or no answer; `outcome_unknown` says that it may have taken effect.
            StateLocked: another run has taken over; earlier tries may have taken effect.
        """


class Secrets(Protocol):
    """The environment's secrets and the store's key."""

    def reveal(self, secret: Secret) -> str:
        """The value to send; never logged, stored or shown.

        Raises:
            ConfigError: a variable is not set.
        """

    def digest(self, secret: Secret) -> str:
        """HMAC of the value, keyed in the store: tells whether it changed and no more."""

    def digest_text(self, text: str) -> str:
        """The same of a live value that stands where the manifest has a secret."""


class PriorState(Protocol):
    """What we last applied."""

    def load(self) -> Prior:
        """A snapshot; an empty one when the store holds nothing for the org yet."""

    def bind(self, identity: StateIdentity) -> StateIdentity:
        """Creates or refreshes the lineage record (host, org, client).

        Raises:
            StateError: `state.other-org` when the lineage belongs to another org.
        """


class Journal(Protocol):
    """Requests under way; intent is on disk before the request leaves."""

    def record_intent(self, intent: Intent, audit: AuditEntry) -> None:
        """Commits the intent and its audit record together."""

    def record_inverse(self, inverse: Inverse, audit: AuditEntry) -> None:
        """Commits what a run is about to overwrite, and the record of its start, together."""


class AuditTrail(Protocol):
    """The hash chain."""

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Commits records at the chain's end."""


class Settlement(Protocol):
    """Records one result: prior state, journal and audit in one transaction."""

    def settle(
        self,
        address: Address,
        entry: PriorEntry | None,
        audit: Sequence[AuditEntry],
        *,
        run_id: str,
        removed_remote_id: str | None = None,
        plan_fingerprint: str | None = None,
    ) -> None:
        """Commits a change's result.

        Args:
            entry: the new prior entry; None removes it.
            removed_remote_id: set when the org's object was deleted: leaves a tombstone.
        """

    def leave(self, address: Address, audit: Sequence[AuditEntry], *, run_id: str, close: bool) -> None:
        """Commits a result that moves no entry; `close` resolves the change's intents."""

    def refresh(self, entries: Sequence[PriorEntry]) -> None:
        """Moves records that agree with the org already (agreed fields, dependencies, sources); no audit."""


class RunStore(PriorState, Journal, AuditTrail, Settlement, Fence, Protocol):
    """All that a run needs of the store."""

    def lock(self, holder: str, timeout_s: float) -> AbstractContextManager[None]:
        """Holds the org's lock.

        Raises:
            StateLocked: another run holds it, and still does after `timeout_s`; names the holder.
        """
