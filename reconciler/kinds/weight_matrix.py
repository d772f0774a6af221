"""WeightMatrix: the weights of a queue's members and its overflow settings (platform-api.md, section 6).

A matrix owns settings of its queue, never the queue: it is found by `queueId`, never created, never deleted.
It is applied whole: every step has an undo, and decreases go before increases, so that the scores sum to no
more than 1.0 after each step, and also after each undo.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import Annotated, Literal
from urllib.parse import quote, unquote

from pydantic import Field

from reconciler.kinds.base import Endpoint, Kind, Owns
from reconciler.kinds.fields import As, Combine, Immutable, Local, Names, Scope, SpecModel, Text
from reconciler.kinds.queues import ALL_QUEUES, QUEUES, find_queue, listed_queues, queue_read, queue_reads
from reconciler.kinds.weight_checks import SATURATION_LIMIT, judge, skill_reads
from reconciler.kinds.weight_tables import applied_report, planned_report
from reconciler.kinds.weights import (
    ACTIVE,
    LIMIT,
    TOLERANCE,
    Seat,
    elements,
    number,
    plain,
    scale_to_fit,
    seats,
    total_weight,
    unlisted,
    user_of,
)
from reconciler.model.change import Action, Change, Check, Desired, LiveObject, Report
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.remote import (
    Facts,
    Lock,
    Pending,
    Read,
    Request,
    Settled,
    Step,
    Verdict,
    Wait,
    listing,
)
from reconciler.model.resource import Resource
from reconciler.model.state import PriorEntry
from reconciler.model.values import JsonObject, JsonValue, Lookup, TreeObject

MEMBERS = re.compile(re.escape(QUEUES) + r"/([^/]+)/members")
KEY_HEADER = "X-Genesys-Idempotency-Key"
SENT_AS = {"overflowThreshold": "utilizationThreshold", "wrapUpTimeout": "wrapUpTimeout"}
"""Settings by their names in `spec`, and in the queue."""
QUEUE_FACTS = ("version", "name", "routingStrategies", "skills", "language")
"""What is worth knowing of a queue besides its settings; figures of the moment are not."""
REREAD_EVERY_S = 1.0
REREAD_DEADLINE_S = 15.0

Share = Annotated[float, Field(ge=0, le=1)]
RoutingType = Literal["Manual", "Automatic"]


class WeightSpec(SpecModel):
    """One member's weight."""

    user_id: Annotated[Text, Names("User")]
    weight: Share
    routing_type: RoutingType | None = None


class WeightMatrixSpec(SpecModel):
    """The weights of a queue's members, and what they are checked against."""

    queue_id: Annotated[Text, Names("Queue"), Scope(), Immutable()]
    members: Annotated[list[WeightSpec], As(Combine.ADDITIVE, "userId")]
    members_mode: Annotated[Literal["additive", "authoritative"], Local()] = "additive"
    overflow_threshold: Share | None = None
    wrap_up_timeout: Annotated[int, Field(ge=0)] | None = None
    strategy: Annotated[Text | None, Local()] = None
    utilization_target: Annotated[Share | None, Local()] = None
    projected_load: Annotated[float | None, Field(ge=0), Local()] = None
    saturation_limit: Annotated[float, Field(gt=0), Local()] = SATURATION_LIMIT
    normalize: Annotated[bool, Local()] = False


