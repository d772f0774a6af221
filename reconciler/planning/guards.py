"""Guards: what refuses a plan by numbers or protection (design.md, section 6).

Deletes over `maxDeletes` or `maxDeletePercent`, updates over `maxUpdatePercent`, of the managed resources,
from `minResources` on; a replacement counts as both, a forget as neither. `destroy` is judged by protection
only. Numbers and `preventDestroy` can be let through for one plan by its fingerprint. A target that others
still refer to cannot: the org would be left with a dangling reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.kinds.base import Owns
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Reason
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.windows import closed_message, is_open
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.planner import Draft

SHOWN = 10
"""So many addresses are named in a refusal."""


def refusals(draft: Draft, fingerprint: str) -> tuple[Diagnostic, ...]:
    """Why the guards refuse the plan; empty where they do not."""
    allowed = fingerprint in draft.inputs.options.allow_unsafe
    overridable = () if allowed else tuple(_overridable(draft, fingerprint))
    return (*overridable, *_still_referred_to(draft))


def _overridable(draft: Draft, fingerprint: str) -> Iterator[Diagnostic]:
    yield from _protected(draft, fingerprint)
    yield from _numbers(draft, fingerprint)
    yield from _closed(draft)


def _closed(draft: Draft) -> Iterator[Diagnostic]:
    """A warning: the plan may be made at any time, and applied later; its apply says no (admission)."""
    inputs = draft.inputs
    if draft.changes and not is_open(inputs.windows, inputs.now):
        message, hint = closed_message(inputs.windows, inputs.now), "an apply is refused until then"
        yield Diagnostic(Severity.WARNING, "plan.guard", message, hint)


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


FINISHING = (Reason.FALLBACK, Reason.UNSETTLED, Reason.UNKNOWN_OUTCOME)
"""Turns that are meant to pass, and what an earlier run began: a crash must not bar the run that mends it."""


def _counts_as_update(change: Change) -> bool:
    """Whether it changes what prior state holds; the first settings of a queue are new, not changed."""
    puts_back = change.action is Action.FORGET and bool(change.steps)
    is_update = change.action in (Action.UPDATE, Action.REPLACE) or puts_back
    return is_update and change.prior is not None and change.reason not in FINISHING


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
    return _listed([str(change.address) for change in changes])


def _listed(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _still_referred_to(draft: Draft) -> Iterator[Diagnostic]:
    """A delete, or a replacement under another id, whose target something that stays still refers to."""
    losing = [change for change in draft.changes if _loses_its_id(change, draft.inputs)]
    staying = _users_that_stay(draft) if losing else {}
    yield from (_followed(change, users) for change in losing if (users := _followers(change, draft)))
    for change in losing:
        names = sorted(staying.get(change.address, set()) - {str(change.address)})
        if names:
            users_refer = f"{_listed(names)} still {'refers' if len(names) == 1 else 'refer'} to it"
            yield _refusal(
                f"{change.address} would be {_PAST[change.action]} while {users_refer}",
                "remove those references first, or keep it",
                change,
            )


def _followers(replaced: Change, draft: Draft) -> list[Address]:
    """What refers to the old id in the org, and lets go of it only once the new one is there.

    The old one goes with the first step of the replacement, so it would still be referred to.
    """
    if replaced.action is not Action.REPLACE:
        return []
    needs = {change.address: change.depends_on for change in draft.changes}
    return [
        change.address
        for change in draft.changes
        if change.live is not None
        and change.address.kind == replaced.address.kind
        and replaced.remote_id in {target for target, _ in change.live.references}
        and _waits_for(change.address, replaced.address, needs)
    ]


def _waits_for(one: Address, other: Address, needs: Mapping[Address, Sequence[Address]]) -> bool:
    waiting, seen = [one], {one}
    while waiting:
        new = set(needs.get(waiting.pop(), ())) - seen
        seen |= new
        waiting += new
    return other in seen


def _followed(replaced: Change, users: Sequence[Address]) -> Diagnostic:
    names = _listed([str(user) for user in users])
    return _refusal(
        f"{replaced.address} would be replaced while {names} still refer{'s' if len(users) == 1 else ''} "
        "to it, and can follow only once the new one is there",
        "declare the new one under an address of its own: it is made first, and the old one goes last",
        replaced,
    )


_PAST = {Action.DELETE: "deleted", Action.REPLACE: "replaced"}


def _loses_its_id(change: Change, inputs: PlanInputs) -> bool:
    if change.action is Action.REPLACE:
        return inputs.kind(change.address).known_id(change.after or {}) != change.remote_id
    return change.action is Action.DELETE


def _users_that_stay(draft: Draft) -> dict[Address, set[str]]:
    """What refers to each changing address once the plan is applied, and no change makes it let go."""
    changing = {(found.address.kind, found.remote_id or ""): found.address for found in draft.changes}
    users: dict[Address, set[str]] = {}
    for user, kind, target in (*_declared_users(draft), *_live_users(draft)):
        if (kind, target) in changing:
            users.setdefault(changing[kind, target], set()).add(user)
    for user, address in _former_users(draft):
        users.setdefault(address, set()).add(user)
    return users


def _declared_users(draft: Draft) -> Iterator[tuple[str, str, str]]:
    for address, decision in draft.decisions.items():
        for _, kind, target in draft.inputs.kind(address).references(decision.document):
            yield str(address), kind, target


def _live_users(draft: Draft) -> Iterator[tuple[str, str, str]]:
    """Live objects that the plan does not touch."""
    inputs = draft.inputs
    names = {(address.kind, entry.remote_id): address for address, entry in inputs.prior.entries.items()}
    touched = {
        (address.kind, decision.live.remote_id)
        for address, decision in draft.decisions.items()
        if decision.live
    }
    touched |= {(found.address.kind, found.remote_id or "") for found in draft.changes if _goes(found)}
    for name in (name for name, kind in inputs.kinds.items() if kind.cycles):
        for live in draft.index[name].by_id.values():
            if (name, live.remote_id) not in touched and not live.absent:
                user = names.get((name, live.remote_id), Address(name, live.remote_id))
                yield from ((str(user), name, target) for target, _ in live.references)


def _former_users(draft: Draft) -> Iterator[tuple[str, Address]]:
    """What prior state holds and the plan leaves as it is; `dependsOn` is an order and no reference."""
    decided = {decision.entry.address for decision in draft.decisions.values() if decision.entry}
    gone = {change.address for change in draft.changes if _goes(change)}
    for address, entry in draft.inputs.prior.entries.items():
        if address not in decided and address not in gone:
            for dependency in entry.dependencies:
                if not dependency.via.startswith("/dependsOn"):
                    yield str(address), dependency.target


def _goes(change: Change) -> bool:
    """Whether the object is not in the org any more; what is forgotten stays."""
    is_gone = change.live is None or change.live.absent
    return change.action is Action.DELETE or (change.action is Action.FORGET and is_gone)


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
