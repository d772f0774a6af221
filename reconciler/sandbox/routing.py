"""Queues, their members' weights, and the look-ups of skills and users (platform-api.md, section 6)."""

import math

from reconciler.sandbox.calls import PATCH_KEY, Call
from reconciler.sandbox.collection import Entry
from reconciler.sandbox.documents import Document, JsonValue, as_number, as_object, as_text
from reconciler.sandbox.refusals import FieldError, Refusal, invalid_field, missing
from reconciler.sandbox.requests import Answer, Asked, paged, shown
from reconciler.sandbox.shapes import integer, number, one_of, record, require, text
from reconciler.sandbox.state import OrgState, require_lock

_READ = "routing:queue:read"
_WRITE = "routing:queue:write"
_QUEUES = "/api/v2/routing/queues"
_QUEUE = f"{_QUEUES}/{{queueId}}"
_MEMBERS = f"{_QUEUE}/members"
SUM_LIMIT = 1.0
SUM_TOLERANCE = 1e-9

_SETTINGS = record({}, {"utilizationThreshold": number(least=0, most=1), "wrapUpTimeout": integer(least=0)})
_WEIGHT = record(
    {"user_id": text(least=1), "score": number(least=0, most=1)},
    {"routing_type": one_of("Manual", "Automatic")},
)


def list_queues(state: OrgState, asked: Asked) -> Answer:
    """Answer whole queues; `name` is an exact filter."""
    return _listed(state, asked, "queues", "name")


def list_skills(state: OrgState, asked: Asked) -> Answer:
    """Answer the skills; `name` is an exact filter."""
    return _listed(state, asked, "skills", "name")


def list_users(state: OrgState, asked: Asked) -> Answer:
    """Answer the users; `email` is an exact filter."""
    return _listed(state, asked, "users", "email")


def show_queue(state: OrgState, asked: Asked) -> Answer:
    """Answer one queue."""
    return shown(_queue(state, asked))


def change_queue(state: OrgState, asked: Asked) -> Answer:
    """Change a queue's utilization threshold or wrap-up time-out."""
    old = _queue(state, asked).document
    body = asked.document()
    require_lock(asked, old)
    require(_SETTINGS, body)
    if not body:
        raise invalid_field("", "must have utilizationThreshold or wrapUpTimeout")
    entry = state.replace("queues", old, {**old, **body}, asked)
    state.announce("routing.queue.updated", {"queueId": old["id"], "queue": entry.document})
    return shown(entry)


def list_members(state: OrgState, asked: Asked) -> Answer:
    """Answer the members of a queue."""
    queue_id = _queue(state, asked).document["id"]
    return paged(state.collection("members").listing({"queueId": queue_id}), asked.query)


def change_member(state: OrgState, asked: Asked) -> Answer:
    """Change a member's weight, and its routing type where the body says one.

    Members have no version of their own: `If-Match` names the queue's, which this call does not raise.
    """
    queue = _queue(state, asked).document
    queue_id, user_id = as_text(queue["id"]), asked.params["userId"]
    member_id = f"{queue_id}/{user_id}"
    if member_id not in state.collection("members"):
        raise missing(f"member {user_id} of queue {queue_id}")
    body = asked.document()
    require_lock(asked, queue)
    require(_WEIGHT, body)
    if body["user_id"] != user_id:
        raise invalid_field("/user_id", f"must be the user of the path, {user_id}, not {body['user_id']}")
    _require_sum(state, queue_id, user_id, as_number(body["score"]))
    changes: Document = {"score": body["score"]}
    if "routing_type" in body:
        changes["routingType"] = body["routing_type"]
    member = state.collection("members").alter(member_id, changes)
    state.announce("routing.queueMember.updated", {"queueId": queue_id, "userId": user_id, **changes})
    if state.options.member_answer == 204:
        return Answer(204)
    return shown(state.found("members", member_id, f"member {member['user']}"), state.options.member_answer)


CALLS = (
    Call("GET", _QUEUES, _READ, list_queues),
    Call("GET", _QUEUE, _READ, show_queue),
    Call("PATCH", _QUEUE, _WRITE, change_queue, PATCH_KEY),
    Call("GET", _MEMBERS, _READ, list_members),
    Call("PATCH", f"{_MEMBERS}/{{userId}}", _WRITE, change_member, PATCH_KEY),
    Call("GET", "/api/v2/routing/skills", _READ, list_skills),
    Call("GET", "/api/v2/users", _READ, list_users),
)


def _listed(state: OrgState, asked: Asked, collection: str, filter_name: str) -> Answer:
    filters: dict[str, JsonValue] = {}
    if filter_name in asked.query:
        filters[filter_name] = asked.query[filter_name]
    return paged(state.collection(collection).listing(filters), asked.query)


def _queue(state: OrgState, asked: Asked) -> Entry:
    return state.found("queues", asked.params["queueId"], "queue")


def _require_sum(state: OrgState, queue_id: str, user_id: str, score: float) -> None:
    """Refuse a score after which the scores of the queue sum to over 1.0; decreases go before increases."""
    others = [
        as_number(entry.document["score"])
        for entry in state.collection("members").where("queueId", queue_id)
        if as_object(entry.document["user"])["id"] != user_id
    ]
    total = math.fsum([*others, score])
    if total > SUM_LIMIT + SUM_TOLERANCE:
        message = f"the scores of the queue would sum to {total:.6g}, at most {SUM_LIMIT} is allowed"
        raise Refusal(400, "weights.sum", message, errors=[FieldError("/score", message)])