class WeightMatrix(Kind[WeightMatrixSpec]):
    """Routing weights; `queueId` is natural key and remote id in one."""

    name = "WeightMatrix"
    spec = WeightMatrixSpec
    endpoint = Endpoint(
        collection=QUEUES,
        natural_key=("queueId",),
        read_scope="routing:queue:read",
        write_scope="routing:queue:write",
        update="PATCH",
        key_header=KEY_HEADER,
        owns=Owns.SETTINGS,
    )

    def rules(self, resource: Resource, spec: WeightMatrixSpec) -> Iterable[Diagnostic]:
        """The listed weights fit into 1.0, and nobody is listed twice."""
        total = fsum(member.weight for member in spec.members)
        if total > LIMIT + TOLERANCE and not spec.normalize:
            yield resource.diagnostic(
                "weightmatrix.sum",
                f"the weights sum to {plain(total)}, at most {plain(LIMIT)} is allowed",
                path="/spec/members",
                hint="lower them, or let `normalize: true` scale them down",
            )
        yield from _duplicates(resource, [member.user_id for member in spec.members])

    def known_id(self, document: TreeObject) -> str | None:
        """The queue's id."""
        return self.natural_key(document)

    # -- reading -----------------------------------------------------------------------------------------

    def reads(
        self, resources: Sequence[Resource], prior: Sequence[PriorEntry], facts: Facts
    ) -> Iterable[Read]:
        """The queues of all matrices at once, and the members of each; a matrix cannot do without them."""
        found = {self.natural_key(resource.spec) for resource in resources}
        queue_ids = sorted({key for key in found if key} | {entry.remote_id for entry in prior})
        yield from (replace(read, optional=False) for read in queue_reads(queue_ids, facts))
        yield from map(members_read, queue_ids)

    def item_reads(self, remote_id: str, scope: Mapping[str, str]) -> tuple[Read, ...]:
        """The queue and its members."""
        return (replace(queue_read(remote_id), optional=False), members_read(remote_id))

    def live(self, facts: Facts) -> Iterable[LiveObject]:
        """Each queue whose members were read."""
        listed = {queue.get("id"): queue for queue in listed_queues(facts)}
        for read in facts:
            if match := MEMBERS.fullmatch(read.path):
                queue_id, members = unquote(match[1]), facts.entities(read)
                known = queue_read(queue_id) in facts
                queue = find_queue(queue_id, facts) if known else listed.get(queue_id)
                if queue is not None and members is not None:
                    yield self.live_object({**queue, "members": members}, {})

    def live_object(self, body: JsonObject, scope: Mapping[str, str]) -> LiveObject:
        """A queue, with its members under `members`, in the shape of `spec`."""
        listed = body.get("members")
        members = {
            _user_id(member): member
            for member in (listed if isinstance(listed, list | tuple) else ())
            if isinstance(member, Mapping)
        }
        queue_id = str(body.get("id"))
        settings = {name: body[sent] for name, sent in SENT_AS.items() if sent in body}
        weights = [_weight(user, members[user]) for user in sorted(members)]
        people: JsonObject = {user: _person(member) for user, member in members.items()}
        return LiveObject(
            remote_id=queue_id,
            body={"queueId": queue_id, "members": weights, **settings},
            server={**{name: body[name] for name in QUEUE_FACTS if name in body}, "members": people},
        )

    def surveys(self, facts: Facts) -> Iterable[Read]:
        """All queues, and the members of each."""
        yield ALL_QUEUES
        for queue in facts.entities(ALL_QUEUES) or ():
            yield members_read(str(queue["id"]))

    def manifest(self, live: LiveObject) -> TreeObject | None:
        """The weights of a queue that has members; a routing type that nobody can ask for is left out."""
        found = super().manifest(live)
        members = [_sayable(member) for member in elements(found or {})]
        return {**found, "members": members} if found is not None and members else None

    # -- planning ----------------------------------------------------------------------------------------

    def desired(self, resource: Resource, live: LiveObject | None, facts: Facts) -> Desired:
        """The listed weights, scaled where `normalize` asks for it; in authoritative mode the others at 0."""
        document, notes = resource.spec, list[str]()
        others = unlisted(document, live)
        is_authoritative = document.get("membersMode") == "authoritative"
        if document.get("normalize") is True:
            kept = () if is_authoritative else others
            scaled = _normalised(document, kept)
            notes += _scaling_notes(document, scaled)
            document = scaled
        if is_authoritative:
            silenced: list[TreeObject] = [{"userId": user_of(member), "weight": 0.0} for member in others]
            document = {**document, "members": [*elements(document), *silenced]}
            notes += _silencing_notes(others)
        return Desired(document, tuple(notes))

    def check_reads(self, change: Change, facts: Facts) -> Iterable[Read]:
        """The names of skills, where one is not covered."""
        return skill_reads(change)

    def checks(self, change: Change, facts: Facts) -> Iterable[Check]:
        """Sum, members, saturation, skills, strategy and utilization of the queue as it will be."""
        return judge(change, facts)

    def steps(self, change: Change, live: LiveObject | None) -> tuple[Step, ...]:
        """Settings first, then decreases, then increases; the last one reads the queue again."""
        if change.after is None or live is None or change.action is Action.DELETE:
            return ()
        steps = [*_settings_steps(change.after, live), *_weight_steps(seats(change, live), live.remote_id)]
        return (*steps[:-1], replace(steps[-1], until=_reread(live.remote_id))) if steps else ()

    def report(self, change: Change, facts: Facts, after: LiveObject | None = None) -> Report:
        """The matrix as a table; requested and applied weights with their accuracy for the audit."""
        if change.after is None:
            return Report()
        if after is not None:
            return applied_report(change, after)
        return planned_report(change, change.live) if change.live is not None else Report()


def members_read(queue_id: str) -> Read:
    """Reads all members of a queue."""
    return listing(f"{QUEUES}/{quote(queue_id, safe='')}/members")


@dataclass(frozen=True, slots=True)
class Reread:
    """Settled as soon as queue and members are read: the re-read is what the accuracy is computed from."""

    queue: Read
    members: Read

    def __call__(self, facts: Facts) -> Verdict:
        """Whether both have answered."""
        is_read = facts.one(self.queue) is not None and facts.entities(self.members) is not None
        return Settled() if is_read else Pending("reading the queue again")


def _reread(queue_id: str) -> Wait:
    queue, members = replace(queue_read(queue_id), optional=False), members_read(queue_id)
    return Wait((members, queue), REREAD_EVERY_S, REREAD_DEADLINE_S, Reread(queue, members))


