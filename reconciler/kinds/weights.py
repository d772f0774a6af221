"""Weights of a queue's members, before and after a change: sums, scaling, accuracy.

Plain arithmetic over what a matrix wants and what its queue has (platform-api.md, section 6). Sums are exact
(`fsum`), so that the order of members and listings never decides whether a matrix fits. Knows no request and
no check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from math import fsum

from reconciler.model.change import Change, LiveObject
from reconciler.model.values import Tree, TreeObject

LIMIT = 1.0
TOLERANCE = 1e-9
"""Sums are compared with it on both sides, the platform's and ours."""
ACTIVE = frozenset({"Manual", "Automatic"})
"""Routing types of members who take interactions; others do not count as staff."""
GRAIN = Decimal("0.000001")
"""Scaled weights are rounded down to it."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One user's place in the queue, before and after.

    Args:
        before: the live score; None for a user who is no member.
        after: the score once the change is applied.
        index: where the manifest lists the user; None where it does not.
        planned: whether the change decides the score: listed, or set to 0 by an authoritative matrix.
    """

    user_id: str
    before: float | None
    after: float
    routing_before: str | None
    routing_after: str | None
    index: int | None
    planned: bool

    @property
    def is_active(self) -> bool:
        """Whether the member will take interactions."""
        return self.before is not None and self.routing_after in ACTIVE

    @property
    def changes(self) -> bool:
        """Whether the change moves anything of this member."""
        return self.planned and (self.before != self.after or self.routing_before != self.routing_after)


def seats(change: Change, live: LiveObject | None) -> tuple[Seat, ...]:
    """Everybody concerned: as the manifest lists them, then whom only the document adds, then the rest."""
    wanted = elements(change.after)
    listed = len(elements(change.resource.spec)) if change.resource else len(wanted)
    scores = {user_of(member): member for member in elements(live.body if live else None)}
    planned = {user_of(member) for member in wanted}
    found = [
        _seat(member, scores.get(user_of(member)), position if position < listed else None)
        for position, member in enumerate(wanted)
    ]
    return (*found, *(_untouched(member) for user, member in scores.items() if user not in planned))


def _seat(wanted: TreeObject, live: TreeObject | None, index: int | None) -> Seat:
    routing_before = _text(live.get("routingType")) if live else None
    return Seat(
        user_id=user_of(wanted),
        before=number(live.get("weight")) if live else None,
        after=number(wanted.get("weight")) or 0.0,
        routing_before=routing_before,
        routing_after=_text(wanted.get("routingType")) or routing_before,
        index=index,
        planned=True,
    )


def _untouched(live: TreeObject) -> Seat:
    score, routing = number(live.get("weight")) or 0.0, _text(live.get("routingType"))
    return Seat(user_of(live), score, score, routing, routing, index=None, planned=False)


def elements(document: TreeObject | None) -> tuple[TreeObject, ...]:
    """The members of a document in the shape of `spec`."""
    members = (document or {}).get("members")
    if not isinstance(members, list | tuple):
        return ()
    return tuple(found for found in members if isinstance(found, Mapping))


def user_of(member: TreeObject) -> str:
    """The id of a member's user."""
    return str(member.get("userId"))


def number(value: Tree) -> float | None:
    """A JSON number; None for anything else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: Tree) -> str | None:
    return value if isinstance(value, str) else None


def unlisted(document: TreeObject, live: LiveObject | None) -> tuple[TreeObject, ...]:
    """The live members that a document does not name."""
    named = {user_of(member) for member in elements(document)}
    return tuple(member for member in elements(live.body if live else None) if user_of(member) not in named)


def total_weight(members: Iterable[TreeObject]) -> float:
    """The sum of the weights of members in the shape of `spec`."""
    return fsum(number(member.get("weight")) or 0.0 for member in members)


def scale_to_fit(weights: Sequence[float], others: Sequence[float]) -> tuple[float, ...]:
    """Weights scaled down in proportion, so that together with the others they sum to no more than 1.0.

    Weights that fit stay as they are. Decimals, so that what people write (0.1) is what is divided.
    """
    if fsum((*weights, *others)) <= LIMIT + TOLERANCE:
        return tuple(weights)
    left = max(Decimal(0), Decimal(1) - sum(map(_decimal, others), Decimal(0)))
    total = sum(map(_decimal, weights), Decimal(0)) or Decimal(1)
    scaled = [(_decimal(weight) * left / total).quantize(GRAIN, ROUND_DOWN) for weight in weights]
    while any(scaled) and fsum((*map(float, scaled), *others)) > LIMIT:
        scaled[scaled.index(max(scaled))] -= GRAIN
    return tuple(map(float, scaled))


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


def balance_accuracy(requested: Mapping[str, float], applied: Mapping[str, float]) -> float | None:
    """100 × mean(1 − |requested − applied|), in percent; who has no score counts 0; None without members."""
    if not requested:
        return None
    hits = [
        1.0 - abs(weight - applied[user]) if user in applied else 0.0 for user, weight in requested.items()
    ]
    return round(100 * fsum(hits) / len(hits), 2)


def plain(value: float) -> str:
    """A number as people write it: 0.35, not 0.350000001."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def plain_change(before: float, after: float) -> str:
    """What was added or taken, with its sign; empty when nothing shows."""
    moved = plain(after - before)
    return "" if moved == "0" else moved if moved.startswith("-") else f"+{moved}"
