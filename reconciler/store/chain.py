"""The audit trail: one hash chain a store and org.

Each record carries the hash of the one before it; the chain's end is kept beside it. So a record that was
changed, added, moved or removed shows, at the end too. The chain proves nothing against somebody who
rewrites all of it: for that, ship `audit.jsonl` elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, select

from reconciler.model.address import Address
from reconciler.model.audit import FIRST_PREVIOUS_HASH, AuditEntry, Phase, chain_record, record_hash
from reconciler.model.values import JsonValue
from reconciler.store.columns import Whole, damaged_value
from reconciler.store.database import Database
from reconciler.store.documents import members, read_json
from reconciler.store.rows import json_text
from reconciler.store.tables import audit, lineages

PAGE = 500
"""Records read at once: neither the whole trail in memory nor a query a record."""


_COLUMNS = ("seq", "timestamp", "run_id", "phase", "address", "outcome", "hash")
"""Members of a record that have a column of their own."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: its last record's sequence and hash."""

    seq: int = 0
    hash: str = FIRST_PREVIOUS_HASH


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which records; a member that is None lets all through.

    Args:
        since: UTC text or the beginning of one (`2026-01-31T10`): the records from then on.
        until: the same: the records before it.
        last: at most so many, from the end.
    """

    run_id: str | None = None
    address: Address | None = None
    phase: Phase | None = None
    outcome: str | None = None
    since: str | None = None
    until: str | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class AuditVerification:
    """What became of checking a chain."""

    valid: bool
    records: int
    first_broken_seq: int | None
    message: str


def extend(connection: Connection, org: str, head: Head, entries: Sequence[AuditEntry]) -> Head:
    """Adds the entries at the chain's end, in the caller's transaction; an entry's org is the chain's."""
    rows = []
    for entry in entries:
        record = chain_record(replace(entry, org=org), seq=head.seq + 1, previous_hash=head.hash)
        head = Head(head.seq + 1, str(record["hash"]))
        rows.append(_row(entry, org, head, record))
    if rows:
        connection.execute(insert(audit), rows)
    return head


def read_records(database: Database, org: str, query: AuditQuery) -> Iterator[Mapping[str, JsonValue]]:
    """The records that match, oldest first, page by page."""
    conditions = _conditions(org, query)
    after = _seq_before_last(database, conditions, query.last)
    for text in _pages(database, conditions, after):
        yield _record(text)


def _record(text: str) -> Mapping[str, JsonValue]:
    try:
        return members(read_json(text))
    except ValueError as error:
        raise damaged_value(f"a record of its audit trail cannot be read ({error})") from error


def lines_after(database: Database, org: str, seq: int) -> Iterator[str]:
    """The records after a sequence as they were committed, one text each."""
    return _pages(database, [audit.c.org == org], seq)


def hash_at(database: Database, org: str, seq: int) -> str | None:
    """The hash of one record; None when there is none."""
    wanted = select(audit.c.hash).where(audit.c.org == org, audit.c.seq == seq)
    return database.read(lambda connection: connection.execute(wanted).scalar())


def holds(connection: Connection, org: str, head: Head) -> bool:
    """Whether the chain goes through this head."""
    wanted = select(audit.c.hash).where(audit.c.org == org, audit.c.seq == head.seq)
    return head.seq == 0 or connection.execute(wanted).scalar() == head.hash


def verify(database: Database, org: str) -> AuditVerification:
    """Checks the chain from its first record to its end; what a run appends meanwhile is left out."""
    end, last_seq = database.read(lambda connection: _ends(connection, org))
    found = verify_records(_pages(database, [audit.c.org == org, audit.c.seq <= end.seq], None), end)
    if found.valid and last_seq > end.seq:
        return _broken(end, f"was added: only {end.seq} were committed")
    return found


def verify_records(records: Iterable[str], end: Head) -> AuditVerification:
    """Checks records against one another, and against where the chain is said to end."""
    head = Head()
    for text in records:
        fault = _fault(text, head, end)
        if fault is not None:
            return _broken(head, fault)
        head = Head(head.seq + 1, json.loads(text)["hash"])
    if head.seq != end.seq:
        return _broken(head, f"is missing: {end.seq} were committed")
    return AuditVerification(
        valid=True, records=head.seq, first_broken_seq=None, message=f"{head.seq} records, unbroken"
    )


def read_texts(connection: Connection, org: str) -> list[str]:
    """All records, from the caller's snapshot."""
    records = select(audit.c.record).where(audit.c.org == org).order_by(audit.c.seq)
    return list(connection.execute(records).scalars())


