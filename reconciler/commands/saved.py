"""Saved plans: whether one still holds, and what of it is left to do (design.md, section 7).

A saved plan holds no secret and no code: apply plans afresh from the same manifests and compares. What the
saved plan and the fresh one agree on is carried out; anything that moved is stale, with nothing sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reconciler.errors import ConfigError, Refused, StalePlan
from reconciler.model.address import Address, parse_address
from reconciler.model.change import Action, Change, Reason
from reconciler.model.plan import Plan, PlannedChange
from reconciler.model.state import EntryStatus, PriorEntry
from reconciler.model.values import JsonValue
from reconciler.planning.documents import Planned, blocking, entry_digest
from reconciler.planning.inputs import OnConflict, PlanInputs, PlanOptions
from reconciler.planning.matching import renames

FOLDER = "folder"
"""The option of a saved plan that names a folder other than the configured one."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan read from a file."""

    plan: Plan
    file: str

    @property
    def folder(self) -> str | None:
        """The manifests it was made from, seen from the configuration, where those are not the usual ones.

        Raises:
            ConfigError: `plan.format`.
        """
        try:
            return _text(self.plan.basis.options.get(FOLDER))
        except TypeError as error:
            raise ConfigError(f"{self.file}: basis.options: {error}", code="plan.format") from error

    @property
    def options(self) -> PlanOptions:
        """The options that shaped it.

        Raises:
            ConfigError: `plan.format`.
        """
        found = self.plan.basis.options
        try:
            return PlanOptions(
                targets=_texts(found.get("target")),
                excludes=_texts(found.get("exclude")),
                selectors=_mapping(found.get("selector")),
                adopt=_texts(found.get("adopt")),
                on_conflict=OnConflict(str(found.get("on_conflict", "refuse"))),
                fallback=found.get("fallback") is True,
                destroy=found.get("destroy") is True,
                partial=found.get("partial") is True,
                new_state=found.get("new_state") is True,
                allow_unsafe=_texts(found.get("allow_unsafe")),
            )
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{self.file}: basis.options: {error}", code="plan.format") from error


def _texts(value: JsonValue) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"{value!r} is not a list of texts")
    return tuple(str(item) for item in value)


def _mapping(value: JsonValue) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is not a mapping")
    return {str(name): str(member) for name, member in value.items()}


def _text(value: JsonValue) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


@dataclass(frozen=True, slots=True)
class _Made:
    """How far a saved plan was carried out already.

    Args:
        recorded: addresses whose change prior state holds.
        begun: addresses whose change this plan began, and nobody knows, or knew, how it ended.
    """

    recorded: frozenset[str]
    begun: frozenset[str]


def changes_of_saved(
    saved: SavedPlan, fresh: Planned, resumed: Collection[Address] = ()
) -> tuple[Change, ...]:
    """The changes of a saved plan that are left to do, as the fresh plan has them.

    What moved comes before what refuses: a plan that is stale is to be made again, whatever else is wrong.

    Args:
        resumed: addresses whose change this plan began in an earlier run, and recovery has resolved.

    Raises:
        StalePlan: the basis does not hold, or all of its changes are recorded.
        Refused: it was not applyable, or a check says no by now.
    """
    _confirm_applyable(saved)
    _confirm_basis(saved, fresh.plan)
    changes = _remaining(saved, fresh, resumed)
    judged = [found for found in blocking(fresh.plan) if found.code != "plan.guard"]
    if judged:
        raise Refused(judged[0].message, code=judged[0].code, hint=judged[0].hint)
    return changes


def _confirm_applyable(saved: SavedPlan) -> None:
    if saved.plan.applyable:
        return
    found = blocking(saved.plan)
    why = f": {found[0].message}" if found else ""
    code = found[0].code if found else None
    raise Refused(f"{saved.file} was not applyable{why}", code=code, hint="mend that, then plan again")


def _confirm_basis(saved: SavedPlan, now: Plan) -> None:
    plan = saved.plan
    if (plan.org, plan.org_id) != (now.org, now.org_id):
        raise _stale(saved, f"it is of org {plan.org} ({plan.org_id}), not {now.org} ({now.org_id})")
    if plan.basis.manifest_digest != now.basis.manifest_digest:
        raise _stale(saved, "manifests, variables or environment have changed since it was made")
    if plan.basis.state_lineage not in (None, now.basis.state_lineage):
        raise _stale(saved, "it was made with another state")
    for name, remote_id in plan.basis.lookups.items():
        if now.basis.lookups.get(name) != remote_id:
            raise _stale(saved, f"{name} is another object by now")


