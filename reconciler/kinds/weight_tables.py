"""A weight matrix for people: before and after in the plan, requested and applied in the audit."""

from __future__ import annotations

from math import fsum

from reconciler.kinds.weight_checks import person
from reconciler.kinds.weights import (
    Seat,
    balance_accuracy,
    elements,
    number,
    plain,
    plain_change,
    seats,
    user_of,
)
from reconciler.model.change import Change, LiveObject, Report, Table
from reconciler.model.values import JsonObject, Tree

SETTINGS = {"overflowThreshold": "overflow threshold", "wrapUpTimeout": "wrap-up time-out (s)"}
"""Members of the spec that are settings of the queue, as the table calls them."""


def planned_report(change: Change, live: LiveObject) -> Report:
    """The matrix and the queue's settings, before and after, where something of them changes."""
    everybody = seats(change, live)
    name = str(live.server.get("name") or live.remote_id)
    tables = (*_weights(live, everybody, name), *_settings(change, live, name))
    return Report(tables=tables, detail=_requested(change, live))


def _requested(change: Change, live: LiveObject) -> JsonObject:
    """What the audit is told of a matrix that was refused, or failed before the queue was read again."""
    threshold = number((change.after or {}).get("overflowThreshold"))
    return {
        "queue_id": live.remote_id,
        "requested_weights": _requested_weights(change, live),
        "applied_weights": None,
        "balance_accuracy": None,
        "overflow_threshold": live.body.get("overflowThreshold") if threshold is None else threshold,
    }


def _requested_weights(change: Change, live: LiveObject) -> dict[str, float]:
    listed = (seat for seat in seats(change, live) if seat.planned and seat.index is not None)
    return {seat.user_id: seat.after for seat in listed}


def _weights(live: LiveObject, everybody: tuple[Seat, ...], name: str) -> tuple[Table, ...]:
    if not any(seat.changes for seat in everybody):
        return ()
    rows = (*(_row(live, seat) for seat in everybody), _total(everybody))
    columns = ("member", "before", "after", "change", "routing type")
    return (Table(f"weights of queue {name}", columns, rows),)


def _row(live: LiveObject, seat: Seat) -> tuple[str, ...]:
    name = str(person(live, seat.user_id).get("name") or seat.user_id)
    if seat.before is None:
        return name, "–", plain(seat.after), "no member", seat.routing_after or "–"
    change = plain_change(seat.before, seat.after)
    if seat.index is None:
        change = "not listed, to 0" if seat.planned else "not listed, stays"
    return name, plain(seat.before), plain(seat.after), change, _routing(seat)


def _routing(seat: Seat) -> str:
    after = seat.routing_after or "–"
    return after if seat.routing_before == seat.routing_after else f"{seat.routing_before or '–'} → {after}"


def _total(everybody: tuple[Seat, ...]) -> tuple[str, ...]:
    before = fsum(seat.before or 0.0 for seat in everybody)
    after = fsum(seat.after for seat in everybody)
    return "total", plain(before), plain(after), plain_change(before, after), ""


def _settings(change: Change, live: LiveObject, name: str) -> tuple[Table, ...]:
    """The settings that the manifest names; no table where none of them changes."""
    rows = tuple(
        _setting_row(label, live.body.get(member), (change.after or {})[member])
        for member, label in SETTINGS.items()
        if member in (change.after or {})
    )
    if all(before == after for _, before, after, _ in rows):
        return ()
    return (Table(f"settings of queue {name}", ("setting", "before", "after", "change"), rows),)


def _setting_row(label: str, before: Tree, after: Tree) -> tuple[str, str, str, str]:
    old, new = number(before), number(after)
    moved = plain_change(old, new) if old is not None and new is not None else ""
    shown = ["–" if value is None else plain(value) for value in (old, new)]
    return label, shown[0], shown[1], moved


def applied_report(change: Change, after: LiveObject) -> Report:
    """Requested and applied weights with the balance accuracy, from what the server says afterwards."""
    requested = _requested_weights(change, after)
    scores = {user_of(member): number(member.get("weight")) for member in elements(after.body)}
    applied = {user: score for user in requested if (score := scores.get(user)) is not None}
    weights: JsonObject = {
        "queue_id": after.remote_id,
        "requested_weights": requested,
        "applied_weights": applied,
        "balance_accuracy": balance_accuracy(requested, applied),
    }
    threshold = after.body.get("overflowThreshold")
    return Report(detail={**weights, "overflow_threshold": threshold}, export=weights)
