"""What an apply that was turned away leaves in the audit trail: one record an address, with why.

The documents ask for it of each kind: which weights of which queue were refused, which version of a schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.applying.context import RunIdentity
from reconciler.applying.records import run_record
from reconciler.commands.clocks import SystemClock
from reconciler.errors import ReconcilerError, StalePlan
from reconciler.model.audit import AuditEntry, Phase
from reconciler.model.change import Change
from reconciler.model.diagnostics import Diagnostic, errors_in
from reconciler.model.values import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a run was turned away.

    Args:
        diagnostics: all that refuses it; none where that is no matter of manifests or plan.
        changes: what was planned.
    """

    error: ReconcilerError
    diagnostics: Sequence[Diagnostic] = ()
    changes: Sequence[Change] = ()


def refusal_records(refusal: Refusal, run: RunIdentity) -> tuple[AuditEntry, ...]:
    """A record for each address that is refused, or one where it is not a matter of addresses."""
    return tuple(_records(refusal, run))


def _records(refusal: Refusal, run: RunIdentity) -> Iterator[AuditEntry]:
    now, error = SystemClock().now(), refusal.error
    found = errors_in(refusal.diagnostics)
    if error.code not in {problem.code for problem in found}:
        outcome = "stale" if isinstance(error, StalePlan) else "refused"
        yield run_record(run, Phase.REFUSED, now, outcome=outcome, detail=_why(error))
        return
    changes = {str(change.address): change for change in refusal.changes}
    for address in dict.fromkeys(problem.address for problem in found):
        problems = [problem for problem in found if problem.address == address]
        change = changes.get(address or "")
        yield run_record(
            run,
            Phase.REFUSED,
            now,
            outcome="refused",
            address=address,
            kind=address.partition("/")[0] if address else None,
            action=change.action.value if change else None,
            remote_id=change.remote_id if change else None,
            detail={**(change.report.detail if change else {}), **_why(*problems)},
            error=problems[0].as_json(),
        )


def _why(first: ReconcilerError | Diagnostic, *others: Diagnostic) -> JsonObject:
    why: dict[str, JsonValue] = {"message": first.message, "code": first.code}
    if others:
        why["further"] = [{"message": other.message, "code": other.code} for other in others]
    return why
