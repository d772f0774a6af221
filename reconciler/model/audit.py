"""The audit record: one line of the hash chain (design.md, section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from reconciler.model.values import JsonObject, JsonValue, digest_of

FIRST_PREVIOUS_HASH = "0" * 64


class Phase(StrEnum):
    """What a record speaks of."""

    RUN_STARTED = "run_started"
    REFUSED = "refused"
    INTENT = "intent"
    RESULT = "result"
    NOTIFICATION = "notification"
    EVENT = "event"
    STATE = "state"
    RUN_FINISHED = "run_finished"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What happened; the store adds sequence, previous hash and hash when it commits it.

    Args:
        fields: `{path: {"before", "after"}}`, sensitive values masked.
        error: a diagnostic as JSON, or None.
    """

    phase: Phase
    timestamp: str
    run_id: str
    org: str
    actor: str
    commit: str | None = None
    address: str | None = None
    kind: str | None = None
    action: str | None = None
    remote_id: str | None = None
    outcome: str | None = None
    http_status: int | None = None
    attempts: int | None = None
    latency_ms: float | None = None
    idempotency_key: str | None = None
    correlation_id: str | None = None
    fields: JsonObject = field(default_factory=dict)
    detail: JsonObject = field(default_factory=dict)
    error: JsonObject | None = None
    plan_fingerprint: str | None = None


def chain_record(entry: AuditEntry, *, seq: int, previous_hash: str) -> Mapping[str, JsonValue]:
    """The entry as a record: `hash` is the SHA-256 of the record without itself, in canonical JSON."""
    record: dict[str, JsonValue] = {"seq": seq}
    record.update({member.name: getattr(entry, member.name) for member in fields(entry)})
    record["phase"] = entry.phase.value
    record["previous_hash"] = previous_hash
    return {**record, "hash": record_hash(record)}


def record_hash(record: Mapping[str, JsonValue]) -> str:
    """The hash that a record must carry."""
    return digest_of({key: value for key, value in record.items() if key != "hash"})
