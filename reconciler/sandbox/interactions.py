"""Interaction records: made once, never changed (platform-api.md, section 7)."""

from collections.abc import Iterator

from reconciler.sandbox.calls import CREATE_KEY, Call
from reconciler.sandbox.documents import Document, as_list, as_object, as_text
from reconciler.sandbox.refusals import FieldError, conflict, invalid
from reconciler.sandbox.requests import Answer, Asked, paged, shown
from reconciler.sandbox.shapes import integer, listing, number, one_of, record, require, text, uuid
from reconciler.sandbox.state import OrgState

_SCOPE = "interaction:create"
_INTERACTIONS = "/api/v2/interactions"
_ROUTING = record(
    {"priority": integer(least=1, most=100)},
    {
        "skills": listing(record({"id": text(least=1), "level": number()})),
        "queue": record({"id": text(least=1)}),
    },
)
_PARTICIPANT = record(
    {"id": uuid(), "roles": listing(one_of("initiator", "agent", "customer", "system"), least=1)},
    {"channel": record({"id": text(least=1)})},
)
_SHAPE = record(
    {
        "type": one_of("voice", "chat", "email", "video", "sms"),
        "routing": _ROUTING,
        "participants": listing(_PARTICIPANT, least=1),
        "externalId": text(least=1),
    }
)


def list_interactions(state: OrgState, asked: Asked) -> Answer:
    """Answer the records; `externalId` is an exact filter."""
    filters: Document = {"externalId": asked.query["externalId"]} if "externalId" in asked.query else {}
    return paged(state.collection("interactions").listing(filters), asked.query)


def create_interaction(state: OrgState, asked: Asked) -> Answer:
    """Make a record."""
    body = asked.document()
    require(_SHAPE, body)
    errors = (*_initiator_errors(body), *_target_errors(state, body))
    if errors:
        raise invalid(errors)
    external_id = as_text(body["externalId"])
    if state.collection("interactions").where("externalId", external_id):
        raise conflict("duplicate", f"there is a record of {external_id!r} already", "/externalId")
    return shown(state.create("interactions", body, asked), 201)


def show_interaction(state: OrgState, asked: Asked) -> Answer:
    """Answer one record."""
    return shown(state.found("interactions", asked.params["id"], "interaction"))


CALLS = (
    Call("POST", _INTERACTIONS, _SCOPE, create_interaction, CREATE_KEY),
    Call("GET", _INTERACTIONS, _SCOPE, list_interactions),
    Call("GET", f"{_INTERACTIONS}/{{id}}", _SCOPE, show_interaction),
)


def _initiator_errors(body: Document) -> Iterator[FieldError]:
    roles = [as_list(as_object(each)["roles"]) for each in as_list(body["participants"])]
    if not any("initiator" in each for each in roles):
        yield FieldError("/participants", "one participant must be the initiator")


def _target_errors(state: OrgState, body: Document) -> Iterator[FieldError]:
    routing = as_object(body["routing"])
    if "queue" in routing and as_text(as_object(routing["queue"])["id"]) not in state.collection("queues"):
        yield FieldError("/routing/queue/id", f"there is no queue {as_object(routing['queue'])['id']}")
    for position, skill in enumerate(as_list(routing.get("skills"))):
        if as_text(as_object(skill)["id"]) not in state.collection("skills"):
            yield FieldError(f"/routing/skills/{position}/id", f"there is no skill {as_object(skill)['id']}")
