"""Values as rows, and back.

What was put in comes out equal. A row that cannot be read is a damaged store, never a wrong value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from sqlalchemy import RowMapping

from reconciler.errors import StateError
from reconciler.model.address import Address, parse_address
from reconciler.model.diagnostics import Mark
from reconciler.model.resource import Dependency, IgnoredChange, Lifecycle
from reconciler.model.state import EntryStatus, Intent, PriorEntry, Tombstone
from reconciler.model.values import JsonValue, canonical_json

Row: TypeAlias = "Mapping[str, Any] | RowMapping"
"""Column -> value, as the database has it."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def json_text(value: JsonValue) -> str:
    """Canonical JSON that every database takes: a lone half of a surrogate pair is written as an escape."""
    return _SURROGATE.sub(lambda half: f"\\u{ord(half.group()):04x}", canonical_json(value))


def time_text(moment: datetime) -> str:
    """UTC, in one width: sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


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
        "source": json_text(_mark_document(entry.source)),
    }


def read_entry(row: Row) -> PriorEntry:
    """The entry of a row.

    Raises:
        StateError: the row is damaged.
    """
    with _readable(row):
        return PriorEntry(
            address=Address(row["kind"], row["name"]),
            remote_id=row["remote_id"],
            base=json.loads(row["base"]),
            answered=json.loads(row["answered"]),
            scope=json.loads(row["scope"]),
            lifecycle=_lifecycle(json.loads(row["lifecycle"])),
            labels=json.loads(row["labels"]),
            dependencies=tuple(_dependency(needed) for needed in json.loads(row["dependencies"])),
            source=_mark(json.loads(row["source"])),
            status=EntryStatus(row["status"]),
            applied_at=_time(row["applied_at"]),
            plan_fingerprint=row["plan_fingerprint"],
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
        entry = json.loads(row["entry"])
        return Intent(
            run_id=row["run_id"],
            address=Address(row["kind"], row["name"]),
            action=row["action"],
            step=row["step"],
            label=row["label"],
            method=row["method"],
            path=row["path"],
            key_header=row["key_header"],
            key=row["key"],
            body=json.loads(row["body"]),
            creates=row["creates"],
            started_at=datetime.fromisoformat(row["started_at"]),
            plan_fingerprint=row["plan_fingerprint"],
            entry=None if entry is None else read_entry(entry),
        )


def read_tombstone(row: Row) -> Tombstone:
    """The tombstone of a row.

    Raises:
        StateError: the row is damaged.
    """
    with _readable(row):
        return Tombstone(
            address=Address(row["kind"], row["name"]),
            remote_id=row["remote_id"],
            deleted_at=datetime.fromisoformat(row["deleted_at"]),
            plan_fingerprint=row["plan_fingerprint"],
        )


@contextmanager
def _readable(row: Row) -> Iterator[None]:
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        address = f"{row.get('kind')}/{row.get('name')}"
        raise StateError(
            f"the store is damaged: what it holds of {address} cannot be read ({error})",
            hint="restore the store from a backup",
            address=address,
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
        adopt=document["adopt"],
        prevent_destroy=document["prevent_destroy"],
        on_remove=document["on_remove"],
        ignore_changes=tuple(
            IgnoredChange(
                path=ignored["path"],
                until=date.fromisoformat(ignored["until"]) if ignored["until"] else None,
                reason=ignored["reason"],
            )
            for ignored in document["ignore_changes"]
        ),
    )


def _dependency_document(needed: Dependency) -> JsonValue:
    return {"target": str(needed.target), "via": needed.via, "mark": _mark_document(needed.mark)}


def _dependency(document: Mapping[str, Any]) -> Dependency:
    return Dependency(parse_address(document["target"]), document["via"], _mark(document["mark"]))


def _mark_document(mark: Mark | None) -> JsonValue:
    return None if mark is None else {"file": mark.file, "line": mark.line, "column": mark.column}


def _mark(document: Mapping[str, Any] | None) -> Mark | None:
    return None if document is None else Mark(document["file"], document["line"], document["column"])


def _optional_time(moment: datetime | None) -> str | None:
    return None if moment is None else time_text(moment)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
