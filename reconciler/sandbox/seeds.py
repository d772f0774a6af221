"""The small contact centre that a new org starts with.

The ids are made from the names, so that they are the same in every sandbox; the org's own id is not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from reconciler.sandbox.clock import written
from reconciler.sandbox.documents import Document, JsonValue

_NAMESPACE = UUID("6f1b7c1e-3f0a-4a53-9a7c-0d5c1e5b2a10")
_DAY_S = 86_400.0

DASHBOARDS = ("Support Overview", "Sales Overview", "Wallboard")
SKILLS = ("English", "German", "French", "Billing", "Technical", "Sales", "Escalation")
USERS: Mapping[str, tuple[str, ...]] = {
    "Ada Ahmed": ("English", "Technical", "Billing"),
    "Ben Bauer": ("English", "German", "Technical"),
    "Chloe Costa": ("English", "French", "Technical"),
    "Dan Diaz": ("English", "Technical", "Escalation"),
    "Eva Engel": ("English", "German", "Technical", "Billing"),
    "Finn Fischer": ("English", "Technical"),
    "Gina Garcia": ("English", "Sales"),
    "Hugo Haas": ("English", "German", "Sales"),
    "Ines Ito": ("English", "Sales", "Billing"),
    "Jon Jansen": ("English", "Sales"),
    "Kira Klein": ("English", "German", "Billing"),
    "Leo Laurent": ("English", "French", "Billing"),
}


@dataclass(frozen=True, slots=True)
class _Member:
    user: str
    score: float
    routing_type: Literal["Manual", "Automatic", "None"] = "Automatic"


@dataclass(frozen=True, slots=True)
class _Queue:
    name: str
    skills: tuple[str, ...]
    members: tuple[_Member, ...]
    agents_available: int
    longest_wait_s: int
    conversations: int
    strategies: tuple[str, ...] = ("longestIdle", "skillsBased")
    language: str = "en-US"
    utilization_threshold: float = 0.8
    wrap_up_s: int = 60


QUEUES = (
    _Queue(
        "Support",
        ("English", "Technical"),
        (
            _Member("Ada Ahmed", 0.1),
            _Member("Ben Bauer", 0.1),
            _Member("Chloe Costa", 0.1),
            _Member("Dan Diaz", 0.1, "Manual"),
            _Member("Eva Engel", 0.1, "Manual"),
            _Member("Finn Fischer", 0.1),
        ),
        agents_available=4,
        longest_wait_s=35,
        conversations=48,
    ),
    _Queue(
        "Support Overflow",
        ("English", "Technical", "Billing"),
        (_Member("Ada Ahmed", 0.25), _Member("Eva Engel", 0.25), _Member("Dan Diaz", 0.2, "Manual")),
        agents_available=3,
        longest_wait_s=10,
        conversations=12,
    ),
    _Queue(
        "Sales",
        ("English", "Sales"),
        (
            _Member("Gina Garcia", 0.2),
            _Member("Hugo Haas", 0.2),
            _Member("Ines Ito", 0.2),
            _Member("Jon Jansen", 0.2, "Manual"),
        ),
        agents_available=3,
        longest_wait_s=20,
        conversations=30,
    ),
    _Queue(
        "Sales Overflow",
        ("English", "Sales", "Billing"),
        (_Member("Ines Ito", 0.3), _Member("Gina Garcia", 0.3)),
        agents_available=2,
        longest_wait_s=5,
        conversations=8,
    ),
    _Queue(
        "Billing",
        ("English", "Billing"),
        (
            _Member("Kira Klein", 0.3),
            _Member("Leo Laurent", 0.3),
            _Member("Ada Ahmed", 0.2, "Manual"),
            _Member("Ines Ito", 0.1, "None"),
        ),
        agents_available=2,
        longest_wait_s=60,
        conversations=20,
    ),
    # Nothing can be routed to it: a channel that points here must be refused by its checks.
    _Queue("Night", ("English",), (_Member("Kira Klein", 0.5),), 1, 0, 0, strategies=()),
    # Nobody is there: a channel that points here must fall back.
    _Queue("Unstaffed", ("English",), (_Member("Leo Laurent", 0.5, "None"),), 0, 600, 3),
)


def seed_id(kind: str, name: str) -> str:
    """Return the id of a seeded object.

    Args:
        kind: `dashboard`, `skill`, `user`, `queue` or `conversation`.
        name: Its name; of a user the full name.
    """
    return str(uuid5(_NAMESPACE, f"{kind}/{name}"))


def seeded_objects(now: float) -> Mapping[str, Mapping[str, Document]]:
    """Return all seeds by collection and id.

    Args:
        now: The org's time, seconds since 1970; the conversations are those of the day before.
    """
    return {
        "dashboards": _by_id(
            _named("dashboard", name, "/api/v2/analytics/dashboards", now) for name in DASHBOARDS
        ),
        "skills": _by_id(_named("skill", name, "/api/v2/routing/skills", now) for name in SKILLS),
        "users": _by_id(_user(name, now) for name in USERS),
        "queues": _by_id(_queue(queue, now) for queue in QUEUES),
        "members": {
            f"{seed_id('queue', queue.name)}/{seed_id('user', member.user)}": _membership(queue, member)
            for queue in QUEUES
            for member in queue.members
        },
        "conversations": {
            str(conversation["contactId"]): conversation
            for queue in QUEUES
            for conversation in _conversations(queue, now)
        },
    }


def _by_id(documents: Iterable[Document]) -> Mapping[str, Document]:
    return {str(document["id"]): document for document in documents}


def _named(kind: str, name: str, path: str, now: float) -> Document:
    object_id = seed_id(kind, name)
    author: dict[str, JsonValue] = {"id": "seed"}
    return {
        "id": object_id,
        "name": name,
        "version": 1,
        "dateCreated": written(now),
        "dateModified": written(now),
        "createdBy": {**author},
        "modifiedBy": {**author},
        "selfUri": f"{path}/{object_id}",
    }


def _user(name: str, now: float) -> Document:
    email = f"{name.lower().replace(' ', '.')}@example.com"
    return {**_named("user", name, "/api/v2/users", now), "email": email, "skills": _skill_ids(USERS[name])}


def _queue(queue: _Queue, now: float) -> Document:
    return {
        **_named("queue", queue.name, "/api/v2/routing/queues", now),
        "utilizationThreshold": queue.utilization_threshold,
        "wrapUpTimeout": queue.wrap_up_s,
        "routingStrategies": list(queue.strategies),
        "skills": _skill_ids(queue.skills),
        "language": queue.language,
        "agentsAvailable": queue.agents_available,
        "longestWait": queue.longest_wait_s,
    }


def _membership(queue: _Queue, member: _Member) -> Document:
    return {
        "queueId": seed_id("queue", queue.name),
        "user": {"id": seed_id("user", member.user), "name": member.user},
        "score": member.score,
        "routingType": member.routing_type,
        "joined": member.routing_type != "None",
        "skills": _skill_ids(USERS[member.user]),
    }


def _skill_ids(names: Sequence[str]) -> list[JsonValue]:
    return [seed_id("skill", name) for name in names]


def _conversations(queue: _Queue, now: float) -> Sequence[Document]:
    """Return a queue's conversations, evenly over the day before; every eighth is abandoned."""
    return [
        _conversation(queue, number, now - _DAY_S * (number + 1) / (queue.conversations + 1))
        for number in range(queue.conversations)
    ]