def put_records(connection: Connection, org: str, records: Sequence[Mapping[str, Any]]) -> None:
    """Puts verified records into the table as they are, in the caller's transaction."""
    rows = [
        {
            "org": org,
            **{column: record[column] for column in _COLUMNS},
            "record": json_text(dict(record)),
        }
        for record in records
    ]
    for start in range(0, len(rows), PAGE):
        connection.execute(insert(audit), rows[start : start + PAGE])


def _row(entry: AuditEntry, org: str, head: Head, record: Mapping[str, JsonValue]) -> dict[str, Any]:
    return {
        "org": org,
        "seq": head.seq,
        "timestamp": entry.timestamp,
        "run_id": entry.run_id,
        "phase": entry.phase.value,
        "address": entry.address,
        "outcome": entry.outcome,
        "hash": head.hash,
        "record": json_text(record),
    }


def _conditions(org: str, query: AuditQuery) -> list[ColumnElement[bool]]:
    found = [audit.c.org == org]
    exact = {
        audit.c.run_id: query.run_id,
        audit.c.address: None if query.address is None else str(query.address),
        audit.c.phase: query.phase,
        audit.c.outcome: query.outcome,
    }
    found += [column == value for column, value in exact.items() if value is not None]
    if query.since is not None:
        found.append(audit.c.timestamp >= query.since)
    if query.until is not None:
        found.append(audit.c.timestamp < query.until)
    return found


def _seq_before_last(
    database: Database, conditions: Sequence[ColumnElement[bool]], last: int | None
) -> int | None:
    if last is None:
        return None
    newest = select(audit.c.seq).where(*conditions).order_by(audit.c.seq.desc()).offset(last).limit(1)
    return database.read(lambda connection: connection.execute(newest).scalar())


def _pages(database: Database, conditions: Sequence[ColumnElement[bool]], after: int | None) -> Iterator[str]:
    page = select(audit.c.seq, audit.c.record).where(*conditions).order_by(audit.c.seq).limit(PAGE)
    while True:
        rows = _fetch(database, page if after is None else page.where(audit.c.seq > after))
        yield from (record for _, record in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def _fetch(database: Database, page: Select[tuple[int, str]]) -> list[tuple[int, str]]:
    return database.read(lambda connection: [(row.seq, row.record) for row in connection.execute(page)])


def _ends(connection: Connection, org: str) -> tuple[Head, int]:
    lineage = select(lineages.c.audit_seq, lineages.c.audit_hash).where(lineages.c.org == org)
    recorded = connection.execute(lineage).one()
    found = connection.execute(
        select(func.max(audit.c.seq, type_=Whole(is_optional=True))).where(audit.c.org == org)
    ).scalar()
    return Head(recorded.audit_seq, recorded.audit_hash), found or 0


def _fault(text: str, head: Head, end: Head) -> str | None:
    try:
        record = members(read_json(text))
        seq, previous_hash, own_hash = record["seq"], record["previous_hash"], record["hash"]
    except (KeyError, ValueError):
        return "cannot be read"
    if seq != head.seq + 1:
        return f"is missing: record {seq} stands in its place"
    if previous_hash != head.hash:
        return "does not follow from the record before it"
    if own_hash != record_hash(record):
        return "was changed: its content does not match its hash"
    if seq == end.seq and own_hash != end.hash:
        return "is not the one that was committed"
    return None


def _broken(head: Head, fault: str) -> AuditVerification:
    seq = head.seq + 1
    return AuditVerification(
        valid=False, records=head.seq, first_broken_seq=seq, message=f"record {seq} {fault}"
    )
