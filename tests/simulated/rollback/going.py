"""Rolling back beside a real org: what the tests of this folder share."""
# ruff: noqa: ANN401  # options by name, as the command line has them

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.commands.apply import ApplyRequest, apply
from reconciler.commands.plan import PlanRequest
from reconciler.commands.rollback import find_run
from reconciler.model.outcome import RunReport
from reconciler.model.plan import Plan
from reconciler.model.ports import Observer
from tests.simulated.apply.bench import Bench, Document, Silent, decisions, plan_options, problems

COLLECTIONS = ("widgets", "schemas", "channels")


@dataclass(slots=True)
class Going:
    """A project and its org, which can go back."""

    bench: Bench

    def apply(self, *manifests: Document, **options: Any) -> str:
        """Applies these manifests, which must succeed.

        Returns:
            The run's id.
        """
        self.bench.declare(*manifests)
        report = self.bench.apply(**options)
        assert (report.status, problems(report)) == ("applied", [])
        return report.run_id

    def rollback(self, run_id: str, observer: Observer | None = None, **options: Any) -> RunReport:
        """What `rollback` does, nobody being asked."""
        request = rollback_request(self.bench, run_id, **options)
        return asyncio.run(apply(self.bench.project(), request, observer or Silent()))

    def undo(self, run_id: str, **options: Any) -> RunReport:
        """A rollback that must succeed."""
        report = self.rollback(run_id, **options)
        assert (report.status, report.converged, problems(report)) == ("applied", True, [])
        return report

    def planned(self, run_id: str, **options: Any) -> Plan:
        """The plan that a rollback shows; it is turned down."""
        shown: list[Plan] = []

        def turn_down(plan: Plan) -> bool:
            shown.append(plan)
            return False

        refused = self.rollback(run_id, approve=turn_down, **options)
        return shown[0] if shown else asserted(refused.plan)

    def held(self) -> dict[str, Mapping[str, Any]]:
        """What prior state holds: address to base."""
        return {str(address): entry.base for address, entry in self.bench.prior().entries.items()}


def rollback_request(bench: Bench, run_id: str, **options: Any) -> ApplyRequest:
    """A rollback as the command line asks for it."""
    found = find_run(bench.project(), run_id).run_id
    how = {
        name: options.pop(name) for name in ("expect", "approve", "parallelism", "stop") if name in options
    }
    return ApplyRequest(PlanRequest(plan_options(rollback=found, **options)), **how)


def asserted(plan: Plan | None) -> Plan:
    """A plan that is there."""
    assert plan is not None
    return plan


def planned_actions(plan: Plan) -> dict[str, tuple[str, str]]:
    """Address to action and reason."""
    return decisions(plan)


def lasting(plan: Plan) -> dict[str, str]:
    """What cannot be undone, by address."""
    return {
        str(found.address): found.message for found in plan.diagnostics if found.code == "plan.irreversible"
    }
