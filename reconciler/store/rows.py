"""Values as rows, and back.

What was put in comes out equal. A row that cannot be read is a damaged store, never a wrong value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from sqlalchemy import RowMapping

from reconciler.errors import StateError
from reconciler.model.address import parse_address
from reconciler.model.diagnostics import Mark
from reconciler.model.resource import Dependency, IgnoredChange, Lifecycle
from reconciler.model.state import EntryStatus, Intent, PriorEntry, Tombstone
from reconciler.model.values import JsonValue, canonical_json
from reconciler.store.columns import damaged_value
from reconciler.store.documents import (
    address,
    items,
    maybe_words,
    members,
    moment,
    read_json,
    texts,
    truth,
    whole,
    words,
)

Row: TypeAlias = "Mapping[str, Any] | RowMapping"
"""Column -> value, as the database has it."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def json_text(value: JsonValue) -> str:
    """Canonical JSON that every database takes: a lone half of a surrogate pair is written as an escape."""
    return _SURROGATE.sub(lambda half: f"\\u{ord(half.group()):04x}", canonical_json(value))


def time_text(moment: datetime) -> str:
    """UTC, in one width: sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def read_time(text: str) -> datetime:
    """A time of a column, in UTC.

    Raises:
        StateError: it is none.
    """
    try:
        return moment(text)
    except ValueError as error:
        raise damaged_value(str(error)) from error


def tombstone_row(tombstone: Tombstone) -> dict[str, Any]:
    """A tombstone as columns of `tombstones`, without the org."""
    return {
        "kind": tombstone.address.kind,
        "name": tombstone.address.name,
        "remote_id": tombstone.remote_id,
        "deleted_at": time_text(tombstone.deleted_at),
        "plan_fingerprint": tombstone.plan_fingerprint,
    }


def entry_row(entry: PriorEntry) -> dict[str, Any]:
    """A prior entry as columns of `resources`, without the org."""
    return {
        "kind": entry.address.kind,
        "name": entry.address.name,
        "remote_id": entry.remote_id,
        "status": entry.status.value,
        "applied_at": _optional_time(entry.applied_at),
        "plan_fingerprint": entry.plan_fingerprint,
        "base": json_text(entry.base),
        "answered": json_text(entry.answered),
        "scope": json_text(entry.scope),
        "lifecycle": json_text(_lifecycle_document(entry.lifecycle)),
        "labels": json_text(entry.labels),
        "dependencies": json_text([_dependency_document(needed) for needed in entry.dependencies]),
        "source": json_text(mark_document(entry.source)),
    }


def read_entry(row: Row) -> PriorEntry:
    """The entry of a row.

    Raises:
        StateError: the row is damaged.
    """
    with _readable(row):
        return PriorEntry(
            address=address(row["kind"], row["name"]),
            remote_id=words(row["remote_id"]),
            base=members(read_json(row["base"])),
            answered=members(read_json(row["answered"])),
            scope=texts(read_json(row["scope"])),
            lifecycle=_lifecycle(members(read_json(row["lifecycle"]))),
            labels=texts(read_json(row["labels"])),
            dependencies=tuple(_dependency(members(each)) for each in items(read_json(row["dependencies"]))),
            source=read_mark(read_json(row["source"])),
            status=EntryStatus(row["status"]),
            applied_at=None if row["applied_at"] is None else moment(row["applied_at"]),
            plan_fingerprint=maybe_words(row["plan_fingerprint"]),
        )


def intent_row(intent: Intent) -> dict[str, Any]:
    """A journal line as columns of `journal`, without the org."""
    return {
        "run_id": intent.run_id,
        "kind": intent.address.kind,
        "name": intent.address.name,
        "action": intent.action,
        "step": intent.step,
        "label": intent.label,
        "method": intent.method,
        "path": intent.path,
        "key_header": intent.key_header,
        "key": intent.key,
        "body": json_text(intent.body),
        "creates": intent.creates,
        "started_at": time_text(intent.started_at),
        "plan_fingerprint": intent.plan_fingerprint,
        "entry": json_text(None if intent.entry is None else entry_row(intent.entry)),
    }


def read_intent(row: Row) -> Intent:
    """The intent of a row.

    Raises:
        StateError: the row is damaged.
    """
    with _readable(row):
        entry, body = read_json(row["entry"]), read_json(row["body"])
        return Intent(
            run_id=row["run_id"],
            address=address(row["kind"], row["name"]),
            action=row["action"],
            step=row["step"],
            label=row["label"],
            method=row["method"],
            path=row["path"],
            key_header=row["key_header"],
            key=row["key"],
            body=None if body is None else members(body),
            creates=row["creates"],
            started_at=moment(row["started_at"]),
            plan_fingerprint=row["plan_fingerprint"],
            entry=None if entry is None else read_entry(members(entry)),
        )


def read_tombstone(row: Row) -> Tombstone:
    """The tombstone of a row.

    Raises:
        StateError: the row is damaged.
    """
    with _readable(row):
        return Tombstone(
            address=address(row["kind"], row["name"]),
            remote_id=row["remote_id"],
            deleted_at=moment(row["deleted_at"]),
            plan_fingerprint=row["plan_fingerprint"],
        )


@contextmanager
def _readable(row: Row) -> Iterator[None]:
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        of = f"{row.get('kind')}/{row.get('name')}"[:200]
        raise StateError(
            f"the store is damaged: what it holds of {of} cannot be read ({error})",
            hint="restore the store from a backup",
            address=of,
        ) from error


def _lifecycle_document(lifecycle: Lifecycle) -> JsonValue:
    return {
        "adopt": lifecycle.adopt,
        "prevent_destroy": lifecycle.prevent_destroy,
        "on_remove": lifecycle.on_remove,
        "ignore_changes": [
            {
                "path": ignored.path,
                "until": ignored.until.isoformat() if ignored.until else None,
                "reason": ignored.reason,
            }
            for ignored in lifecycle.ignore_changes
        ],
    }


def _lifecycle(document: Mapping[str, Any]) -> Lifecycle:
    if document["on_remove"] not in ("delete", "forget"):
        raise ValueError(f"on_remove is {document['on_remove']!r}")
    return Lifecycle(
        adopt=truth(document["adopt"]),
        prevent_destroy=truth(document["prevent_destroy"]),
        on_remove=document["on_remove"],
        ignore_changes=tuple(_ignored(members(ignored)) for ignored in items(document["ignore_changes"])),
    )


def _ignored(document: Mapping[str, Any]) -> IgnoredChange:
    until = maybe_words(document["until"])
    path, reason = words(document["path"]), maybe_words(document["reason"])
    return IgnoredChange(path, date.fromisoformat(until) if until else None, reason)


def _dependency_document(needed: Dependency) -> JsonValue:
    return {"target": str(needed.target), "via": needed.via, "mark": mark_document(needed.mark)}


def _dependency(document: Mapping[str, Any]) -> Dependency:
    target, via = parse_address(words(document["target"])), words(document["via"])
    return Dependency(target, via, read_mark(document["mark"]))


def mark_document(mark: Mark | None) -> JsonValue:
    """A place, as documents hold it."""
    return None if mark is None else {"file": mark.file, "line": mark.line, "column": mark.column}


def read_mark(value: object) -> Mark | None:
    """The place of a document; ValueError where it is none."""
    if value is None:
        return None
    found = members(value)
    return Mark(words(found["file"]), whole(found["line"]), whole(found["column"]))


def _optional_time(moment: datetime | None) -> str | None:
    return None if moment is None else time_text(moment)
