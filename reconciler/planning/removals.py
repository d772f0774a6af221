"""Removals: what prior state holds and the manifests no longer declare (design.md, section 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.kinds.base import Owns
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Reason
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.state import PriorEntry
from reconciler.planning.decisions import Decision
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.matching import LiveIndex, renames


def removed_entries(entries: Mapping[Address, PriorEntry], inputs: PlanInputs) -> tuple[PriorEntry, ...]:
    """The entries that the plan removes: only what prior state holds can be (invariant 3)."""
    if inputs.options.partial:
        return ()
    if inputs.going_back is not None:
        return tuple(
            _made_by_us(entry) for address, entry in entries.items() if address in inputs.going_back.removed
        )
    kept = set() if inputs.options.destroy else _declared(inputs)
    return tuple(entry for address, entry in entries.items() if address not in kept)


def _made_by_us(entry: PriorEntry) -> PriorEntry:
    """What a run made goes with its rollback, whatever leaving the manifests would mean."""
    return replace(entry, lifecycle=replace(entry.lifecycle, on_remove="delete"))


def _declared(inputs: PlanInputs) -> set[Address]:
    """Addresses of manifests, and the former names of those renamed; also of what the plan leaves out."""
    return {resource.address for resource in inputs.resources} | set(renames(inputs).values())


def removal(entry: PriorEntry, index: LiveIndex, inputs: PlanInputs) -> Change:
    """Delete or forget, as the entry's last recorded lifecycle and its kind say."""
    kind = inputs.kind(entry.address)
    live = index.by_id.get(entry.remote_id)
    is_ours = kind.endpoint.owns is Owns.OBJECTS and entry.lifecycle.on_remove == "delete"
    is_there = live is not None and not live.absent
    change = Change(
        address=entry.address,
        action=Action.DELETE if is_ours and is_there else Action.FORGET,
        reason=_reason(entry, inputs),
        remote_id=entry.remote_id,
        before=live.body if live else None,
        notes=_notes(is_ours=is_ours, is_there=is_there),
        prior=entry,
        live=live,
    )
    return replace(change, steps=kind.steps(change, live))


def _reason(entry: PriorEntry, inputs: PlanInputs) -> Reason:
    if inputs.prior.has_open_intent(entry.address):
        return Reason.UNKNOWN_OUTCOME
    return Reason.REQUESTED if inputs.options.destroy else Reason.REMOVED


def unseen_intents(inputs: PlanInputs) -> list[Diagnostic]:
    """What earlier runs sent for addresses that neither manifests nor prior state know: no change tells."""
    known = _declared(inputs) | inputs.prior.entries.keys()
    unseen = {intent.address for intent in inputs.prior.open_intents} - known
    return [
        Diagnostic(
            Severity.WARNING,
            "plan.unknown-outcome",
            f"an earlier run sent a request for {address} and never learned what became of it; "
            "the manifests no longer declare it",
            hint="apply asks the org first, and removes what was made",
            address=str(address),
        )
        for address in sorted(unseen)
        if inputs.options.is_complete
    ]


def _unseen_entries(inputs: PlanInputs) -> Iterator[PriorEntry]:
    """What earlier runs may have made for addresses that have left: apply finds out, and removes it."""
    known = _declared(inputs) | inputs.prior.entries.keys()
    for intent in inputs.prior.open_intents:
        if intent.creates and intent.entry is not None and intent.address not in known:
            yield intent.entry


def _notes(*, is_ours: bool, is_there: bool) -> tuple[str, ...]:
    if not is_ours:
        return ("it stays in the org as it is, and is no longer managed",)
    return () if is_there else ("it is gone from the org already",)


def identity_clashes(
    removed: Sequence[PriorEntry], decisions: Mapping[Address, Decision], inputs: PlanInputs
) -> list[Diagnostic]:
    """A removed and a new address with one natural key are a rename that nobody declared."""
    keys = {
        (entry.address.kind, key): entry
        for entry in (*removed, *_unseen_entries(inputs))
        if (key := inputs.kind(entry.address).natural_key(entry.base)) is not None
        and inputs.kind(entry.address).endpoint.owns is Owns.OBJECTS
    }
    found = []
    for decision in decisions.values():
        resource = decision.resource
        key = inputs.kind(resource.address).natural_key(decision.document)
        entry = keys.get((resource.address.kind, key or ""))
        if entry is not None and decision.entry is None and entry.address.name not in resource.formerly:
            found.append(
                resource.diagnostic(
                    "manifest.duplicate-identity",
                    f"{resource.address} names the object that prior state holds as {entry.address}",
                    path="/metadata/name",
                    hint=f"if it is a rename, add metadata.formerly: [{entry.address.name}]",
                )
            )
    return found
