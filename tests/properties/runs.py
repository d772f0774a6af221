"""An apply, seen from everywhere: what was there before it and after it, what it sent, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.errors import ReconcilerError
from reconciler.model.diagnostics import Severity
from reconciler.model.outcome import RunReport
from reconciler.model.plan import Plan
from reconciler.model.state import Prior, PriorEntry
from reconciler.planning.inputs import OnConflict, PlanOptions
from tests.properties.estates import Document
from tests.properties.stories import Apply
from tests.properties.watching import OURS, Objects, Sent


@dataclass(frozen=True, slots=True)
class Moment:
    """Org and prior state at one time."""

    objects: Objects
    prior: Prior

    @property
    def held(self) -> Mapping[str, PriorEntry]:
        """Entries by remote id, but for settings of queues."""
        return {
            entry.remote_id: entry
            for entry in self.prior.entries.values()
            if entry.address.kind != "WeightMatrix"
        }

    @property
    def standing(self) -> Mapping[str, Document]:
        """Objects that manifests can be about, by id; a deprecated schema does not count."""
        return {
            each: document
            for name in OURS
            for each, document in self.objects[name].items()
            if document.get("status") != "DEPRECATED"
        }


@dataclass(frozen=True, slots=True)
class Run:
    """One apply, seen from everywhere.

    Args:
        planned: what a plan with the same options said just before.
        report: None where it died, or ended in an error.
    """

    move: Apply
    planned: Plan
    before: Moment
    after: Moment
    sent: Sequence[Sent]
    report: RunReport | None
    error: ReconcilerError | None = None

    @property
    def is_undisturbed(self) -> bool:
        """Whether nothing went wrong, and nothing was left over from earlier."""
        return self.move.trouble is None and not self.before.prior.open_intents

    @property
    def converged(self) -> bool:
        """Whether it says that the org is as wanted."""
        return self.report is not None and self.report.status == "applied" and self.report.converged


def options_of(move: Apply) -> PlanOptions:
    """As the command line would say them."""
    return PlanOptions(
        on_conflict=OnConflict(move.on_conflict), adopt=("*",) if move.adopts else (), fallback=move.fallback
    )


def vars_of(options: PlanOptions) -> dict[str, Any]:
    """The options by name."""
    return {"on_conflict": options.on_conflict, "adopt": options.adopt, "fallback": options.fallback}


def problems_of(plan: Plan) -> set[str]:
    """Codes of what refuses a plan."""
    return {found.code for found in plan.diagnostics if found.severity is Severity.ERROR}
