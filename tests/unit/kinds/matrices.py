"""Builders of weight matrices and of the queues they are laid over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.kinds.queues import queue_read
from reconciler.kinds.weight_matrix import WeightMatrix, WeightMatrixSpec, members_read
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Check, FieldChange, LiveObject, Origin, Reason
from reconciler.model.diagnostics import Diagnostic, Mark
from reconciler.model.remote import Answer, Facts, Step
from reconciler.model.resource import Resource
from reconciler.model.values import JsonObject, JsonValue, Tree, TreeObject

KIND = WeightMatrix()
QUEUE = "q1"
ADDRESS = Address("WeightMatrix", "support")
PATH = f"/api/v2/routing/queues/{QUEUE}"


def manifest(weights: Mapping[str, float] | Sequence[TreeObject], **members: Tree) -> Resource:
    """A matrix for the queue; weights by user, or members as a manifest writes them."""
    listed: Sequence[TreeObject] = (
        [{"userId": user, "weight": weight} for user, weight in weights.items()]
        if isinstance(weights, Mapping)
        else weights
    )
    spec: TreeObject = {"queueId": QUEUE, "members": list(listed), **members}
    return Resource(ADDRESS, spec, Mark("matrix.yaml", 1))


def problems(resource: Resource) -> list[Diagnostic]:
    """What the offline rules find."""
    return list(KIND.rules(resource, WeightMatrixSpec.model_validate(resource.spec)))


def queue(**members: JsonValue) -> JsonObject:
    """A queue as the platform answers it."""
    return {
        "id": QUEUE,
        "name": "Support",
        "version": 3,
        "utilizationThreshold": 0.8,
        "wrapUpTimeout": 60,
        "routingStrategies": ["longest-available-agent"],
        "skills": [],
        "language": "en-US",
        "agentsAvailable": 4,
        "longestWait": 35,
        **members,
    }


def member(user: str, score: float, routing: str | None = "Automatic", /, **members: JsonValue) -> JsonObject:
    """A member as the platform lists it."""
    found: dict[str, JsonValue] = {"user": {"id": user}, "score": score, "joined": True, "skills": []}
    return {**found, **({} if routing is None else {"routingType": routing}), **members}


def members_of(scores: Mapping[str, float]) -> list[JsonObject]:
    """Automatic members by user."""
    return [member(user, score) for user, score in scores.items()]


def facts_of(members: Sequence[JsonObject], shown: JsonObject | None = None) -> Facts:
    """The queue and its members, as read."""
    return Facts(
        {
            queue_read(QUEUE): Answer(200, shown if shown is not None else queue()),
            members_read(QUEUE): Answer(200, list(members)),
        }
    )


def live_of(facts: Facts) -> LiveObject:
    """The one live object."""
    (found,) = KIND.live(facts)
    return found


def change_of(resource: Resource, facts: Facts, action: Action = Action.UPDATE) -> Change:
    """The update that the manifest asks of the queue; no live object where the facts show none."""
    live = next(iter(KIND.live(facts)), None)
    desired = KIND.desired(resource, live, facts)
    return Change(
        ADDRESS,
        action,
        Reason.NEW,
        remote_id=QUEUE,
        fields=(FieldChange("/members", None, None, Origin.INTENT),),
        after=desired.document,
        notes=desired.notes,
        resource=resource,
        live=live,
    )


def check_of(name: str, resource: Resource, facts: Facts) -> Check:
    """One check's verdict."""
    (found,) = (check for check in KIND.checks(change_of(resource, facts), facts) if check.name == name)
    return found


def steps_of(resource: Resource, facts: Facts) -> tuple[Step, ...]:
    """The steps that carry the manifest out."""
    change = change_of(resource, facts)
    return KIND.steps(change, change.live)


def score_of(body: Tree) -> tuple[str, float]:
    """User and score that a member's PATCH sends."""
    assert isinstance(body, Mapping)
    score = body["score"]
    assert isinstance(score, int | float)
    return str(body["user_id"]), score
