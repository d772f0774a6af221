"""Contact centres of N resources, deterministic: their manifests, and the org that has them already.

Seven tenths are schemas that refer to each other in chains of ten, two tenths widgets on two dashboards, the
rest channels, and from a hundred on two of them are weight matrices of seeded queues. Manifests and org
objects come from the same bodies, so that a plan finds nothing to do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import yaml

from reconciler.sandbox import SandboxOrg, seed_id
from reconciler.sandbox.documents import Document, JsonValue

DASHBOARDS = ("Support Overview", "Sales Overview")
QUEUES = ("Support", "Sales", "Billing")
MATRICES = {"Support": ("Ada Ahmed", "Ben Bauer"), "Sales": ("Gina Garcia", "Hugo Haas")}
DOCUMENTS_A_FILE = 50
CHAIN = 10
WRITTEN = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Member:
    """One resource: how a manifest declares it, and how the org holds it.

    Attributes:
        spec: What the manifest says; ids as look-ups and references.
        collection: The sandbox's collection; empty for settings of an object that the org has anyway.
        live: The object there.
    """

    kind: str
    name: str
    spec: Document
    collection: str
    live: Document


def estate(size: int) -> tuple[Member, ...]:
    """Return the resources of a contact centre, `size` in all."""
    widgets = size // 5
    matrices = len(MATRICES) if size >= 100 else 0
    channels = size // 10 - matrices
    schemas = size - widgets - channels - matrices
    return (
        *(_schema(number) for number in range(schemas)),
        *(_widget(number) for number in range(widgets)),
        *(_channel(number) for number in range(channels)),
        *(_matrix(queue) for queue in tuple(MATRICES)[:matrices]),
    )


def write_manifests(members: Iterable[Member], folder: Path) -> None:
    """Write the manifests, one folder a kind, fifty documents a file."""
    by_kind: dict[str, list[Document]] = {}
    for member in members:
        by_kind.setdefault(member.kind, []).append(_manifest(member))
    for kind, documents in by_kind.items():
        home = folder / kind.lower()
        home.mkdir(parents=True, exist_ok=True)
        for number, start in enumerate(range(0, len(documents), DOCUMENTS_A_FILE)):
            part = documents[start : start + DOCUMENTS_A_FILE]
            with (home / f"{number:04}.yaml").open("w", encoding="utf-8") as stream:
                yaml.dump_all(part, stream, Dumper=yaml.CSafeDumper, sort_keys=False)


def fill_org(org: SandboxOrg, members: Iterable[Member]) -> None:
    """Put the objects into an org, as if somebody had applied them long ago."""
    by_collection: dict[str, list[Document]] = {}
    for member in members:
        if member.collection:
            by_collection.setdefault(member.collection, []).append(member.live)
        else:
            _set_scores(org, member)
    for collection, documents in by_collection.items():
        org.collection(collection).add_all(documents)


def edited(members: Sequence[Member], every: int) -> Iterator[Member]:
    """Yield the members, each `every`th schema with another description."""
    for number, member in enumerate(members):
        if member.kind == "Schema" and number % every == 0:
            changed: Document = {**member.spec, "description": "Edited"}
            yield Member(member.kind, member.name, changed, member.collection, member.live)
        else:
            yield member


def _manifest(member: Member) -> Document:
    return {
        "apiVersion": "reconciler/v1",
        "kind": member.kind,
        "metadata": {"name": member.name, "labels": {"team": "care"}},
        "spec": member.spec,
    }


def _schema(number: int) -> Member:
    name = f"record_{number:06}"
    fields: list[JsonValue] = [
        {"name": "title", "fieldtype": "string", "required": True, "constraints": {"maxLength": 120}},
        {"name": "opened", "fieldtype": "dateTime", "required": True},
        {"name": "priority", "fieldtype": "number", "constraints": {"min": 1, "max": 5}},
        {"name": "state", "fieldtype": "string", "constraints": {"enum": ["open", "waiting", "closed"]}},
    ]
    if number % CHAIN:
        target = f"record_{number - 1:06}"
        fields.append({"name": "parent", "fieldtype": "reference", "constraints": {"referencedType": target}})
    spec: Document = {
        "externalId": name,
        "name": f"Record {number}",
        "description": f"Made-up record {number}",
        "fields": fields,
    }
    live: Document = {**_born(name), **spec, "version": 1, "status": "PUBLISHED", "publishedVersion": 1}
    return Member("Schema", name.replace("_", "-"), spec, "schemas", live)


def _widget(number: int) -> Member:
    name = f"widget-{number:06}"
    dashboard = DASHBOARDS[number % len(DASHBOARDS)]
    queue = QUEUES[number % len(QUEUES)]

    def body(dashboard_id: JsonValue, queue_id: JsonValue) -> Document:
        return {
            "dashboardId": dashboard_id,
            "name": f"Handle time {number}",
            "type": "metric",
            "config": {
                "metrics": [{"name": "handleTime/avg", "type": "numeric"}],
                "filters": [{"name": "queueId", "type": "dimension", "values": [queue_id]}],
            },
            "visualization": {"type": "bigNumber"},
        }

    spec = body({"$lookup": f"Dashboard/{dashboard}"}, {"$lookup": f"Queue/{queue}"})
    live = {
        **_born(str(uuid5(NAMESPACE_URL, name))),
        **body(seed_id("dashboard", dashboard), seed_id("queue", queue)),
        "version": 1,
        "renderStatus": "rendered",
    }
    return Member("Widget", name, spec, "widgets", live)


def _channel(number: int) -> Member:
    name = f"channel-{number:06}"
    queue = QUEUES[number % len(QUEUES)]

    def body(queue_id: JsonValue) -> Document:
        return {
            "name": f"Chat {number}",
            "description": f"Messenger {number}",
            "defaultLanguage": "en-US",
            "routingTarget": {"type": "queue", "id": queue_id},
            "availability": {
                "default": {"status": "available"},
                "schedules": [{"name": "week", "days": ["MON", "FRI"], "from": "08:00", "to": "18:00"}],
            },
            "widget": {"appearance": {"primaryColor": "#0A7", "secondaryColor": "#112233"}},
        }

    live = {
        **_born(str(uuid5(NAMESPACE_URL, name))),
        **body(seed_id("queue", queue)),
        "version": 1,
        "status": "active",
    }
    return Member("Channel", name, body({"$lookup": f"Queue/{queue}"}), "channels", live)


def _matrix(queue: str) -> Member:
    """Return the first two members of a queue with equal weights; the others keep theirs."""
    members: list[JsonValue] = [
        {"userId": {"$lookup": f"User/{_email(user)}"}, "weight": 0.2} for user in MATRICES[queue]
    ]
    spec: Document = {"queueId": {"$lookup": f"Queue/{queue}"}, "members": members, "overflowThreshold": 0.8}
    scores: Mapping[str, JsonValue] = {_membership(queue, user): 0.2 for user in MATRICES[queue]}
    return Member("WeightMatrix", f"{queue.lower()}-weights", spec, "", {**scores})


def _set_scores(org: SandboxOrg, member: Member) -> None:
    for membership, score in member.live.items():
        org.alter("members", membership, {"score": score})


def _membership(queue: str, user: str) -> str:
    return f"{seed_id('queue', queue)}/{seed_id('user', user)}"


def _email(user: str) -> str:
    return f"{user.lower().replace(' ', '.')}@example.com"


def _born(object_id: str) -> Document:
    author: Document = {"id": "seed"}
    return {"id": object_id, "dateCreated": WRITTEN, "dateModified": WRITTEN, "createdBy": author}
