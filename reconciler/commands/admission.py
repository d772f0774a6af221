"""Whether a plan may be carried out: it is what was approved, nothing refuses it, and somebody said so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reconciler.applying.recovery import Recovered
from reconciler.commands.saved import SavedPlan, changes_of_saved
from reconciler.errors import Refused, StalePlan
from reconciler.model.change import Change
from reconciler.model.plan import Plan
from reconciler.planning.documents import Planned, blocking

Approve = Callable[[Plan], bool]
"""Asks whoever sits there."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What speaks for a plan.

    Args:
        saved: the saved plan that was reviewed; it stands for the other two.
        expect: the fingerprint that was reviewed.
        approve: asks; None: approved already.
        protected: whether the org takes only what was reviewed.
    """

    saved: SavedPlan | None
    expect: str | None
    approve: Approve | None
    protected: bool


def admit(planned: Planned, approval: Approval, recovered: Sequence[Recovered]) -> tuple[Change, ...]:
    """The changes to carry out, once nothing refuses them.

    Args:
        recovered: what earlier runs of the same saved plan left, now settled.

    Raises:
        Refused: a guard, a check, protection, or whoever was asked.
        StalePlan: the saved plan or the expected fingerprint does not hold.
    """
    if approval.saved is not None:
        return _resume(planned, approval.saved, recovered)
    _confirm(planned.plan, approval.expect)
    _refuse_blocked(planned.plan)
    if approval.protected and approval.expect is None and planned.plan.changes:
        raise _protected(planned.plan)
    if approval.approve is not None and not approval.approve(planned.plan):
        raise Refused("not approved; nothing was sent", code="plan.guard")
    return planned.changes


def _resume(planned: Planned, saved: SavedPlan, recovered: Sequence[Recovered]) -> tuple[Change, ...]:
    intents = [found.intent for found in recovered]
    resumed = {found.address for found in intents if found.plan_fingerprint == saved.plan.fingerprint}
    return changes_of_saved(saved, planned, resumed)


def _confirm(plan: Plan, expect: str | None) -> None:
    if expect not in (None, plan.fingerprint):
        raise StalePlan(
            f"the plan's fingerprint is {plan.fingerprint}, not the expected {expect}",
            hint="review the plan of now, and expect its fingerprint",
        )


def _refuse_blocked(plan: Plan) -> None:
    if found := blocking(plan):
        raise Refused(found[0].message, code=found[0].code, hint=found[0].hint)


def _protected(plan: Plan) -> Refused:
    return Refused(
        f"org {plan.org} is protected: only a saved plan or --expect may be applied",
        code="plan.protected",
        hint=f"apply a saved plan, or pass --expect {plan.fingerprint}",
    )
