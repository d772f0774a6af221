"""The plan as a document: what is shown, saved, reviewed and compared (design.md, section 5).

Everything here is plain data whose attribute names are the JSON keys. It holds no secret: secrets are
digests, values known only after apply are `{"$unknown": address}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.change import Action, CheckStatus, Origin, Reason
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.values import JsonObject, JsonValue

PLAN_FORMAT = "reconciler.plan/1"


@dataclass(frozen=True, slots=True)
class PlanSource:
    """Where a manifest stands."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field of a change; `path` from inside `spec`, elements of keyed lists by their key."""

    path: str
    before: JsonValue
    after: JsonValue
    origin: Origin
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One request; `undo` and `wait` say whether it can be put back, and whether it is waited for.

    `managed` is the part of the body that the manifest decides (None: all of it); the fingerprint counts it.
    """

    label: str
    method: str
    path: str
    body: JsonValue = None
    undo: bool = False
    wait: bool = False
    managed: JsonValue = None


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One change, for people and for comparison."""

    address: str
    kind: str
    name: str
    action: Action
    reason: Reason
    remote_id: str | None
    source: PlanSource | None
    depends_on: tuple[str, ...]
    fields: tuple[PlannedField, ...]
    before: JsonValue
    after: JsonValue
    requests: int
    steps: tuple[PlannedStep, ...]
    dependants: int
    notes: tuple[str, ...]
    report: JsonObject


@dataclass(frozen=True, slots=True)
class DriftedResource:
    """What moved in the org since the last apply, of what we manage.

    `modified_by` and `modified_at` are as the object itself says; None where it does not, or is gone.
    """

    address: str
    remote_id: str
    fields: tuple[PlannedField, ...]
    modified_by: str | None = None
    modified_at: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """The verdict of one check."""

    name: str
    address: str
    status: CheckStatus
    message: str
    data: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts by action; a replacement counts in `replace` alone."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    adopt: int = 0
    forget: int = 0
    unchanged: int = 0

    @property
    def changes(self) -> int:
        """How many changes the plan holds."""
        return self.create + self.update + self.replace + self.delete + self.adopt + self.forget


@dataclass(frozen=True, slots=True)
class RequestBudget:
    """Requests made for the plan (the token's included), and needed by its apply, with seconds."""

    made: int = 0
    mutating: int = 0
    apply_estimate: int = 0
    seconds_estimate: float = 0.0


@dataclass(frozen=True, slots=True)
class Basis:
    """What the plan was made from; when it no longer holds the plan is stale.

    Args:
        entries: address -> digest of its entry in prior state, for the resources that the plan touches.
        lookups: `Queue/Support` -> id.
        options: the options that shaped the plan, so that apply can plan again.
    """

    manifest_digest: str = ""
    state_lineage: str | None = None
    state_serial: int = 0
    entries: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, str] = field(default_factory=dict)
    options: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes and their basis."""

    tool_version: str
    created_at: str
    org: str
    org_id: str
    fingerprint: str
    applyable: bool
    complete: bool
    summary: Summary
    changes: tuple[PlannedChange, ...] = ()
    drift: tuple[DriftedResource, ...] = ()
    checks: tuple[PlannedCheck, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    requests: RequestBudget = RequestBudget()
    basis: Basis = Basis()
    format: str = PLAN_FORMAT
