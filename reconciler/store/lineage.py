"""The lineage: which history a store holds of an org, how far it has come, and of which org it is."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from reconciler.errors import StateError
from reconciler.model.state import StateIdentity
from reconciler.store.chain import Head
from reconciler.store.tables import lineages

# Built once: they are part of every commit, and building one costs more than running it.
_READ = select(lineages).where(lineages.c.org == bindparam("of_org"))
_RESERVE = _READ.with_for_update()
_ADVANCE = (
    update(lineages)
    .where(lineages.c.org == bindparam("of_org"), lineages.c.lineage == bindparam("of_lineage"))
    .where(lineages.c.serial == bindparam("from_serial"))
    .values(serial=bindparam("from_serial") + 1, audit_seq=bindparam("seq"), audit_hash=bindparam("hash"))
)


@dataclass(frozen=True, slots=True)
class Lineage:
    """One row of `lineages`; the org's id, host and client are None until it is bound."""

    lineage: str
    serial: int
    org_id: str | None
    api_host: str | None
    client_id: str | None
    head: Head

    @property
    def identity(self) -> StateIdentity | None:
        """Which org this is the history of; None until it is bound."""
        if self.org_id is None or self.api_host is None or self.client_id is None:
            return None
        return StateIdentity(self.lineage, self.serial, self.org_id, self.api_host, self.client_id)

    @property
    def is_unused(self) -> bool:
        """Whether nothing was ever committed to it."""
        return self.serial == 0 and self.head == Head()

    def is_bound_to(self, identity: StateIdentity) -> bool:
        """Whether the row says of its org what the identity says."""
        mine = (self.org_id, self.api_host, self.client_id)
        named = identity.lineage in ("", self.lineage)
        return named and mine == (identity.org_id, identity.api_host, identity.client_id)


def read_lineage(connection: Connection, org: str) -> Lineage | None:
    """The org's row; None when the store holds nothing of it."""
    return _lineage(connection.execute(_READ, {"of_org": org}).one_or_none())


def reserve_lineage(connection: Connection, org: str) -> Lineage | None:
    """As `read_lineage`; no other transaction reserves the org's row until this one has ended.

    Every commit begins with it: on a server that lets transactions run side by side, too, an org has one
    writer at a time, and its audit chain one end.
    """
    return _lineage(connection.execute(_RESERVE, {"of_org": org}).one_or_none())


def read_secret_key(connection: Connection, org: str) -> bytes:
    """The key of the digests of the org's secrets."""
    key: bytes = connection.execute(select(lineages.c.secret_key).where(lineages.c.org == org)).scalar_one()
    return key


def start_lineage(connection: Connection, org: str) -> None:
    """Begins a history, for an org that has none yet."""
    begun = {"org": org, "lineage": str(uuid.uuid4()), "serial": 0, "secret_key": secrets.token_bytes(32)}
    connection.execute(insert(lineages).values(**begun, audit_seq=Head().seq, audit_hash=Head().hash))


def advance_lineage(connection: Connection, org: str, lineage: Lineage, head: Head) -> None:
    """Raises the serial by one and moves the chain's end.

    Raises:
        StateError: `state.foreign-lineage` when another history has taken this one's place.
    """
    where = {"of_org": org, "of_lineage": lineage.lineage, "from_serial": lineage.serial}
    advanced = connection.execute(_ADVANCE, {**where, "seq": head.seq, "hash": head.hash})
    if advanced.rowcount != 1:
        raise foreign_lineage(org, lineage.lineage)


def bind_lineage(connection: Connection, org: str, lineage: Lineage, identity: StateIdentity) -> None:
    """Writes down which org the history is of, and by which host and client it was last reached.

    Raises:
        StateError: `state.other-org` or `state.foreign-lineage`.
    """
    if identity.lineage and identity.lineage != lineage.lineage:
        raise foreign_lineage(org, identity.lineage)
    if lineage.org_id not in (None, identity.org_id):
        raise StateError(
            f"the state of {org!r} belongs to org {lineage.org_id} (last reached at {lineage.api_host}), but "
            f"the client {identity.client_id} belongs to org {identity.org_id} (at {identity.api_host})",
            code="state.other-org",
            hint="check region and credentials, or give this org a name or --state of its own",
        )
    bound = {"org_id": identity.org_id, "api_host": identity.api_host, "client_id": identity.client_id}
    connection.execute(update(lineages).where(lineages.c.org == org).values(**bound))


def foreign_lineage(org: str, lineage: str) -> StateError:
    """The error for a history that is not the one expected."""
    return StateError(
        f"the state of {org!r} is no longer the history {lineage} that this run began with",
        code="state.foreign-lineage",
        hint="plan again",
    )


def lost_history(org: str, known: int, *, found: int) -> StateError:
    """The error for a store that no longer holds what a run has seen in it.

    Args:
        known: the last audit record that the run knows.
        found: the last one there.
    """
    return StateError(
        f"the state of {org!r} has lost records: this run knows record {known}, the store ends at {found} "
        "or holds another one there",
        code="state.foreign-lineage",
        hint="a server that lagged behind took over, or a backup was put back: `reconciler plan` shows what "
        "the org holds and the state no longer knows",
    )


def _lineage(row: Row[Any] | None) -> Lineage | None:
    if row is None:
        return None
    head = Head(row.audit_seq, row.audit_hash)
    return Lineage(row.lineage, row.serial, row.org_id, row.api_host, row.client_id, head)
