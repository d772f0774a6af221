"""After all changes: what was touched is read again by id and compared with what was wanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.applying.context import ApplyContext
from reconciler.applying.filling import fill_object
from reconciler.kinds.base import WAITED_S
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, LiveObject
from reconciler.model.outcome import Outcome, Result
from reconciler.model.remote import Facts, Read
from reconciler.model.state import PriorEntry
from reconciler.planning.diff import Sides, diff_fields

TOUCHED = (Outcome.SUCCEEDED, Outcome.UNSETTLED)


@dataclass(frozen=True, slots=True)
class Readback:
    """What the org holds after the run.

    Args:
        differing: addresses whose managed fields are not as wanted.
        problem: why one of the objects could not be read; nothing is said of it.
    """

    results: tuple[Result, ...]
    differing: tuple[str, ...]
    problem: str | None = None


async def read_back(changes: Sequence[Change], results: Sequence[Result], context: ApplyContext) -> Readback:
    """Reads what was touched once more; the results gain what only the org can tell by now."""
    touched = _touched(changes, results, context)
    has_refreshed = any(step.best_effort for change in touched.values() for step in change.steps)
    if has_refreshed and not context.stop.starts_nothing:
        await context.stop.outlast(context.clock.sleep(context.settings.apply.render_wait_s))
    reads = {address: _reads(change, context) for address, change in touched.items()}
    facts = await context.look(lambda _: [read for wanted in reads.values() for read in wanted])
    unread = {address: why for address, wanted in reads.items() if (why := _problem(wanted, facts))}
    live = _live_objects(touched.values(), facts, context)
    entries = context.store.load().entries
    differing = tuple(
        address
        for address, change in touched.items()
        if address not in unread
        and _differs(change, live.get(change.address), entries.get(change.address), context)
    )
    detailed = [_with_detail(found, touched.get(found.address), live, context) for found in results]
    return Readback(tuple(detailed), differing, next(iter(unread.values()), None))


def _problem(reads: Sequence[Read], facts: Facts) -> str | None:
    """Why one of the reads has no answer."""
    return next((problem for read in reads if (problem := facts[read].problem)), None)


def _touched(
    changes: Sequence[Change], results: Sequence[Result], context: ApplyContext
) -> dict[str, Change]:
    """The changes that sent something and left an object."""
    outcomes = {result.address: result.outcome for result in results}
    return {
        str(change.address): change
        for change in changes
        if change.steps
        and change.action is not Action.DELETE
        and change.address in context.applied
        and outcomes[str(change.address)] in TOUCHED
    }


def _reads(change: Change, context: ApplyContext) -> tuple[Read, ...]:
    kind, applied = context.kind(change.address), context.applied[change.address]
    scope = kind.scope_of(fill_object(change.after or {}, context.applied))
    scope = scope or dict(change.live.scope if change.live else {})
    return tuple(replace(read, optional=True) for read in kind.item_reads(applied.remote_id, scope))


def _live_objects(
    touched: Collection[Change], facts: Facts, context: ApplyContext
) -> Mapping[Address, LiveObject]:
    by_kind = {
        name: {live.remote_id: live for live in context.kinds[name].live(facts)}
        for name in {change.address.kind for change in touched}
    }
    return {
        change.address: found
        for change in touched
        if (found := by_kind[change.address.kind].get(context.applied[change.address].remote_id))
    }


def _differs(
    change: Change, found: LiveObject | None, entry: PriorEntry | None, context: ApplyContext
) -> bool:
    """Whether the org's object is not as wanted; what the server normalised at once agrees.

    What the plan left as it is (`ignoreChanges`, `--on-conflict theirs`) is in the record, not in `after`.
    """
    if found is None:
        return True
    rules = context.kind(change.address).field_rules
    sent = rules.sent(fill_object(change.after or {}, context.applied))
    base = rules.sent(entry.base) if entry else None
    answered = entry.answered if entry else None
    return bool(diff_fields(Sides(sent, found.body, base, answered), rules, context.masks))


def _with_detail(
    result: Result, change: Change | None, live: Mapping[Address, LiveObject], context: ApplyContext
) -> Result:
    if change is None or change.address not in live:
        return result
    detail = dict(context.kind(change.address).report(change, Facts(), live[change.address]).detail)
    detail.pop(WAITED_S, None)  # nobody has waited since
    return replace(result, detail={**result.detail, **detail})
