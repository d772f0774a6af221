"""Checks: whether the org will take the changes, and whether the client may make them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.model.change import Change, Check, CheckStatus
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.remote import Facts, Read
from reconciler.model.resource import Resource
from reconciler.planning.planner import Draft

WORST_FIRST = (CheckStatus.FAIL, CheckStatus.WARN, CheckStatus.PASS)


def check_reads(draft: Draft, facts: Facts) -> Iterator[Read]:
    """What the checks of the draft's changes need; asked again until nothing is new."""
    for change in draft.changes:
        yield from draft.inputs.kind(change.address).check_reads(change, facts)


def judge(draft: Draft, facts: Facts) -> tuple[Check, ...]:
    """Every check's verdict, sorted; of two of one name and address the worse one stays."""
    found: dict[tuple[str, str], Check] = {}
    for check in _all_checks(draft, facts):
        key = (str(check.address), check.name)
        if key not in found or WORST_FIRST.index(check.status) < WORST_FIRST.index(found[key].status):
            found[key] = check
    return tuple(found[key] for key in sorted(found))


def _all_checks(draft: Draft, facts: Facts) -> Iterable[Check]:
    for change in draft.changes:
        yield from draft.inputs.kind(change.address).checks(change, facts)
        yield from _scopes(change, draft)
    for address, decision in draft.decisions.items():
        yield from draft.inputs.kind(address).standing_checks(decision.resource, decision.live, facts)


def _scopes(change: Change, draft: Draft) -> Iterator[Check]:
    """A missing scope warns in a plan, so that a read-only client can plan, and fails in an apply."""
    granted, needed = draft.inputs.granted_scopes, draft.inputs.kind(change.address).endpoint.write_scope
    if not change.steps or granted is None or needed in granted:
        return
    yield Check(
        "scopes",
        change.address,
        CheckStatus.FAIL if draft.inputs.writes else CheckStatus.WARN,
        f"the client's token lacks the scope {needed}; grant it to the OAuth client to apply",
        {"missing": needed},
    )


def check_diagnostics(checks: Sequence[Check], resources: Sequence[Resource]) -> tuple[Diagnostic, ...]:
    """A diagnostic for each failed check, at the line of the manifest that it speaks of."""
    by_address = {resource.address: resource for resource in resources}
    found = []
    for check in checks:
        if check.status is not CheckStatus.FAIL:
            continue
        resource = by_address.get(check.address)
        if resource is None:
            found.append(Diagnostic(Severity.ERROR, check.name, check.message, address=str(check.address)))
        else:
            found.append(resource.diagnostic(check.name, check.message, path=check.path))
    return tuple(found)
