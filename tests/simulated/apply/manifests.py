"""Builders of manifests that break no rule in a seeded org."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox import seed_id

Document = dict[str, Any]
Spec = dict[str, Any]

DASHBOARD = {"$lookup": "Dashboard/Support Overview"}
SUPPORT, OVERFLOW, SALES = (seed_id("queue", name) for name in ("Support", "Support Overflow", "Sales"))
UNSTAFFED = seed_id("queue", "Unstaffed")
ADA, BEN, CHLOE, DAN = (
    seed_id("user", name) for name in ("Ada Ahmed", "Ben Bauer", "Chloe Costa", "Dan Diaz")
)


def manifest(kind: str, name: str, spec: Spec, **envelope: object) -> Document:
    """A manifest; `envelope` are members beside `spec`, and `metadata` is merged."""
    extra: Any = envelope.pop("metadata", {})
    metadata = {"name": name, **extra}
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": metadata, **envelope, "spec": spec}


def schema(address: str, fields: list[Document] | None = None, /, **more: object) -> Document:
    """A schema with one text field."""
    envelope = {key: more.pop(key) for key in ("lifecycle", "dependsOn", "metadata") if key in more}
    spec = {"name": address.title(), "fields": fields or [text_field("subject")], **more}
    return manifest("Schema", address, spec, **envelope)


def text_field(name: str, /, **members: object) -> Document:
    """A field for text."""
    return {"name": name, "fieldtype": "string", **members}


def reference(name: str, target: str) -> Document:
    """A field that refers to another schema."""
    return {"name": name, "fieldtype": "reference", "constraints": {"referencedType": target}}


def widget(name: str, /, **more: object) -> Document:
    """A widget on the support dashboard."""
    envelope = {key: more.pop(key) for key in ("lifecycle", "dependsOn", "metadata") if key in more}
    spec = {
        "dashboardId": DASHBOARD,
        "name": name,
        "type": "metric",
        "config": {"metrics": [{"name": "nOffered", "type": "count"}]},
        "visualization": {"type": "bigNumber"},
        **more,
    }
    return manifest("Widget", name, spec, **envelope)


def channel(name: str, /, **more: object) -> Document:
    """A channel to the support queue, asked after often."""
    envelope = {key: more.pop(key) for key in ("lifecycle", "dependsOn", "metadata") if key in more}
    spec = {
        "name": name,
        "description": f"Messages of {name}",
        "defaultLanguage": "en-US",
        "routingTarget": {"type": "queue", "id": SUPPORT},
        "widget": {"appearance": {"primaryColor": "#007BFF", "secondaryColor": "#FFFFFF"}},
        "activation": {"timeoutSeconds": 5, "pollSeconds": 0.01},
        **more,
    }
    return manifest("Channel", name, spec, **envelope)


def weights(**scores: float) -> list[Document]:
    """Members by first name."""
    users = {"ada": ADA, "ben": BEN, "chloe": CHLOE, "dan": DAN}
    return [{"userId": users[name], "weight": score} for name, score in scores.items()]


def matrix(name: str, /, **more: object) -> Document:
    """A matrix for the support queue."""
    envelope = {key: more.pop(key) for key in ("lifecycle", "dependsOn", "metadata") if key in more}
    spec = {"queueId": SUPPORT, "members": weights(ada=0.2, ben=0.2), **more}
    return manifest("WeightMatrix", name, spec, **envelope)