def _remaining(saved: SavedPlan, fresh: Planned, resumed: Collection[Address]) -> tuple[Change, ...]:
    entries = _entries(saved.plan, fresh.draft.inputs)
    planned = {change.address: change for change in fresh.plan.changes}
    made = _made(saved.plan, planned.keys(), entries, resumed)
    wanted = [change for change in saved.plan.changes if change.address not in made.recorded]
    if saved.plan.changes and not wanted:
        raise _stale(saved, "all of its changes are recorded already")
    for change in wanted:
        _confirm_change(saved, change, planned.get(change.address), made)
        if change.address not in made.begun:
            _confirm_entry(saved, change, entries.get(change.address))
    addresses = {change.address for change in wanted}
    return tuple(change for change in fresh.changes if str(change.address) in addresses)


def _entries(plan: Plan, inputs: PlanInputs) -> dict[str, PriorEntry]:
    """What prior state holds of a plan's addresses; of a renamed one, what it holds under the former name."""
    former = renames(inputs)
    found = {}
    for change in plan.changes:
        address = _address(change)
        if (entry := inputs.prior.entries.get(former.get(address, address))) is not None:
            found[change.address] = entry
    return found


def _made(
    plan: Plan, due: Collection[str], entries: Mapping[str, PriorEntry], resumed: Collection[Address]
) -> _Made:
    """What prior state says of the plan.

    The same drift, put right twice, is two plans with one fingerprint: what is due again is not recorded.
    """
    recorded, begun = set[str](), set(map(str, resumed))
    for change in plan.changes:
        entry = entries.get(change.address)
        if change.reason is Reason.FALLBACK:
            continue  # judged again each time, so never done for good
        is_removal = change.action in (Action.DELETE, Action.FORGET)
        is_due = change.address in due
        if entry is None:
            recorded |= {change.address} if is_removal and not is_due else set()
        elif entry.plan_fingerprint == plan.fingerprint:
            if entry.status is not EntryStatus.SETTLED:
                begun.add(change.address)
            elif not is_due and not is_removal:
                recorded.add(change.address)
    return _Made(frozenset(recorded), frozenset(begun - recorded))


def _confirm_change(saved: SavedPlan, change: PlannedChange, now: PlannedChange | None, made: _Made) -> None:
    if change.reason is Reason.FALLBACK:
        return
    known = made.recorded | made.begun
    if change.address in made.begun:
        if now is not None and not _agrees(change.after, now.after, known):
            raise _stale(saved, f"{change.address} has moved since it was made")
        return
    if now is None:
        raise _stale(saved, f"{change.address} needs no change any more")
    then, today = _compared(change), _compared(now)
    for name, value in then.items():
        if not _agrees(value, today[name], known):
            raise _stale(saved, f"{change.address} has moved since it was made ({name})")


def _compared(change: PlannedChange) -> dict[str, JsonValue]:
    """What was approved of a change, but for what others have to do with it."""
    return {
        "action": change.action.value,
        "reason": change.reason.value,
        "remote id": change.remote_id,
        "before": change.before,
        "wanted": change.after,
        "found": {field.path: field.before for field in change.fields},
        "requests": [
            {
                "method": step.method,
                "path": step.path,
                "label": step.label,
                "body": step.body if step.managed is None else step.managed,
            }
            for step in change.steps
        ],
    }


def _agrees(then: JsonValue, now: JsonValue, known: Collection[str]) -> bool:
    """Equal, but for what was unknown then and is known now because this plan has made it."""
    if isinstance(then, Mapping):
        unknown = then.get("$unknown")
        if isinstance(unknown, str) and unknown.split("#")[0] in known:
            return True
        return (
            isinstance(now, Mapping)
            and then.keys() == now.keys()
            and all(_agrees(value, now[name], known) for name, value in then.items())
        )
    if isinstance(then, list | tuple):
        return (
            isinstance(now, list | tuple)
            and len(then) == len(now)
            and all(_agrees(left, right, known) for left, right in zip(then, now, strict=True))
        )
    return then == now


def _confirm_entry(saved: SavedPlan, change: PlannedChange, entry: PriorEntry | None) -> None:
    then = saved.plan.basis.entries.get(change.address)
    if then is not None and (entry is None or entry_digest(entry) != then):
        raise _stale(saved, f"another run has changed what the state holds of {change.address}")


def _address(change: PlannedChange) -> Address:
    try:
        return parse_address(change.address)
    except ValueError as error:
        raise ConfigError(str(error), code="plan.format") from error


def _stale(saved: SavedPlan, why: str) -> StalePlan:
    return StalePlan(
        f"{saved.file} is stale: {why}; nothing was sent", hint="plan again and review that plan"
    )