def _conversation(queue: _Queue, number: int, started_at: float) -> Document:
    is_answered = number % 8 != 7
    wait_s = 10 + number * 7 % 50
    talk_s = 120 + number * 37 % 300 if is_answered else 0
    members = queue.members
    return {
        "contactId": seed_id("conversation", f"{queue.name}/{number}"),
        "queueId": seed_id("queue", queue.name),
        "userId": seed_id("user", members[number % len(members)].user) if is_answered else "",
        "configurationId": "",
        "mediaType": ("voice", "chat", "email")[number % 3],
        "direction": "inbound",
        "language": queue.language,
        "startTimestamp": written(started_at),
        "endTimestamp": written(started_at + wait_s + talk_s),
        "routingData": {"waitSeconds": wait_s, "answered": is_answered},
        "figures": _figures(wait_s, talk_s, is_answered=is_answered),
    }


def _figures(wait_s: int, talk_s: int, *, is_answered: bool) -> Document:
    after_s = 30 if is_answered else 0
    return {
        "handleTime": talk_s + after_s,
        "talkTime": talk_s,
        "waitTime": wait_s,
        "queueTime": wait_s,
        "holdTime": talk_s // 10,
        "afterCallWork": after_s,
        "acwTime": after_s,
        "abandonTime": 0 if is_answered else wait_s,
        "answered": int(is_answered),
        "abandoned": int(not is_answered),
        "handled": int(is_answered),
        "transferred": 0,
        "serviceLevel": 1 if wait_s <= 30 and is_answered else 0,
        "answerRate": int(is_answered),
        "abandonRate": int(not is_answered),
        "occupancy": 0.75,
        "utilization": 0.7,
        "customerSatisfaction": 0.9 if is_answered else 0.4,
    }