def _duplicates(resource: Resource, users: Sequence[object]) -> Iterable[Diagnostic]:
    """Users that are listed again; equal look-ups are the same user before they are looked up."""
    first: dict[object, int] = {}
    for index, user in enumerate(users):
        if user in first:
            called = user.name if isinstance(user, Lookup) else user
            yield resource.diagnostic(
                "weightmatrix.duplicate-member",
                f"{called} is listed twice, first as member {first[user] + 1}, again as member {index + 1}",
                path=f"/spec/members/{index}/userId",
                hint="keep one of them",
            )
        first.setdefault(user, index)


def _user_id(member: JsonObject) -> str:
    user = member.get("user")
    return str(user.get("id")) if isinstance(user, Mapping) else str(member.get("id"))


def _weight(user_id: str, member: JsonObject) -> dict[str, JsonValue]:
    """A member of the platform's in the shape of `spec`."""
    weight: dict[str, JsonValue] = {"userId": user_id, "weight": number(member.get("score")) or 0.0}
    routing = member.get("routingType")
    return {**weight, "routingType": routing} if isinstance(routing, str) else weight


def _person(member: JsonObject) -> JsonObject:
    user = member.get("user")
    name = user.get("name") if isinstance(user, Mapping) else None
    return {"name": name, "skills": member.get("skills")}


def _sayable(member: TreeObject) -> TreeObject:
    is_known = member.get("routingType") in ACTIVE
    return member if is_known else {name: value for name, value in member.items() if name != "routingType"}


def _normalised(document: TreeObject, others: Sequence[TreeObject]) -> TreeObject:
    listed = elements(document)
    weights = scale_to_fit(_weights(listed), _weights(others))
    return {
        **document,
        "members": [{**one, "weight": weight} for one, weight in zip(listed, weights, strict=True)],
    }


def _weights(members: Sequence[TreeObject]) -> list[float]:
    return [number(member.get("weight")) or 0.0 for member in members]


def _scaling_notes(asked: TreeObject, scaled: TreeObject) -> Iterable[str]:
    before, after = total_weight(elements(asked)), total_weight(elements(scaled))
    if before != after:
        yield f"normalised from a sum of {plain(before)} to {plain(after)}"


def _silencing_notes(others: Sequence[TreeObject]) -> Iterable[str]:
    count = sum(weight > 0 for weight in _weights(others))
    if count:
        yield f"{count} member{'s' if count > 1 else ''} not listed: weight 0 (membersMode: authoritative)"


def _settings_steps(after: TreeObject, live: LiveObject) -> Iterable[Step]:
    """The queue's PATCH, with the settings that move and no others."""
    moved = [name for name in SENT_AS if name in after and after[name] != live.body.get(name)]
    if not moved:
        return
    path = f"{QUEUES}/{quote(live.remote_id, safe='')}"
    was = {SENT_AS[name]: live.body[name] for name in moved if name in live.body}
    yield Step(
        label=f"settings {', '.join(SENT_AS[name] for name in moved)}",
        request=Request("PATCH", path, {SENT_AS[name]: after[name] for name in moved}),
        key_header=KEY_HEADER,
        lock=Lock.IF_MATCH,
        undo=Request("PATCH", path, was) if len(was) == len(moved) else None,
    )


def _weight_steps(everybody: Sequence[Seat], queue_id: str) -> Iterable[Step]:
    """A PATCH for each member that changes. Decreases first: then no sum on the way is over both ends."""
    moving = [seat for seat in everybody if seat.changes]
    order = sorted(moving, key=lambda seat: (seat.after > (seat.before or 0.0), seat.user_id))
    return (_weight_step(seat, queue_id) for seat in order)


def _weight_step(seat: Seat, queue_id: str) -> Step:
    path = f"{QUEUES}/{quote(queue_id, safe='')}/members/{quote(seat.user_id, safe='')}"
    turns = seat.routing_after != seat.routing_before
    label = f"weight of {seat.user_id}: {plain(seat.before or 0.0)} → {plain(seat.after)}"
    return Step(
        label=f"{label}, {seat.routing_after}" if turns else label,
        request=Request("PATCH", path, _member_body(seat, seat.after, seat.routing_after if turns else None)),
        key_header=KEY_HEADER,
        undo=Request("PATCH", path, _undo_body(seat, turns=turns)) if seat.before is not None else None,
    )


def _undo_body(seat: Seat, *, turns: bool) -> JsonObject:
    """The live score, and the live routing type as far as the platform takes it: it refuses `None`."""
    routing = seat.routing_before if turns and seat.routing_before in ACTIVE else None
    return _member_body(seat, seat.before or 0.0, routing)


def _member_body(seat: Seat, score: float, routing_type: str | None) -> JsonObject:
    body: JsonObject = {"user_id": seat.user_id, "score": score}
    return {**body, "routing_type": routing_type} if routing_type else body
