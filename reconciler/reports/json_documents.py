"""The JSON documents of all commands, key by key (design.md, section 5).

The model's attribute names are the keys and their order is the documents' order, so that nothing is said
twice. A document is a value; `to_text` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import cast

from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.outcome import Result, RunReport
from reconciler.model.plan import DriftedResource, Plan, PlannedStep
from reconciler.model.state import Prior, PriorEntry
from reconciler.model.times import timestamp
from reconciler.model.values import JsonObject, JsonValue

VALIDATION_FORMAT = "reconciler.validation/1"
ERROR_FORMAT = "reconciler.error/1"
STATE_FORMAT = "reconciler.state/1"


def plan_document(plan: Plan) -> JsonObject:
    """The plan, also as it is saved."""
    document = plain_document(plan)
    return {"format": document.pop("format"), **document}


def run_document(report: RunReport) -> JsonObject:
    """An apply; `plan` is there only when the run was refused."""
    return {
        "format": report.format,
        "run_id": report.run_id,
        "plan_fingerprint": report.plan_fingerprint,
        "status": report.status.value,
        "results": [result_document(result) for result in report.results],
        "converged": report.converged,
        "metrics": cast("JsonObject", dict(report.metrics)),
        "diagnostics": [diagnostic_document(found) for found in report.diagnostics],
        **({"plan": plan_document(report.plan)} if report.plan else {}),
    }


def result_document(result: Result) -> JsonObject:
    """One result of an apply; `warnings` is there only when a best-effort step left some."""
    return {
        "address": result.address,
        "action": result.action,
        "outcome": result.outcome.value,
        "remote_id": result.remote_id,
        "attempts": result.attempts,
        "latency_ms": result.latency_ms,
        "error": result.error.as_json() if result.error else None,
        "blocked_by": result.blocked_by,
        "detail": result.detail,
        **({"warnings": list(result.warnings)} if result.warnings else {}),
    }


def validation_document(diagnostics: Sequence[Diagnostic], *, resources: int) -> JsonObject:
    """What `validate` found among so many resources; warnings leave them valid."""
    return {
        "format": VALIDATION_FORMAT,
        "valid": not any(found.severity is Severity.ERROR for found in diagnostics),
        "resources": resources,
        "diagnostics": [diagnostic_document(found) for found in diagnostics],
    }


def error_document(command: str, *, exit_code: int, diagnostics: Iterable[Diagnostic]) -> JsonObject:
    """A failure for which there is no better document."""
    return {
        "format": ERROR_FORMAT,
        "command": command,
        "exit_code": int(exit_code),
        "diagnostics": [diagnostic_document(found) for found in diagnostics],
    }


def state_document(prior: Prior) -> JsonObject:
    """What prior state holds, by address; never the fields themselves."""
    identity = prior.identity
    return {
        "format": STATE_FORMAT,
        "lineage": identity.lineage if identity else None,
        "serial": identity.serial if identity else 0,
        "resources": [_entry_document(prior.entries[address]) for address in sorted(prior.entries)],
    }


def diagnostic_document(found: Diagnostic) -> JsonObject:
    """One problem, every key of it."""
    return found.as_json()


def to_text(document: JsonValue) -> str:
    """The document as text for people and files: indented, keys in the order given, a newline at the end."""
    return json.dumps(_tree(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _entry_document(entry: PriorEntry) -> JsonObject:
    return {
        "address": str(entry.address),
        "remote_id": entry.remote_id,
        "status": entry.status.value,
        "dependencies": sorted({str(found.target) for found in entry.dependencies}),
        "applied_at": timestamp(entry.applied_at) if entry.applied_at else None,
    }


_LEFT_OUT: Mapping[type, tuple[str, ...]] = {
    PlannedStep: ("managed",),
    DriftedResource: ("modified_by", "modified_at"),
}
"""Members that a document has only where there is something to say."""


def plain_document(value: object) -> dict[str, JsonValue]:
    """A value's members by name, in their order."""
    optional = _LEFT_OUT.get(type(value), ())
    found = {member.name: getattr(value, member.name) for member in fields(value)}  # type: ignore[arg-type]
    return {name: _tree(held) for name, held in found.items() if held is not None or name not in optional}


def _tree(value: object) -> JsonValue:
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _tree(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_tree(member) for member in value]
    if is_dataclass(value):
        return plain_document(value)
    raise TypeError(f"{type(value).__name__} has no place in a JSON document")
