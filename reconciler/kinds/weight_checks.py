"""Whether a queue will work with a weight matrix: judged on the queue as it will be after the apply.

Each check of platform-api.md, section 6, with the numbers it was judged by. A failed check refuses the plan;
one that cannot run fails as "unavailable", since what is not known cannot be vouched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import fsum

from reconciler.kinds.lookups import LOOKUPS
from reconciler.kinds.queues import find_queue, is_queue_known, is_unreadable
from reconciler.kinds.weights import LIMIT, TOLERANCE, Seat, number, plain, seats
from reconciler.model.change import Change, Check, CheckStatus, LiveObject
from reconciler.model.remote import Facts, Read, listing
from reconciler.model.values import JsonObject, JsonValue, TreeObject

SATURATION_LIMIT = 0.95
"""Load over capacity above which a queue is refused, where the manifest sets no limit of its own."""
UNAVAILABLE: JsonObject = {"reason": "unavailable"}
USERS = LOOKUPS["User"]
ALL_SKILLS = listing(LOOKUPS["Skill"].path, optional=True)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The queue as it will be.

    Args:
        after: the matrix's document.
        live: the queue as it is.
        seats: everybody concerned, listed ones first.
    """

    change: Change
    after: TreeObject
    live: LiveObject
    seats: tuple[Seat, ...]

    @property
    def active_agents(self) -> int:
        """Members who will take interactions."""
        return sum(seat.is_active for seat in self.seats)

    @property
    def threshold(self) -> float | None:
        """The utilization threshold in force after the apply; None when the org does not say."""
        wanted = number(self.after.get("overflowThreshold"))
        return wanted if wanted is not None else number(self.live.body.get("overflowThreshold"))

    def check(
        self, name: str, status: CheckStatus, message: str, data: JsonObject, *, path: str = "/members"
    ) -> Check:
        """A verdict; `path` is a pointer inside `spec`."""
        return Check(f"weights.{name}", self.change.address, status, message, data, f"/spec{path}")

    def unavailable(self, name: str, what: str, *, path: str = "/members") -> Check:
        """The verdict of a check that lacks a fact."""
        return self.check(name, CheckStatus.FAIL, f"cannot be judged: {what}", UNAVAILABLE, path=path)


def judge(change: Change, facts: Facts) -> Iterator[Check]:
    """All checks of a change that writes weights or settings, or edits what they are judged by."""
    if change.after is None:
        return
    if change.live is None:
        yield _without_queue(change, str(change.after.get("queueId")), facts)
        return
    outlook = Outlook(change, change.after, change.live, seats(change, change.live))
    yield judge_sum(outlook)
    yield judge_members(outlook, facts)
    yield judge_saturation(outlook)
    yield judge_skills(outlook, facts)
    if "strategy" in outlook.after:
        yield judge_strategy(outlook)
    if "utilizationTarget" in outlook.after:
        yield judge_utilization(outlook)


def skill_reads(change: Change) -> Iterable[Read]:
    """The skills' names, once one of them is not covered: people do not know them by their ids."""
    if change.after is not None and change.live is not None:
        outlook = Outlook(change, change.after, change.live, seats(change, change.live))
        if uncovered_skills(outlook):
            yield ALL_SKILLS


def _without_queue(change: Change, queue_id: str, facts: Facts) -> Check:
    """The one verdict where there is no queue to judge."""
    data: JsonObject
    if change.live is not None:
        message = (
            f"the matrix moves from queue {change.live.remote_id} to queue {queue_id}: give it a new name"
        )
        data = {"reason": "moved", "queueId": queue_id}
    elif is_queue_known(queue_id, facts) and not is_unreadable(queue_id, facts):
        message, data = f"queue {queue_id} does not exist", {"reason": "absent", "queueId": queue_id}
        if find_queue(queue_id, facts) is not None:
            message, data = f"the members of queue {queue_id} could not be read", UNAVAILABLE
    else:
        message, data = f"queue {queue_id} could not be read", UNAVAILABLE
    return Check("weights.members", change.address, CheckStatus.FAIL, message, data, "/spec/queueId")


