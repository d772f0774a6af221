"""Binding: an address to a live object, as it is; nothing is sent (design.md, section 4, `adopt`). Pure."""

from __future__ import annotations

from reconciler.errors import Refused
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, FieldChange, LiveObject, Origin, Reason
from reconciler.model.values import TreeObject
from reconciler.planning.decisions import Decision, before_of
from reconciler.planning.diff import Sides, diff_fields
from reconciler.planning.planner import Draft


def binding(draft: Draft, address: Address, remote_id: str | None) -> Change:
    """The change that writes down which object an address is, with the org's values as last applied.

    Args:
        remote_id: the object; None: the one with the same natural key.

    Raises:
        Refused: there is no such object, or it is somebody else's already.
    """
    decision = draft.decisions[address]
    live = _object(draft, decision, remote_id)
    for entry in draft.inputs.prior.entries.values():
        if (entry.address.kind, entry.remote_id) == (address.kind, live.remote_id):
            raise _held(entry.address, address, live)
    document = _as_it_is(draft, decision, live)
    return Change(
        address,
        Action.ADOPT,
        Reason.REQUESTED,
        live.remote_id,
        before=document,
        after=document,
        resource=decision.resource,
        live=live,
        record=document,
    )


def differences(draft: Draft, decision: Decision, live: LiveObject) -> tuple[FieldChange, ...]:
    """What a manifest and an object that nobody has applied yet do not agree in."""
    rules = draft.inputs.kind(decision.resource.address).field_rules
    return diff_fields(Sides(decision.document, live.body), rules, draft.inputs.masks)


def drifted(decision: Decision) -> tuple[FieldChange, ...]:
    """What moved in the org, of an object that is managed."""
    fields = decision.change.fields if decision.change else ()
    return tuple(field for field in fields if field.origin is not Origin.INTENT)


def _object(draft: Draft, decision: Decision, remote_id: str | None) -> LiveObject:
    address = decision.resource.address
    found = decision.live if remote_id is None else draft.index[address.kind].by_id.get(remote_id)
    if found is None or found.absent:
        what = f"the id {remote_id}" if remote_id else "its natural key"
        raise Refused(
            f"the org has no {address.kind} with {what}",
            code="lookup.not-found",
            hint=None if remote_id else f"name it: `reconciler adopt {address} ID`",
        )
    return found


def _held(holder: Address, address: Address, live: LiveObject) -> Refused:
    return Refused(
        f"{live.remote_id} is managed already, as {holder}",
        code="plan.unowned-match",
        hint=f"`reconciler state mv {holder} {address}` moves it to this address",
    )


def _as_it_is(draft: Draft, decision: Decision, live: LiveObject) -> TreeObject:
    """The managed fields as the org has them, and what is never sent as the manifest says it."""
    kind = draft.inputs.kind(decision.resource.address)
    seen = before_of(live, decision.document, kind, draft.inputs)
    local = [name for name in decision.document if kind.field_rules.member(name).local]
    return {**seen, **{name: decision.document[name] for name in local}}
