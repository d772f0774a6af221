"""Builders of schemas, of the org's schemas, and of changes to them by the planner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.kinds.schema import Schema
from reconciler.kinds.schema_spec import SchemaSpec
from reconciler.model.address import Address
from reconciler.model.change import Change, Check
from reconciler.model.diagnostics import Diagnostic, Mark
from reconciler.model.remote import Step
from reconciler.model.resource import Resource
from reconciler.model.values import JsonObject, JsonValue, Tree, TreeObject
from reconciler.planning.inputs import PlanOptions
from tests.unit.kinds.planner import Org, change_of, entry_of, inputs_of, plan_in

KIND = Schema()
PATH = "/api/v2/customobjects/schemas"
NAME = "ticket"
ADDRESS = Address("Schema", NAME)
ADOPT = PlanOptions(adopt=("*",))


def field(name: str, fieldtype: str = "string", /, **members: object) -> dict[str, Any]:
    """One field."""
    return {"name": name, "fieldtype": fieldtype, **members}


def constrained(fieldtype: str, /, **constraints: Tree) -> dict[str, Any]:
    """A field with constraints, called `it`."""
    return field("it", fieldtype, constraints=constraints)


def refers_to(target: str, name: str = "it") -> dict[str, Any]:
    """A reference to a schema."""
    return field(name, "reference", constraints={"referencedType": target})


def schema(*fields: TreeObject, **members: Tree) -> Resource:
    """A manifest called `ticket`."""
    return named(NAME, *fields, **members)


def named(called: str, /, *fields: TreeObject, **members: Tree) -> Resource:
    """A manifest, each field on a line of its own."""
    marks = {f"/spec/fields/{index}/name": (10 + index, 5) for index in range(len(fields))}
    spec: TreeObject = {"name": "Ticket", "fields": list(fields), **members}
    return Resource(Address("Schema", called), spec, Mark("schemas.yaml", 1), marks=marks)


def problems(*fields: TreeObject, **members: Tree) -> list[Diagnostic]:
    """What the offline rules find in a schema of these fields."""
    resource = schema(*fields, **members)
    return list(KIND.rules(resource, SchemaSpec.model_validate(resource.spec)))


def live(
    *fields: JsonObject,
    called: str = NAME,
    version: int = 1,
    status: str = "PUBLISHED",
    published: int | None = -1,
    **members: JsonValue,
) -> JsonObject:
    """A schema as the platform lists it; once published unless it is the first draft."""
    if published == -1:
        published = version if status != "DRAFT" else None
    return {
        "externalId": called,
        "name": "Ticket",
        "version": version,
        "status": status,
        "publishedVersion": published,
        "fields": list(fields),
        "selfUri": f"{PATH}/{called}",
        "dateCreated": "2026-01-01T00:00:00.000Z",
        **members,
    }


def org_of(*newest: JsonObject, versions: Sequence[JsonObject] = ()) -> Org:
    """An org with these schemas, and with older versions of them."""
    by_id = {f"{PATH}/{found['externalId']}": found for found in newest}
    older = {f"{PATH}/{found['externalId']}/versions/{found['version']}": found for found in versions}
    return {PATH: list(newest), **by_id, **older}


def planned(
    resource: Resource, org: Org, *, held: Resource | None = None, options: PlanOptions | None = None
) -> tuple[Change | None, dict[str, Check]]:
    """The change that the planner makes, and its checks by name.

    Args:
        held: the manifest as it was last applied; None before the first apply.
    """
    entries = [entry_of(held, str(KIND.complete(held)["externalId"]))] if held else []
    draft, checks = plan_in(org, inputs_of([resource], entries, options=options))
    changed = any(change.address == resource.address for change in draft.changes)
    change = change_of(draft, resource.address) if changed else None
    return change, {check.name: check for check in checks}


def edited(resource: Resource, newest: JsonObject, *others: JsonObject) -> tuple[Change, dict[str, Check]]:
    """The change to a schema that was last applied with the newest version's own content."""
    spec = {name: newest[name] for name in ("name", "status", "fields")}
    held = Resource(resource.address, spec, resource.source)
    older = [found for found in others if found["externalId"] == newest["externalId"]]
    rest = [found for found in others if found not in older]
    change, checks = planned(resource, org_of(newest, *rest, versions=[*older, *rest]), held=held)
    assert change is not None
    return change, checks


def removal(newest: JsonObject) -> Change:
    """The change that takes a schema away which the manifests no longer declare."""
    held = Resource(ADDRESS, {"name": "Ticket", "fields": []}, Mark("schemas.yaml", 1))
    entry = entry_of(held, NAME)
    draft, _ = plan_in(org_of(newest), inputs_of([], [entry]))
    return change_of(draft, ADDRESS)


def sent(steps: Sequence[Step]) -> list[str]:
    """The steps as `METHOD version STATUS`."""
    return [_shown(step) for step in steps]


def _shown(step: Step) -> str:
    body = step.request.body
    if not isinstance(body, Mapping):
        return step.request.method
    return f"{step.request.method} {body['version']} {body['status']}"
