"""Names on their way from one object to another: who lets go of one before who takes it.

The org holds a natural key once (409 `duplicate`), and at every moment, not only when all is done. Who takes
a name waits for who has it now; where nobody lets go of it, or two wait for each other, the plan is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.kinds.base import Owns
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, LiveObject
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.planning.graph import Edge, find_cycles
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.matching import LiveIndex

TAKERS = (Action.CREATE, Action.UPDATE, Action.REPLACE)
CODE = "manifest.duplicate-identity"

Owners = Mapping[tuple[str, str], Address]
"""Addresses of what prior state holds, by kind and remote id."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A change that gives its object a name which another object has.

    Args:
        owner: the address of the object that has it; None for a stranger.
        other: what the plan does to that object; None where it leaves it alone.
        is_given: whether the name is free after that.
    """

    change: Change
    holder: LiveObject
    owner: Address | None
    other: Change | None
    is_given: bool


def takings(
    changes: Sequence[Change], index: Mapping[str, LiveIndex], inputs: PlanInputs
) -> tuple[Taking, ...]:
    """Each change that needs a name which is taken now."""
    owners = {(entry.address.kind, entry.remote_id): entry.address for entry in inputs.prior.entries.values()}
    kinds = {change.address.kind for change in changes}
    holders = {name: _holders(name, index[name], owners, inputs) for name in kinds}
    touched = {(change.address.kind, change.remote_id): change for change in changes}
    found = []
    for change in changes:
        wanted = _wanted(change, inputs)
        holder = holders[change.address.kind].get(wanted or "")
        if wanted is not None and holder is not None and holder.remote_id != change.remote_id:
            place = (change.address.kind, holder.remote_id)
            other = touched.get(place)
            found.append(Taking(change, holder, owners.get(place), other, _is_given(other, wanted, inputs)))
    return tuple(found)


def _holders(name: str, index: LiveIndex, owners: Owners, inputs: PlanInputs) -> Mapping[str, LiveObject]:
    """The objects of a kind by name; what was deleted a moment ago, and may still be listed, has none."""
    kind = inputs.kinds[name]
    if kind.endpoint.owns is not Owns.OBJECTS:
        return {}
    held = {
        key: live
        for live in index.by_id.values()
        if (name, live.remote_id) in owners and not live.absent
        if (key := kind.natural_key(live.body)) is not None
    }
    return {**index.strangers, **held}


def _wanted(change: Change, inputs: PlanInputs) -> str | None:
    """The name that a change gives; None where only the apply will tell, or where it stays."""
    if change.action not in TAKERS or change.after is None:
        return None
    natural_key = inputs.kind(change.address).natural_key
    wanted = natural_key(change.after)
    is_update = change.action is Action.UPDATE and change.live is not None
    return None if is_update and change.live and natural_key(change.live.body) == wanted else wanted


def _is_given(other: Change | None, name: str, inputs: PlanInputs) -> bool:
    if other is None or other.after is None:
        return other is not None and other.action is Action.DELETE
    later = inputs.kind(other.address).natural_key(other.after)
    return later is not None and later != name


def givers(found: Sequence[Taking]) -> Mapping[Address, Address]:
    """For each change that takes a name the change that it waits for."""
    return {
        taking.change.address: taking.other.address for taking in found if taking.other and taking.is_given
    }


def refused_takings(found: Sequence[Taking]) -> Iterator[Diagnostic]:
    """Names that whoever has them keeps."""
    for taking in found:
        if taking.is_given or _is_told_elsewhere(taking) or taking.change.resource is None:
            continue
        yield taking.change.resource.diagnostic(
            CODE if taking.owner else "plan.unowned-match",
            f"{taking.change.address} would take the name of {_named(taking)}, which keeps it",
            path=_path(taking.change, taking.holder),
            hint="choose another name, or rename the other one first",
        )


def _is_told_elsewhere(taking: Taking) -> bool:
    """A create of a name that is a stranger's, or of what leaves: adoptions and renames are about those."""
    is_leaving = taking.owner is None or (taking.other is not None and taking.other.action is Action.FORGET)
    return taking.change.action is Action.CREATE and is_leaving


def _named(taking: Taking) -> str:
    return str(taking.owner) if taking.owner else f"{taking.holder.remote_id} (not in prior state)"


def _path(change: Change, holder: LiveObject) -> str:
    """Where the manifest says the name: the member that the other object has, too, and that changes."""
    names = {f"/{name}": value for name, value in holder.body.items() if isinstance(value, str)}
    same = (found.path for found in change.fields if names.get(found.path) == found.after)
    return f"/spec{next(same, '')}"


def exchanges(ordered: Sequence[Change], handed: Mapping[Address, Address]) -> Iterator[Diagnostic]:
    """Changes that wait for each other because of a name: no order of theirs is possible."""
    if not handed:
        return
    edges = [Edge(change.address, other, "") for change in ordered for other in change.depends_on]
    resources = {change.address: change.resource for change in ordered}
    for cycle in find_cycles(edges):
        chain = " -> ".join(str(address) for address in (*(edge.source for edge in cycle), cycle[0].source))
        message = f"these changes wait for each other to let go of a name: {chain}"
        hint = "give one of them a name that nobody has, apply, then give it the one that it is to have"
        first = resources[cycle[0].source]
        yield (
            first.diagnostic(CODE, message, path="/spec", hint=hint)
            if first
            else Diagnostic(Severity.ERROR, CODE, message, hint=hint, address=str(cycle[0].source))
        )