def judge_sum(outlook: Outlook) -> Check:
    """The scores of all members, listed or not, sum to at most 1.0."""
    listed = fsum(seat.after for seat in outlook.seats if seat.planned or seat.index is not None)
    others = fsum(seat.after for seat in outlook.seats if not seat.planned and seat.index is None)
    total = fsum(seat.after for seat in outlook.seats)
    data: JsonObject = {"listed": listed, "unlisted": others, "total": total, "limit": LIMIT}
    left = max(0.0, LIMIT - others)
    if total <= LIMIT + TOLERANCE:
        message = f"the weights sum to {plain(total)}, {plain(max(0.0, LIMIT - total))} is left"
        return outlook.check("sum", CheckStatus.PASS, message, data)
    message = (
        f"the listed weights sum to {plain(listed)}, but members that are not listed hold {plain(others)}: "
        f"{plain(left)} is left; lower the weights, or set `normalize: true` or `membersMode: authoritative`"
        if others
        else f"the weights sum to {plain(listed)}, at most {plain(left)} is allowed"
    )
    return outlook.check("sum", CheckStatus.FAIL, message, data)


def judge_members(outlook: Outlook, facts: Facts) -> Check:
    """Every listed user is a member of the queue, and is listed once."""
    listed = [seat for seat in outlook.seats if seat.index is not None]
    missing = [seat for seat in listed if seat.before is None]
    first = {seat.user_id: seat for seat in reversed(listed)}
    repeated = [seat for seat in listed if first[seat.user_id] is not seat]
    data: JsonObject = {
        "listed": len(listed),
        "missing": [{"userId": seat.user_id, "path": _path(seat)} for seat in missing],
        "repeated": [{"userId": seat.user_id, "path": _path(seat)} for seat in repeated],
    }
    if not (missing or repeated):
        return outlook.check("members", CheckStatus.PASS, "every listed user is a member of the queue", data)
    faults = [f"{_called(facts, seat)} is no member of the queue ({_path(seat)})" for seat in missing]
    faults += [
        f"{_called(facts, seat)} is listed twice ({_path(first[seat.user_id])} and {_path(seat)})"
        for seat in repeated
    ]
    path = f"/members/{(missing or repeated)[0].index}/userId"
    return outlook.check("members", CheckStatus.FAIL, "; ".join(faults), data, path=path)


def _path(seat: Seat) -> str:
    return f"/spec/members/{seat.index}/userId"


def _called(facts: Facts, seat: Seat) -> str:
    """The user by the e-mail that was looked up, if one was: it says more than the id it stands for."""
    user = facts.find(USERS.path, "id", seat.user_id)
    return f"{user.get(USERS.member)} ({seat.user_id})" if user else seat.user_id


def judge_saturation(outlook: Outlook) -> Check:
    """The load over (active agents × utilization threshold) is at most the limit."""
    load = number(outlook.after.get("projectedLoad"))
    limit = number(outlook.after.get("saturationLimit"))
    limit = SATURATION_LIMIT if limit is None else limit
    agents, threshold = outlook.active_agents, outlook.threshold
    capacity = None if threshold is None else agents * threshold
    ratio = load / capacity if load is not None and capacity else None
    data: JsonObject = {
        "activeAgents": agents,
        "totalCapacity": capacity,
        "projectedLoad": load,
        "saturationRatio": ratio,
        "limit": limit,
    }
    if load is None:
        return outlook.check("saturation", CheckStatus.PASS, "no load given", data, path="/projectedLoad")
    if threshold is None:
        return outlook.unavailable("saturation", "the queue says no utilizationThreshold")
    status, message = _saturation_verdict(load, ratio, limit, agents=agents, threshold=threshold)
    return outlook.check("saturation", status, message, data, path="/projectedLoad")


def _saturation_verdict(
    load: float, ratio: float | None, limit: float, *, agents: int, threshold: float
) -> tuple[CheckStatus, str]:
    if agents == 0:
        return CheckStatus.FAIL, f"no active agent would carry a load of {plain(load)}"
    sum_ = f"a load of {plain(load)} on {agents} active agents × {plain(threshold)}"
    if ratio is None:
        status = CheckStatus.FAIL if load else CheckStatus.PASS
        return status, f"{sum_}: there is no capacity"
    if ratio > limit + TOLERANCE:
        return CheckStatus.FAIL, f"{sum_} is a saturation of {plain(ratio)}, over the limit of {plain(limit)}"
    return CheckStatus.PASS, f"{sum_} is a saturation of {plain(ratio)}, the limit is {plain(limit)}"


