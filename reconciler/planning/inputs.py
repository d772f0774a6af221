"""What a plan is made from, and the options that shape it. Values only: planning is pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.remote import Facts
from reconciler.model.resource import Resource
from reconciler.model.state import Prior
from reconciler.model.values import JsonObject
from reconciler.model.windows import ChangeWindow
from reconciler.planning.canonical import Masks
from reconciler.settings import Settings


class OnConflict(StrEnum):
    """What to do where manifest and org both moved a field."""

    REFUSE = "refuse"
    OURS = "ours"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """Options of `plan` and `apply` that shape the plan (design.md, section 4).

    Args:
        targets, excludes: addresses or globs.
        selectors: labels that a resource must carry.
        adopt: globs of addresses that may take over a live object.
        partial: the manifests are not the configured folder: nothing is deleted.
        allow_unsafe: the fingerprints that guards let through.
        rollback: the run that is to be undone.
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    selectors: Mapping[str, str] = field(default_factory=dict)
    adopt: tuple[str, ...] = ()
    on_conflict: OnConflict = OnConflict.REFUSE
    fallback: bool = False
    destroy: bool = False
    partial: bool = False
    new_state: bool = False
    allow_unsafe: tuple[str, ...] = ()
    rollback: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the plan speaks of everything."""
        return not (self.targets or self.excludes or self.selectors or self.partial or self.rollback)

    def as_json(self) -> JsonObject:
        """For the plan's basis, so that apply can plan again."""
        return {
            "target": list(self.targets),
            "exclude": list(self.excludes),
            "selector": dict(self.selectors),
            "adopt": list(self.adopt),
            "on_conflict": self.on_conflict.value,
            "fallback": self.fallback,
            "destroy": self.destroy,
            "partial": self.partial,
            "new_state": self.new_state,
            "allow_unsafe": list(self.allow_unsafe),
            **({"rollback": self.rollback} if self.rollback else {}),
        }


@dataclass(frozen=True, slots=True)
class GoingBack:
    """What undoing a run asks of planning, besides what was there before as its resources.

    Args:
        removed: addresses that the run created: they go.
        released: addresses that prior state did not hold: put back, and held no longer.
        changed_since: addresses that later runs changed, with which.
        lasting: what cannot be undone, in words.
        problems: what the documents alone gave cause to say.
    """

    removed: frozenset[Address] = frozenset()
    released: frozenset[Address] = frozenset()
    changed_since: Mapping[Address, str] = field(default_factory=dict)
    lasting: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """Everything that a plan depends on.

    Args:
        resources: the manifests, sorted by address; look-ups may be unresolved.
        facts: the org's answers.
        now: decides which `ignoreChanges` and tombstones still hold.
        granted_scopes: of the token; None when the login host did not say.
        writes: whether this plan is about to be applied: missing scopes fail instead of warning.
        windows: when the org may be changed; at any time where there are none.
        warnings: what the manifests alone gave cause to say.
        going_back: set where a run is to be undone: nothing else is touched.
    """

    org: str
    org_id: str
    kinds: Mapping[str, Kind[Any]]
    resources: tuple[Resource, ...]
    prior: Prior
    facts: Facts
    options: PlanOptions
    settings: Settings
    masks: Masks
    now: datetime
    manifest_digest: str = ""
    granted_scopes: frozenset[str] | None = None
    writes: bool = False
    windows: tuple[ChangeWindow, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    going_back: GoingBack | None = None

    def knowing(self, facts: Facts) -> PlanInputs:
        """The same, with these answers."""
        return replace(self, facts=facts)

    def kind(self, address: Address) -> Kind[Any]:
        """The kind of an address."""
        return self.kinds[address.kind]
