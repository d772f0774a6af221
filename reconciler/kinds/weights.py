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
        planned: whether the change decides the score: as the manifest says, or 0 in an authoritative matrix.
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
        return self.before != self.after or self.routing_before != self.routing_after


def seats(change: Change, live: LiveObject | None) -> tuple[Seat, ...]:
    """Everybody concerned: first as the document has them, then the other members of the queue.

    The document may say less than the manifest: what is ignored, or left as the org has it, is not in it.
    """
    wanted, written = elements(change.after), elements(change.resource.spec if change.resource else None)
    members = {user_of(member): member for member in elements(live.body if live else None)}
    listed: dict[str, list[int]] = {}
    for index, member in enumerate(written):
        listed.setdefault(user_of(member), []).append(index)
    planned = {user_of(member) for member in wanted}
    untouched: list[TreeObject] = [{"userId": user} for user in members if user not in planned]
    return tuple(
        _seat(member, members.get(user_of(member)), _next(listed, user_of(member)))
        for member in (*wanted, *untouched)
    )


def _next(listed: Mapping[str, list[int]], user: str) -> int | None:
    """The user's next place in the manifest: one who is listed twice has two."""
    return listed[user].pop(0) if listed.get(user) else None


def _seat(wanted: TreeObject, live: TreeObject | None, index: int | None) -> Seat:
    routing_before = _text(live.get("routingType")) if live else None
    before, weight = number(live.get("weight")) if live else None, number(wanted.get("weight"))
    return Seat(
        user_id=user_of(wanted),
        before=before,
        after=(before or 0.0) if weight is None else weight,
        routing_before=routing_before,
        routing_after=_text(wanted.get("routingType")) or routing_before,
        index=index,
        planned=weight is not None,
    )


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

    Weights that fit stay as they are. Decimals, so that what people write (0.1) is what is divided. They are
    rounded down, and a float is off by a 2**-53rd part at most: the floats' exact sum rounds to 1.0 at most.
    """
    if fsum((*weights, *others)) <= LIMIT + TOLERANCE:
        return tuple(weights)
    left = max(Decimal(0), Decimal(1) - sum(map(_decimal, others), Decimal(0)))
    total = sum(map(_decimal, weights), Decimal(0)) or Decimal(1)
    scaled = ((_decimal(weight) * left / total).quantize(GRAIN, ROUND_DOWN) for weight in weights)
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