def judge_skills(outlook: Outlook, facts: Facts) -> Check:
    """Every skill that the queue requires is held by a member with a weight above 0."""
    required = _texts(outlook.live.server.get("skills"))
    if required is None:
        return outlook.unavailable("skills", "the queue does not say which skills it requires")
    uncovered = uncovered_skills(outlook)
    names = {skill.get("id"): str(skill.get("name")) for skill in facts.entities(ALL_SKILLS) or ()}
    called = [names.get(skill, skill) for skill in uncovered]
    data: JsonObject = {"required": list(required), "uncovered": list(uncovered)}
    if not uncovered:
        message = f"all {len(required)} required skills are covered" if required else "no skill is required"
        return outlook.check("skills", CheckStatus.PASS, message, data)
    if unknown := [seat.user_id for seat in _weighted(outlook) if _skills_of(outlook, seat) is None]:
        return outlook.unavailable("skills", f"the skills of {', '.join(unknown)} are not told")
    message = f"no member with a weight above 0 has {', '.join(called)}, which the queue requires"
    return outlook.check("skills", CheckStatus.FAIL, message, data)


def uncovered_skills(outlook: Outlook) -> tuple[str, ...]:
    """The ids of required skills that nobody with a weight will have."""
    held = {skill for seat in _weighted(outlook) for skill in _skills_of(outlook, seat) or ()}
    return tuple(skill for skill in _texts(outlook.live.server.get("skills")) or () if skill not in held)


def _weighted(outlook: Outlook) -> list[Seat]:
    return [seat for seat in outlook.seats if seat.after > 0 and seat.before is not None]


def _skills_of(outlook: Outlook, seat: Seat) -> tuple[str, ...] | None:
    return _texts(person(outlook.live, seat.user_id).get("skills"))


def person(live: LiveObject, user_id: str) -> JsonObject:
    """What the members' listing says of a user besides the weight."""
    people = live.server.get("members")
    found = people.get(user_id) if isinstance(people, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _texts(value: JsonValue) -> tuple[str, ...] | None:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else None


def judge_strategy(outlook: Outlook) -> Check:
    """The strategy is one of the queue's."""
    wanted, known = str(outlook.after.get("strategy")), _texts(outlook.live.server.get("routingStrategies"))
    if known is None:
        return outlook.unavailable("strategy", "the queue does not say its strategies", path="/strategy")
    data: JsonObject = {"strategy": wanted, "routingStrategies": list(known)}
    if wanted in known:
        return outlook.check(
            "strategy", CheckStatus.PASS, f"the queue routes by {wanted}", data, path="/strategy"
        )
    message = f"the queue has no strategy {wanted}; it has {', '.join(known) or 'none'}"
    return outlook.check("strategy", CheckStatus.FAIL, message, data, path="/strategy")


def judge_utilization(outlook: Outlook) -> Check:
    """Load ÷ agents above the target is a warning: the queue works, but people have no slack."""
    load, target = number(outlook.after.get("projectedLoad")), number(outlook.after.get("utilizationTarget"))
    agents, path = outlook.active_agents, "/utilizationTarget"
    utilization = load / agents if load is not None and agents else None
    data: JsonObject = {
        "activeAgents": agents,
        "projectedLoad": load,
        "utilization": utilization,
        "utilizationTarget": target,
    }
    if load is None or target is None:
        return outlook.check("utilization", CheckStatus.PASS, "no load given", data, path=path)
    if utilization is None:
        return outlook.check("utilization", CheckStatus.WARN, "there is no active agent", data, path=path)
    shown = f"a load of {plain(load)} on {agents} active agents is {plain(utilization)} each"
    if utilization > target + TOLERANCE:
        message = f"{shown}, above the target of {plain(target)}"
        return outlook.check("utilization", CheckStatus.WARN, message, data, path=path)
    return outlook.check(
        "utilization", CheckStatus.PASS, f"{shown}, the target is {plain(target)}", data, path=path
    )
