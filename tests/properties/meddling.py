"""What others do to an org, as its administration pages would let them."""

from __future__ import annotations

import random
from math import fsum
from typing import Any
from uuid import UUID

from reconciler.sandbox import SandboxOrg, seed_id
from tests.properties.specs import KEY_FIELD, MATRICES
from tests.properties.watching import targets_of

Document = dict[str, Any]
_SCHEMAS = "/api/v2/customobjects/schemas"


def meddle(org: SandboxOrg, collection: str, pick: int, patch: Document) -> None:
    """Alters the pick-th object; without effect where there is none, or where the org would say no."""
    with org.at_rest():
        found = _of_interest(org, collection)
        if not found:
            return
        object_id = found[pick % len(found)]
        if collection == "schemas":
            _new_version(org, object_id, patch)
        elif _is_taken(org, collection, object_id, patch):
            org.alter(collection, object_id, patch)


def _of_interest(org: SandboxOrg, collection: str) -> list[str]:
    """Ids by natural key, since ids are made at random; of queues those that matrices are about."""
    queues = [seed_id("queue", name) for name in MATRICES.values()]
    match collection:
        case "queues":
            return queues
        case "members":
            return [each for each in org.collection("members") if each.partition("/")[0] in queues]
        case _:
            objects = org.collection(collection).all()
            return [
                str(each["id"])
                for each in sorted(
                    objects, key=lambda each: (str(each["name"]), str(each.get("dashboardId")))
                )
            ]


def _is_taken(org: SandboxOrg, collection: str, object_id: str, patch: Document) -> bool:
    """Whether the org would take the change."""
    if collection == "members":
        return _sum_fits(org, object_id, patch)
    return "name" not in patch or not _takes_a_name(org, collection, object_id, patch)


def _takes_a_name(org: SandboxOrg, collection: str, object_id: str, patch: Document) -> bool:
    place = (org.collection(collection).get(object_id) or {}).get("dashboardId")
    return any(
        each["name"] == patch["name"] and each.get("dashboardId") == place and each["id"] != object_id
        for each in org.collection(collection).all()
    )


def _sum_fits(org: SandboxOrg, object_id: str, patch: Document) -> bool:
    queue = object_id.partition("/")[0]
    scores = {
        each: float(str((org.collection("members").get(each) or {})["score"]))
        for each in org.collection("members")
        if each.startswith(queue)
    }
    return fsum({**scores, object_id: patch.get("score", scores[object_id])}.values()) <= 1.0


def _new_version(org: SandboxOrg, object_id: str, patch: Document) -> None:
    """A schema is altered by its next version, published or still a draft."""
    newest: Any = org.collection("schemas").get(object_id)
    if newest["status"] == "DEPRECATED":
        return
    kept = {name: value for name, value in newest.items() if name != "publishedVersion"}
    org.collection("schemaVersions").put(f"{object_id}/{newest['version']}", kept)
    version, fields = newest["version"] + 1, [dict(field) for field in newest["fields"]]
    status = "DRAFT" if patch.get("fields") == "draft" or newest["status"] == "DRAFT" else "PUBLISHED"
    if patch.get("fields") == "describe":
        fields[-1]["description"] = "theirs"
    elif "fields" in patch and "theirs" not in {field["name"] for field in fields}:
        fields.append({"name": "theirs", "fieldtype": "string"})
    changes = {name: value for name, value in patch.items() if name != "fields"}
    published = version if status == "PUBLISHED" else newest["publishedVersion"]
    document = {**newest, **changes, "fields": fields, "version": version, "status": status}
    org.collection("schemas").put(object_id, {**document, "publishedVersion": published})


def lose(org: SandboxOrg, collection: str, pick: int) -> None:
    """Takes the pick-th object away; a schema only where nothing refers to it."""
    with org.at_rest():
        found = _of_interest(org, collection)
        if not found:
            return
        object_id = found[pick % len(found)]
        if collection != "schemas":
            org.remove(collection, object_id)
        elif not _is_referred_to(org, object_id):
            _lose_schema(org, object_id)


def _lose_schema(org: SandboxOrg, object_id: str) -> None:
    newest: Any = org.collection("schemas").get(object_id)
    if newest["publishedVersion"] is None:
        org.remove("schemas", object_id)
    elif newest["publishedVersion"] == newest["version"]:
        org.alter("schemas", object_id, {"status": "DEPRECATED"})


def _is_referred_to(org: SandboxOrg, name: str) -> bool:
    documents = (*org.collection("schemas").all(), *org.collection("schemaVersions").all())
    return any(name in targets_of(each) for each in documents)


def plant(org: SandboxOrg, collection: str, key: str) -> set[str]:
    """Makes an object with a natural key, where that is free.

    Returns:
        Its id, where it was made.
    """
    document = _planted(collection, key)
    with org.at_rest():
        names = {(each["name"], each.get("dashboardId")) for each in org.collection(collection).all()}
        is_taken = collection != "schemas" and (document["name"], document.get("dashboardId")) in names
        if is_taken or document["id"] in org.collection(collection):
            return set()
        org.collection(collection).put(document["id"], document)
    return {document["id"]}


def _planted(collection: str, key: str) -> Document:
    author = {"id": "somebody"}
    times = {"dateCreated": "2026-01-01T00:00:00.000Z", "dateModified": "2026-01-01T00:00:00.000Z"}
    born = {"version": 1, **times, "createdBy": author, "modifiedBy": author}
    match collection:
        case "schemas":
            content: Document = {"externalId": key, "name": "theirs", "fields": [KEY_FIELD]}
            status = {"status": "PUBLISHED", "publishedVersion": 1}
            return {"id": key, **content, **status, **born, "selfUri": f"{_SCHEMAS}/{key}"}
        case "widgets":
            object_id = str(UUID(int=random.getrandbits(128)))
            return {
                "id": object_id,
                "dashboardId": seed_id("dashboard", "Wallboard"),
                "name": key,
                "type": "table",
                "config": {"metrics": [{"name": "nOffered", "type": "count"}]},
                "visualization": {"type": "pie"},
                "renderStatus": "rendered",
                **born,
                "selfUri": f"/widgets/{object_id}",
            }
        case _:
            object_id = str(UUID(int=random.getrandbits(128)))
            appearance = {"primaryColor": "#123", "secondaryColor": "#456"}
            return {
                "id": object_id,
                "name": key,
                "description": "theirs",
                "defaultLanguage": "fr",
                "routingTarget": {"type": "queue", "id": seed_id("queue", "Billing")},
                "widget": {"appearance": appearance, "conversationStart": {"enabled": True}},
                "availability": {"default": {"status": "available"}},
                "status": "active",
                **born,
                "selfUri": f"/configurations/{object_id}",
            }


def reorder(org: SandboxOrg, seed: int) -> None:
    """Puts the objects of every collection into another order, and alters none."""
    order = random.Random(seed)
    with org.at_rest():
        for name in org.names():
            collection = org.collection(name)
            documents = [(each, collection.peek(each)) for each in collection]
            order.shuffle(documents)
            collection.load({each: entry.document for each, entry in documents if entry})
