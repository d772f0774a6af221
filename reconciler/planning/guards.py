"""Guards: what refuses a plan by numbers or protection (design.md, section 6).

Deletes over `maxDeletes` or `maxDeletePercent`, updates over `maxUpdatePercent`, of the managed resources,
from `minResources` on; a replacement counts as both, a forget as neither. `destroy` is judged by protection
only. Numbers and `preventDestroy` can be let through for one plan by its fingerprint. A target that others
still refer to cannot: the org would be left with a dangling reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.kinds.base import Owns
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Reason
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.planner import Draft

SHOWN = 10
"""So many addresses are named in a refusal."""


def refusals(draft: Draft, fingerprint: str) -> tuple[Diagnostic, ...]:
    """Why the guards refuse the plan; empty where they do not."""
    allowed = draft.inputs.options.allow_unsafe == fingerprint
    overridable = () if allowed else (*_protected(draft, fingerprint), *_numbers(draft, fingerprint))
    return (*overridable, *_still_referred_to(draft))


def _protected(draft: Draft, fingerprint: str) -> Iterator[Diagnostic]:
    for change in draft.changes:
        lifecycle = change.resource.lifecycle if change.resource else change.prior and change.prior.lifecycle
        if change.action in (Action.DELETE, Action.REPLACE) and lifecycle and lifecycle.prevent_destroy:
            yield _refusal(
                f"{change.address} has lifecycle.preventDestroy, and the plan would {change.action} it",
                f"apply preventDestroy: false first, or pass --allow-unsafe {fingerprint}",
                change,
            )


def _numbers(draft: Draft, fingerprint: str) -> Iterator[Diagnostic]:
    inputs = draft.inputs
    safety, managed = inputs.settings.safety, _managed(inputs)
    if inputs.options.destroy or managed < safety.min_resources:
        return
    deletes = [found for found in draft.changes if found.action in (Action.DELETE, Action.REPLACE)]
    updates = [found for found in draft.changes if _counts_as_update(found)]
    if len(deletes) > safety.max_deletes:
        yield _count("delete", deletes, f"maxDeletes: {safety.max_deletes}", fingerprint)
    if 100 * len(deletes) > safety.max_delete_percent * managed:
        setting = f"maxDeletePercent: {safety.max_delete_percent:g}"
        yield _share(("delete", deletes), managed, setting, fingerprint)
    if 100 * len(updates) > safety.max_update_percent * managed:
        setting = f"maxUpdatePercent: {safety.max_update_percent:g}"
        yield _share(("update", updates), managed, setting, fingerprint)


def _counts_as_update(change: Change) -> bool:
    return change.action in (Action.UPDATE, Action.REPLACE) and change.reason is not Reason.FALLBACK


def _managed(inputs: PlanInputs) -> int:
    return sum(1 for address in inputs.prior.entries if inputs.kind(address).endpoint.owns is not Owns.EVENTS)


def _count(verb: str, changes: Sequence[Change], setting: str, fingerprint: str) -> Diagnostic:
    return _refusal(
        f"the plan would {verb} {len(changes)} resources, over safety.{setting}: {_names(changes)}",
        f"if that is meant, pass --allow-unsafe {fingerprint}",
    )


def _share(what: tuple[str, Sequence[Change]], managed: int, setting: str, fingerprint: str) -> Diagnostic:
    verb, changes = what
    share = f"{len(changes)} of {managed} managed resources ({100 * len(changes) / managed:.0f} %)"
    return _refusal(
        f"the plan would {verb} {share}, over safety.{setting}: {_names(changes)}",
        f"if that is meant, pass --allow-unsafe {fingerprint}",
    )


def _names(changes: Sequence[Change]) -> str:
    names = [str(change.address) for change in changes[:SHOWN]]
    more = len(changes) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _still_referred_to(draft: Draft) -> Iterator[Diagnostic]:
    """A delete whose target something that stays still refers to."""
    users = _references_that_stay(draft)
    for change in draft.changes:
        key = (change.address.kind, change.remote_id or "")
        names = sorted(users.get(key, set()) - {str(change.address)})
        if change.action is Action.DELETE and names:
            yield _refusal(
                f"{change.address} would be deleted while {', '.join(names[:SHOWN])} still refers to it",
                "remove those references first, or keep it",
                change,
            )


def _references_that_stay(draft: Draft) -> dict[tuple[str, str], set[str]]:
    """Kind and natural key of what is referred to, with who refers to it after the apply."""
    inputs = draft.inputs
    gone = {found.remote_id for found in draft.changes if found.action is Action.DELETE}
    owned = {decision.live.remote_id for decision in draft.decisions.values() if decision.live}
    users: dict[tuple[str, str], set[str]] = {}
    for address, decision in draft.decisions.items():
        for _, kind, target in inputs.kind(address).references(decision.document):
            users.setdefault((kind, target), set()).add(str(address))
    for name, found in inputs.kinds.items():
        for live in found.live(inputs.facts) if found.cycles else ():
            if live.remote_id not in gone | owned and not live.absent:
                for target, _ in live.references:
                    users.setdefault((name, target), set()).add(
                        str(_address_of(name, live.remote_id, inputs))
                    )
    return users


def _address_of(kind: str, remote_id: str, inputs: PlanInputs) -> Address:
    for address, entry in inputs.prior.entries.items():
        if address.kind == kind and entry.remote_id == remote_id:
            return address
    return Address(kind, remote_id)


def _refusal(message: str, hint: str, change: Change | None = None) -> Diagnostic:
    mark = (
        change.resource.source
        if change and change.resource
        else change and change.prior and change.prior.source
    )
    return Diagnostic(
        severity=Severity.ERROR,
        code="plan.guard",
        message=message,
        hint=hint,
        address=str(change.address) if change else None,
        file=mark.file if mark else None,
        line=mark.line if mark else None,
    )
