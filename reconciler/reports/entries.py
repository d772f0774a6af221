"""One entry of prior state, whole: as JSON, and for people."""

from __future__ import annotations

import json
from collections.abc import Mapping

from reconciler.model.state import PriorEntry
from reconciler.model.times import timestamp
from reconciler.model.values import JsonObject, JsonValue
from reconciler.reports.inert import inert_lines
from reconciler.reports.lines import table

ENTRY_FORMAT = "reconciler.state-entry/1"


def entry_document(entry: PriorEntry) -> JsonObject:
    """The entry as data; secrets are digests in it, as they are in the store."""
    return {
        "format": ENTRY_FORMAT,
        "address": str(entry.address),
        "remote_id": entry.remote_id,
        "status": entry.status.value,
        "dependencies": sorted({str(found.target) for found in entry.dependencies}),
        "applied_at": timestamp(entry.applied_at) if entry.applied_at else None,
        "plan_fingerprint": entry.plan_fingerprint,
        "source": {"file": entry.source.file, "line": entry.source.line} if entry.source else None,
        "lifecycle": entry.lifecycle.as_json(),
        "labels": dict(entry.labels),
        "scope": dict(entry.scope),
        "base": entry.base,
        "answered": entry.answered,
    }


def entry_text(entry: PriorEntry) -> str:
    """The entry for people: what is short as a table, what was sent as JSON."""
    document = entry_document(entry)
    rows = [
        (name.replace("_", " "), _cell(value))
        for name, value in document.items()
        if name not in ("format", "base", "answered") and value not in (None, {}, [])
    ]
    parts = [table(("", ""), rows), "base\n", _indented(document["base"])]
    if document["answered"]:
        parts += ["answered differently\n", _indented(document["answered"])]
    return "".join(parts)


def _cell(value: JsonValue) -> str:
    if isinstance(value, Mapping):
        said = {key: member for key, member in value.items() if member not in (False, None, [])}
        return ", ".join(f"{key} {_cell(member)}" for key, member in said.items())
    if isinstance(value, list | tuple):
        return ", ".join(_cell(member) for member in value)
    return str(value)


def _indented(value: JsonValue) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(f"  {line}\n" for line in inert_lines(text))
