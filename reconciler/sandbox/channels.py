"""Web messaging channels: engagement configurations that become active some time after each change.

The rules are those of platform-api.md, section 5.
"""

from reconciler.sandbox.calls import CREATE_KEY, Call
from reconciler.sandbox.documents import Document, as_object, as_text
from reconciler.sandbox.refusals import invalid_field
from reconciler.sandbox.requests import Answer, Asked, paged, shown
from reconciler.sandbox.shapes import boolean, listing, one_of, record, require, text, uuid
from reconciler.sandbox.state import OrgState, require_body_version, require_lock, writable

_READ = "webchat:config:read"
_WRITE = "webchat:config:write"
_CHANNELS = "/api/v2/wi/engagements/configurations"
_CHANNEL = f"{_CHANNELS}/{{id}}"
_READ_ONLY = ("status", "statusReason")

_COLOUR = text(pattern=r"#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", like="a colour such as #0a7 or #00AA77")
_TIME = text(pattern=r"([01][0-9]|2[0-3]):[0-5][0-9]", like="a time such as 08:30")
_LANGUAGE = text(
    pattern=r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{5,8})*",
    like="a language tag such as en-US",
)
_SCHEDULE = record(
    {
        "name": text(least=1),
        "days": listing(one_of("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"), least=1),
        "from": _TIME,
        "to": _TIME,
    }
)
_REQUIRED = {
    "name": text(least=1, most=100),
    "description": text(least=1, most=500),
    "defaultLanguage": _LANGUAGE,
    "routingTarget": record({"type": one_of("queue"), "id": uuid()}),
    "widget": record(
        {"appearance": record({"primaryColor": _COLOUR, "secondaryColor": _COLOUR})},
        {"conversationStart": record({}, {"enabled": boolean()})},
    ),
}
_OPTIONAL = {
    "availability": record(
        {},
        {
            "default": record({}, {"status": one_of("available", "unavailable")}),
            "schedules": listing(_SCHEDULE),
        },
    )
}
_WHOLE = record(_REQUIRED, _OPTIONAL)
_PART = record({}, {**_REQUIRED, **_OPTIONAL})


def list_channels(state: OrgState, asked: Asked) -> Answer:
    """Answer the channels."""
    return paged(state.collection("channels").listing({}), asked.query)


def create_channel(state: OrgState, asked: Asked) -> Answer:
    """Create a channel; it is pending until it was activated."""
    body = asked.document()
    require(_WHOLE, body)
    _require_queue(state, body)
    state.require_unique("channels", as_text(body["name"]))
    entry = state.create("channels", {**body, "status": "pending"}, asked)
    _start_activation(state, as_text(entry.document["id"]), asked)
    return shown(entry, 201)


def show_channel(state: OrgState, asked: Asked) -> Answer:
    """Answer one channel."""
    return shown(state.found("channels", asked.params["id"], "configuration"))


def change_channel(state: OrgState, asked: Asked) -> Answer:
    """Replace the top-level members that the body has; the channel is activated again."""
    old = state.found("channels", asked.params["id"], "configuration").document
    told = asked.document()
    require_lock(asked, old)
    require_body_version(told, old)
    body = writable(told, _READ_ONLY)
    require(_PART, body)
    _require_queue(state, body)
    channel_id = as_text(old["id"])
    if "name" in body:
        state.require_unique("channels", as_text(body["name"]), own_id=channel_id)
    kept = {name: value for name, value in old.items() if name != "statusReason"}
    entry = state.replace("channels", old, {**kept, **body, "status": "pending"}, asked)
    _start_activation(state, channel_id, asked)
    return shown(entry)


def delete_channel(state: OrgState, asked: Asked) -> Answer:
    """Delete a channel."""
    document = state.found("channels", asked.params["id"], "configuration").document
    require_lock(asked, document)
    state.settling.cancel("channels", as_text(document["id"]))
    state.collection("channels").remove(as_text(document["id"]))
    return Answer(204)


CALLS = (
    Call("GET", _CHANNELS, _READ, list_channels),
    Call("POST", _CHANNELS, _WRITE, create_channel, CREATE_KEY),
    Call("GET", _CHANNEL, _READ, show_channel),
    Call("PUT", _CHANNEL, _WRITE, change_channel),
    Call("DELETE", _CHANNEL, _WRITE, delete_channel),
)


def _require_queue(state: OrgState, body: Document) -> None:
    if "routingTarget" not in body:
        return
    queue_id = as_object(body["routingTarget"])["id"]
    if as_text(queue_id) not in state.collection("queues"):
        raise invalid_field("/routingTarget/id", f"there is no queue {queue_id}")


def _start_activation(state: OrgState, channel_id: str, asked: Asked) -> None:
    state.settling.cancel("channels", channel_id)
    asked_for = None if asked.fault is None else asked.fault.activation
    if asked_for == "hang":
        return
    outcome: Document = {"status": "active"}
    if asked_for == "fail":
        reason = (
            asked.fault.message if asked.fault is not None else None
        ) or "the platform rejected the configuration"
        outcome = {"status": "failed", "statusReason": reason}
    state.settling.schedule("channels", channel_id, outcome, after_s=state.options.activation_s)
