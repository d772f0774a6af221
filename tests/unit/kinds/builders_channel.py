"""Builders of channels, of changes to them, and of the queues behind them."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ValidationError

from reconciler.kinds.channel import Channel
from reconciler.kinds.channel_spec import ChannelSpec
from reconciler.kinds.queues import queue_read
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Check, FieldChange, LiveObject, Origin, Reason
from reconciler.model.diagnostics import Diagnostic, Mark
from reconciler.model.remote import Answer, Facts
from reconciler.model.resource import Resource
from reconciler.model.values import JsonObject, JsonValue, Tree, TreeObject

KIND = Channel()
ADDRESS = Address("Channel", "web")
PATH = "/api/v2/wi/engagements/configurations"
PRIMARY = "5f5e5e5e-5e5e-4e5e-8e5e-5e5e5e5e5e01"
SECONDARY = "5f5e5e5e-5e5e-4e5e-8e5e-5e5e5e5e5e02"
TO_QUEUE: TreeObject = {"queueId": SECONDARY}
TO_OFFLINE: TreeObject = {"offline": True}
COLOURS: JsonObject = {"primaryColor": "#007BFF", "secondaryColor": "#F8F9FA"}


def channel(**members: Tree) -> TreeObject:
    """A spec that breaks no rule; a member given as None is left out."""
    spec: dict[str, Tree] = {
        "name": "Web",
        "description": "Messages from the web site",
        "defaultLanguage": "en-US",
        "routingTarget": target(PRIMARY),
        "widget": {"appearance": COLOURS},
        **members,
    }
    return {name: value for name, value in spec.items() if value is not None}


def target(queue_id: Tree) -> TreeObject:
    """A routing target."""
    return {"type": "queue", "id": queue_id}


def schedule(**members: JsonValue) -> JsonObject:
    """The member `availability`, with one window."""
    window = {"name": "Day", "days": ["MON", "TUE"], "from": "08:30", "to": "18:00", **members}
    return {"schedules": [{name: value for name, value in window.items() if value is not None}]}


def status(word: str) -> TreeObject:
    """The member `availability`, with a default."""
    return {"default": {"status": word}}


def resource_of(spec: TreeObject) -> Resource:
    """A manifest."""
    return Resource(ADDRESS, spec, Mark("channels.yaml", 1))


def problems(spec: TreeObject) -> list[Diagnostic]:
    """What the offline rules find."""
    return list(KIND.rules(resource_of(spec), ChannelSpec.model_validate(spec)))


def refused_places(spec: TreeObject) -> list[str]:
    """Where the spec model refuses a document; nowhere where it takes it."""
    try:
        ChannelSpec.model_validate(spec)
    except ValidationError as error:
        return ["/".join(str(part) for part in found["loc"]) for found in error.errors()]
    return []


def live_of(spec: TreeObject, **server: JsonValue) -> LiveObject:
    """The channel as the org answers it."""
    body = {name: value for name, value in spec.items() if name not in ("fallback", "activation")}
    answer = {**body, "id": "c-1", "version": 3, "status": "active", **server}
    return KIND.live_object(answer, {})  # type: ignore[arg-type]


def queue(queue_id: str = PRIMARY, **members: JsonValue) -> JsonObject:
    """A queue that is well staffed, as the platform answers it."""
    return {
        "id": queue_id,
        "name": "Support" if queue_id == PRIMARY else "Overflow",
        "routingStrategies": ["longest-available-agent"],
        "skills": ["s-1", "s-2"],
        "language": "en-US",
        "agentsAvailable": 5,
        "longestWait": 10,
        **members,
    }


def facts_of(*queues: JsonObject, absent: tuple[str, ...] = (), unreadable: tuple[str, ...] = ()) -> Facts:
    """Queues as read one by one."""
    answers = {queue_read(str(found["id"])): Answer(200, found) for found in queues}
    answers |= {queue_read(queue_id): Answer(404) for queue_id in absent}
    answers |= {queue_read(queue_id): Answer(503, problem="503 after 5 tries") for queue_id in unreadable}
    return Facts(answers)


def both(primary: JsonObject | None = None, secondary: JsonObject | None = None) -> Facts:
    """The channel's queue and its fallback queue."""
    return facts_of(primary or queue(), secondary or queue(SECONDARY))


def creation(spec: TreeObject) -> Change:
    """A create."""
    return Change(ADDRESS, Action.CREATE, Reason.NEW, after=spec, resource=resource_of(spec))


def update(spec: TreeObject, live: LiveObject, *paths: str) -> Change:
    """An update in which the fields at these places change."""
    fields = tuple(FieldChange(path, None, None, Origin.INTENT) for path in paths)
    changed = creation(spec)
    return replace(changed, action=Action.UPDATE, remote_id=live.remote_id, fields=fields, live=live)


def check_of(name: str, change: Change, facts: Facts) -> Check:
    """One check's verdict."""
    (found,) = (check for check in KIND.checks(change, facts) if check.name == name)
    return found


def standing_of(spec: TreeObject, live: LiveObject | None, facts: Facts) -> Check:
    """The verdict of the one standing check."""
    (found,) = KIND.standing_checks(resource_of(spec), live, facts)
    return found
