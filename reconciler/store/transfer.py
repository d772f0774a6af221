"""`state pull` and `state push`: one org's state out of its store, and into another.

A push never loses history: it refuses a file of another lineage, one that the store is not behind, and one
whose audit chain does not go on from the store's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from reconciler.errors import StateError
from reconciler.model.audit import AuditEntry
from reconciler.model.ports import Clock
from reconciler.store import chain
from reconciler.store.holders import RunIdentity
from reconciler.store.lineage import (
    Lineage,
    advance_lineage,
    foreign_lineage,
    read_lineage,
    read_secret_key,
    start_lineage,
)
from reconciler.store.locations import Location
from reconciler.store.opening import OpenMode, open_store
from reconciler.store.rows import (
    entry_row,
    intent_row,
    read_entry,
    read_intent,
    read_tombstone,
    tombstone_row,
)
from reconciler.store.runstore import Store
from reconciler.store.statefile import StateFile
from reconciler.store.tables import audit as audit_table
from reconciler.store.tables import journal, lineages, resources, tombstones


@dataclass(frozen=True, slots=True)
class Push:
    """What is pushed, and by whom.

    Args:
        audit: the record of the push itself; follows those of the file.
        holder: what to tell other runs meanwhile.
        lock_timeout_s: how long to wait for them.
    """

    file: StateFile
    audit: AuditEntry
    run: RunIdentity
    holder: str = "state push"
    lock_timeout_s: float = 0.0


def pull_state(store: Store) -> StateFile:
    """The org's whole state, from one snapshot; takes no lock and writes nothing.

    Raises:
        StateError: the store cannot be read, or is damaged.
    """
    return store.read(partial(_read, org=store.org, expected=store.lineage))


def push_state(location: Location, org: str, push: Push, clock: Clock) -> None:
    """Puts the file's state in the place of the store's, or makes the store.

    Args:
        org: whose state it is to be; the file must say the same.

    Raises:
        StateError: `state.other-org`, `state.foreign-lineage`, or `state.newer`: the store's serial is not
            older than the file's.
        StateLocked: a run is under way.
    """
    file = push.file
    if file.org != org:
        raise StateError(
            f"the file holds the state of org {file.org!r}, not of {org!r}",
            code="state.other-org",
            hint=f"say --org {file.org}, or push another file",
        )
    made: list[Lineage] = []

    def begin(connection: Connection, org: str) -> None:
        start_lineage(connection, org)
        made.append(_put(connection, push))

    with open_store(location, org=org, mode=OpenMode.CREATE, clock=clock, run=push.run, begin=begin) as store:
        if not made or store.lineage != file.lineage:
            with store.lock(push.holder, push.lock_timeout_s):
                store.replace(partial(_replace, push=push))


def _read(connection: Connection, *, org: str, expected: str) -> StateFile:
    lineage = read_lineage(connection, org)
    if lineage is None:
        raise foreign_lineage(org, expected)
    bound = (lineage.org_id, lineage.api_host, lineage.client_id)
    return StateFile(
        org=org,
        lineage=lineage.lineage,
        serial=lineage.serial,
        bound_to=None if None in bound else bound,  # type: ignore[arg-type]  # None is not in it
        secret_key=read_secret_key(connection, org),
        entries=tuple(read_entry(row) for row in _rows(connection, resources, org)),
        tombstones=tuple(read_tombstone(row) for row in _rows(connection, tombstones, org)),
        intents=tuple(read_intent(row) for row in _rows(connection, journal, org)),
        end=lineage.head,
        records=tuple(chain.read_texts(connection, org)),
    )


def _rows(connection: Connection, table: Table, org: str) -> Sequence[Any]:
    wanted = select(table).where(table.c.org == org).order_by(*table.primary_key)
    return connection.execute(wanted).mappings().all()


def _replace(connection: Connection, found: Lineage, *, push: Push) -> None:
    _confirm(found, push.file)
    _put(connection, push)


def _confirm(found: Lineage, file: StateFile) -> None:
    """Passes a file that the store is behind.

    Raises:
        StateError: it is not.
    """
    if found.is_unused:
        return
    if found.lineage != file.lineage:
        raise StateError(
            f"the store holds the history {found.lineage} of {file.org!r}, the file another: {file.lineage}",
            code="state.foreign-lineage",
            hint="push to an empty store, or give this org another name or --state",
        )
    if found.serial >= file.serial:
        raise StateError(
            f"the store's state of {file.org!r} has serial {found.serial}, the file's {file.serial}: "
            "it is not newer",
            code="state.newer",
            hint="pull the state again: the file is older than what it would replace",
        )
    seq = found.head.seq
    if seq and (seq > len(file.records) or json.loads(file.records[seq - 1])["hash"] != found.head.hash):
        raise StateError(
            f"the histories of {file.org!r} in store and file parted before record {seq} of the audit trail",
            code="state.foreign-lineage",
            hint="one of them was changed on its own; keep one, and move the other away",
        )


def _put(connection: Connection, push: Push) -> Lineage:
    """The file's state in the place of whatever there is of its org, and the record of the push."""
    file, org = push.file, push.file.org
    for table in (resources, tombstones, journal, audit_table):
        connection.execute(delete(table).where(table.c.org == org))
    org_id, api_host, client_id = file.bound_to or (None, None, None)
    row = {"lineage": file.lineage, "serial": file.serial, "secret_key": file.secret_key}
    row |= {"org_id": org_id, "api_host": api_host, "client_id": client_id}
    row |= {"audit_seq": file.end.seq, "audit_hash": file.end.hash}
    connection.execute(update(lineages).where(lineages.c.org == org).values(**row))
    _insert(connection, resources, org, [entry_row(entry) for entry in file.entries])
    _insert(connection, tombstones, org, [tombstone_row(buried) for buried in file.tombstones])
    _insert(connection, journal, org, [intent_row(intent) for intent in file.intents])
    chain.put_records(connection, org, [json.loads(record) for record in file.records])
    put = read_lineage(connection, org)
    if put is None:
        raise foreign_lineage(org, file.lineage)
    advance_lineage(connection, org, put, chain.extend(connection, org, put.head, (push.audit,)))
    return put


def _insert(connection: Connection, table: Table, org: str, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), [{"org": org, **row} for row in rows])
