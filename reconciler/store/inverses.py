"""Inverses of runs, one row each: what a rollback needs. The newest stay.

A row is read with suspicion, like every other: what no run of ours has written is damage.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from reconciler.model.address import Address, parse_address
from reconciler.model.change import Action
from reconciler.model.inverse import Inverse, InverseEntry
from reconciler.model.values import JsonValue
from reconciler.store.columns import damaged_value
from reconciler.store.documents import items, members, moment, read_json, texts, words
from reconciler.store.rows import entry_row, json_text, mark_document, read_entry, read_mark, time_text
from reconciler.store.tables import inverses

KEPT = 100
"""So many of the newest inverses stay."""


def put_inverse(connection: Connection, org: str, inverse: Inverse) -> None:
    """Adds an inverse, and lets the oldest go; one that is there already is put again."""
    connection.execute(delete(inverses).filter_by(org=org, run_id=inverse.run_id))
    connection.execute(
        insert(inverses).values(
            org=org,
            run_id=inverse.run_id,
            created_at=time_text(inverse.created_at),
            document=json_text([_document(entry) for entry in inverse.entries]),
        )
    )
    old = list_inverses(connection, org)[KEPT:]
    if old:
        connection.execute(delete(inverses).where(inverses.c.org == org, inverses.c.run_id.in_(old)))


def list_inverses(connection: Connection, org: str) -> tuple[str, ...]:
    """The runs whose inverse is kept, the newest first."""
    newest = (inverses.c.created_at.desc(), inverses.c.run_id)
    wanted = select(inverses.c.run_id).where(inverses.c.org == org).order_by(*newest)
    return tuple(str(run_id) for run_id in connection.execute(wanted).scalars())


def read_inverse(connection: Connection, org: str, run_id: str) -> Inverse | None:
    """One inverse; None where there is none.

    Raises:
        StateError: the row is damaged.
    """
    wanted = select(inverses).where(inverses.c.org == org, inverses.c.run_id == run_id)
    row = connection.execute(wanted).mappings().one_or_none()
    if row is None:
        return None
    try:
        entries = tuple(_entry(members(each)) for each in items(read_json(row["document"])))
        return Inverse(run_id, moment(row["created_at"]), entries)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise damaged_value(f"the inverse of run {run_id} cannot be read ({error})") from error


def _document(entry: InverseEntry) -> JsonValue:
    return {
        "address": str(entry.address),
        "action": entry.action.value,
        "entry": None if entry.entry is None else entry_row(entry.entry),
        "document": entry.document,
        "references": {pointer: str(target) for pointer, target in entry.references},
        "source": mark_document(entry.source),
        "lasting": list(entry.lasting),
    }


def _entry(document: dict[str, Any]) -> InverseEntry:
    held, body = document["entry"], document["document"]
    return InverseEntry(
        address=_address(document["address"]),
        action=Action(document["action"]),
        entry=None if held is None else read_entry(members(held)),
        document=None if body is None else members(body),
        references=tuple((at, _address(to)) for at, to in texts(document["references"]).items()),
        source=read_mark(document["source"]),
        lasting=tuple(words(each) for each in items(document["lasting"])),
    )


def _address(text: object) -> Address:
    return parse_address(words(text))
