"""Whether a plan may be carried out: it is what was approved, nothing refuses it, and somebody said so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.applying.recovery import Recovered
from reconciler.commands.saved import SavedPlan, changes_of_saved
from reconciler.errors import Refused, StalePlan
from reconciler.model.change import Change
from reconciler.model.plan import Plan
from reconciler.model.windows import ChangeWindow, closed_message, is_open
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
        allowed: fingerprints that guards were told to let pass.
        windows: when the org may be changed.
    """

    saved: SavedPlan | None
    expect: str | None
    approve: Approve | None
    protected: bool
    allowed: Collection[str] = ()
    windows: tuple[ChangeWindow, ...] = ()

    def is_open(self, fingerprint: str, now: datetime) -> bool:
        """Whether a plan may be carried out at this time."""
        return fingerprint in self.allowed or is_open(self.windows, now)


def admit(planned: Planned, approval: Approval, recovered: Sequence[Recovered]) -> tuple[Change, ...]:
    """The changes to carry out, once nothing refuses them.

    Args:
        recovered: what earlier runs of the same saved plan left, now settled.

    Raises:
        Refused: a guard, a check, the hour, protection, or whoever was asked.
        StalePlan: the saved plan or the expected fingerprint does not hold.
    """
    if approval.saved is not None:
        changes = _resume(planned, approval.saved, recovered)
        _refuse_closed(approval.saved.plan, approval, planned.draft.inputs.now)
        return changes
    _confirm(planned.plan, approval.expect)
    _refuse_blocked(planned.plan)
    _refuse_closed(planned.plan, approval, planned.draft.inputs.now)
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


def _refuse_closed(plan: Plan, approval: Approval, now: datetime) -> None:
    if plan.changes and not approval.is_open(plan.fingerprint, now):
        raise Refused(
            closed_message(approval.windows, now),
            code="plan.guard",
            hint=f"apply then; or, if it cannot wait, pass --allow-unsafe {plan.fingerprint}",
        )


def _protected(plan: Plan) -> Refused:
    return Refused(
        f"org {plan.org} is protected: only a saved plan or --expect may be applied",
        code="plan.protected",
        hint=f"apply a saved plan, or pass --expect {plan.fingerprint}",
    )
