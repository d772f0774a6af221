"""Saved plans: whether one still holds, and what of it is left to do (design.md, section 7).

A saved plan holds no secret and no code: apply plans afresh from the same manifests and compares. What the
saved plan and the fresh one agree on is carried out; anything that moved is stale, with nothing sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.errors import ConfigError, Refused, StalePlan
from reconciler.model.address import Address, parse_address
from reconciler.model.change import Action, Change
from reconciler.model.plan import Plan, PlannedChange
from reconciler.model.state import Prior
from reconciler.model.values import JsonValue
from reconciler.planning.documents import Planned, blocking, entry_digest
from reconciler.planning.inputs import OnConflict, PlanOptions


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan read from a file."""

    plan: Plan
    file: str

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
                allow_unsafe=_text(found.get("allow_unsafe")),
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


def confirm_saved(saved: SavedPlan, fresh: Planned) -> None:
    """Whether the basis of a saved plan still holds.

    Raises:
        Refused: it was not applyable, or a check says no by now.
        StalePlan: manifests, org or state are not those that it was made from.
    """
    plan, now = saved.plan, fresh.plan
    if not plan.applyable:
        found = blocking(plan)
        why = f": {found[0].message}" if found else ""
        raise Refused(f"{saved.file} was not applyable{why}", code=found[0].code if found else None)
    if (plan.org, plan.org_id) != (now.org, now.org_id):
        raise _stale(saved, f"it is of org {plan.org} ({plan.org_id}), not {now.org} ({now.org_id})")
    if plan.basis.manifest_digest != now.basis.manifest_digest:
        raise _stale(saved, "manifests, variables or environment have changed since it was made")
    if plan.basis.state_lineage not in (None, now.basis.state_lineage):
        raise _stale(saved, "it was made with another state")
    for name, remote_id in plan.basis.lookups.items():
        if now.basis.lookups.get(name) != remote_id:
            raise _stale(saved, f"{name} is another object by now")
    judged = [found for found in blocking(now) if found.code != "plan.guard"]
    if judged:
        raise Refused(judged[0].message, code=judged[0].code, hint=judged[0].hint)


def remaining_changes(saved: SavedPlan, fresh: Planned) -> tuple[Change, ...]:
    """The changes of a saved plan that are not recorded yet, as the fresh plan has them.

    Raises:
        StalePlan: one of them is not what was approved, or all of them are recorded.
    """
    prior = fresh.draft.inputs.prior
    recorded = {change.address for change in saved.plan.changes if _is_recorded(change, saved.plan, prior)}
    wanted = [change for change in saved.plan.changes if change.address not in recorded]
    if saved.plan.changes and not wanted:
        raise _stale(saved, "all of its changes are recorded already")
    planned = {change.address: change for change in fresh.plan.changes}
    for change in wanted:
        _confirm_change(saved, change, planned.get(change.address), recorded)
        _confirm_entry(saved, change, prior)
    addresses = {change.address for change in wanted}
    return tuple(change for change in fresh.changes if str(change.address) in addresses)


def _is_recorded(change: PlannedChange, plan: Plan, prior: Prior) -> bool:
    """Whether prior state says that this very plan has made the change."""
    address = _address(change)
    entry = prior.entries.get(address)
    if change.action in (Action.DELETE, Action.FORGET):
        return entry is None
    return entry is not None and entry.plan_fingerprint == plan.fingerprint and entry.status == "settled"


def _confirm_change(
    saved: SavedPlan, change: PlannedChange, now: PlannedChange | None, recorded: set[str]
) -> None:
    if change.reason == "fallback":
        return
    if now is None:
        raise _stale(saved, f"{change.address} needs no change any more")
    for name in ("action", "reason", "remote_id", "after"):
        if not _agrees(getattr(change, name), getattr(now, name), recorded):
            raise _stale(saved, f"{change.address} has moved since it was made ({name})")
    before = {field.path: field.before for field in change.fields}
    if before != {field.path: field.before for field in now.fields}:
        raise _stale(saved, f"{change.address} has moved since it was made")


def _agrees(then: JsonValue, now: JsonValue, recorded: set[str]) -> bool:
    """Equal, but for what was unknown then and is known now because this plan has made it."""
    if isinstance(then, Mapping):
        unknown = then.get("$unknown")
        if isinstance(unknown, str) and unknown.split("#")[0] in recorded:
            return True
        return (
            isinstance(now, Mapping)
            and then.keys() == now.keys()
            and all(_agrees(value, now[name], recorded) for name, value in then.items())
        )
    if isinstance(then, list | tuple):
        return (
            isinstance(now, list | tuple)
            and len(then) == len(now)
            and all(_agrees(left, right, recorded) for left, right in zip(then, now, strict=True))
        )
    return then == now


def _confirm_entry(saved: SavedPlan, change: PlannedChange, prior: Prior) -> None:
    then = saved.plan.basis.entries.get(change.address)
    entry = prior.entries.get(_address(change))
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
