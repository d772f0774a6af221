"""What became of an apply: one result a change, and the run as a document (design.md, section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.diagnostics import Diagnostic
from reconciler.model.plan import Plan
from reconciler.model.values import JsonObject

APPLY_FORMAT = "reconciler.apply/1"


class Outcome(StrEnum):
    """What became of one change."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    ROLLED_BACK = "rolled_back"
    UNKNOWN = "unknown"
    UNSETTLED = "unsettled"


class RunStatus(StrEnum):
    """What became of the run."""

    APPLIED = "applied"
    PARTIAL = "partial"
    UNSETTLED = "unsettled"
    REFUSED = "refused"
    STALE = "stale"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class ResultError:
    """A diagnostic with what the platform said."""

    diagnostic: Diagnostic
    http_status: int | None = None
    correlation_id: str | None = None

    def as_json(self) -> JsonObject:
        """The diagnostic's members and the platform's, as plain data."""
        said = {"http_status": self.http_status, "correlation_id": self.correlation_id}
        return {**self.diagnostic.as_json(), **said}


@dataclass(frozen=True, slots=True)
class Result:
    """One change, carried out or not; `detail` as design.md section 5 lists it per kind."""

    address: str
    action: str
    outcome: Outcome
    remote_id: str | None = None
    attempts: int = 0
    latency_ms: float = 0.0
    error: ResultError | None = None
    blocked_by: str | None = None
    detail: JsonObject = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunReport:
    """A whole run of `apply`; with a refusal, `plan` is the refused plan."""

    run_id: str
    plan_fingerprint: str
    status: RunStatus
    results: tuple[Result, ...] = ()
    converged: bool = False
    metrics: Mapping[str, object] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    plan: Plan | None = None
    format: str = APPLY_FORMAT
