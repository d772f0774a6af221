"""Changes: one planned step each, with all that carrying it out needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.remote import Step
from reconciler.model.resource import Resource
from reconciler.model.state import PriorEntry
from reconciler.model.values import JsonObject, Tree, TreeObject


class Action(StrEnum):
    """What a change does (design.md, section 5)."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    FORGET = "forget"

    @property
    def symbol(self) -> str:
        """As the text plan shows it."""
        return _SYMBOLS[self]


_SYMBOLS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.ADOPT: ">",
    Action.FORGET: ".",
}


class Reason(StrEnum):
    """Why a change is planned (design.md, section 5)."""

    NEW = "new"
    EDITED = "edited"
    DRIFTED = "drifted"
    CONFLICT = "conflict"
    IMMUTABLE_FIELD = "immutable_field"
    REMOVED = "removed_from_manifests"
    RENAMED = "renamed"
    REQUESTED = "requested"
    UNOWNED_MATCH = "unowned_match"
    FALLBACK = "fallback"
    UNSETTLED = "unsettled"
    UNKNOWN_OUTCOME = "unknown_outcome"


class Origin(StrEnum):
    """Who moved a field: the manifest, the org, or both."""

    INTENT = "intent"
    DRIFT = "drift"
    CONFLICT = "conflict"


class CheckStatus(StrEnum):
    """A failed check refuses the plan."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field; `path` is a JSON pointer from inside `spec`, elements of keyed lists by their key."""

    path: str
    before: Tree
    after: Tree
    origin: Origin
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class LiveObject:
    """What the org says now about one object.

    Args:
        remote_id: the platform's identity.
        body: in the shape of `spec`, without what only the server writes.
        scope: the members of the path besides the id (`dashboardId`).
        server: what only the server writes: `version`, `status`, `dateModified`, …
        references: natural keys of objects of the same kind that it refers to, with the pointer that says so.
        absent: kept by the org, but to be treated as not there for matching (a DEPRECATED schema).
    """

    remote_id: str
    body: JsonObject
    scope: Mapping[str, str] = field(default_factory=dict)
    server: JsonObject = field(default_factory=dict)
    references: tuple[tuple[str, str], ...] = ()
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for people: a weight matrix before and after, a schema's verdict."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a kind says about a change: notes and tables for the plan, detail for the audit, an export."""

    notes: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    detail: JsonObject = field(default_factory=dict)
    export: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Asks the live org whether a change will work; `data` are the numbers."""

    name: str
    address: Address
    status: CheckStatus
    message: str
    data: JsonObject = field(default_factory=dict)
    path: str = ""
    """JSON pointer from the document's root: where a failure is shown."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What the org should hold of a resource: the managed fields, normalised by its kind."""

    document: TreeObject
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One planned step.

    Args:
        before: the managed fields as the org has them; for a delete the whole object; None for a create.
        after: the managed fields as they will be; None for a delete or forget.
        steps: the requests that carry it out, in order; empty where only prior state moves.
        depends_on: addresses whose changes must have settled first.
        dependants: how many resources refer to this one, directly or through others.
        prior: the entry in the store; None before the first apply.
        live: the object as read for the plan.
        record: what prior state will hold as the new base: `after`, less what was left as it is.
        resource: the manifest; None for a delete, and for a forget that puts no fields back.
    """

    address: Address
    action: Action
    reason: Reason
    remote_id: str | None = None
    fields: tuple[FieldChange, ...] = ()
    before: TreeObject | None = None
    after: TreeObject | None = None
    steps: tuple[Step, ...] = ()
    depends_on: tuple[Address, ...] = ()
    dependants: int = 0
    notes: tuple[str, ...] = ()
    report: Report = field(default_factory=Report)
    resource: Resource | None = None
    prior: PriorEntry | None = None
    live: LiveObject | None = None
    record: TreeObject | None = None

    def touches(self, *members: str) -> bool:
        """Whether a field at or below one of these top-level pointers changes; any of a create's do."""
        if self.action in (Action.CREATE, Action.REPLACE):
            return True
        return any(
            found.path == member or found.path.startswith(f"{member}/")
            for found in self.fields
            for member in members
        )
