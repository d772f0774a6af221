"""Builders of widgets, of changes to them, and of what the analytics query answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from reconciler.kinds.widget import STATUS, Widget, WidgetSpec
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, FieldChange, LiveObject, Origin, Reason
from reconciler.model.diagnostics import Diagnostic, Mark
from reconciler.model.remote import Answer, Facts, Read
from reconciler.model.resource import Resource
from reconciler.model.values import JsonObject, Tree, TreeObject

KIND = Widget()
ADDRESS = Address("Widget", "queue-aht")
DASHBOARD = "d-1"
PATH = f"/api/v2/analytics/dashboards/{DASHBOARD}/widgets"
METRIC: JsonObject = {"name": "handleTime/avg", "type": "numeric"}


def widget(**members: Tree) -> TreeObject:
    """A spec that breaks no rule; a member given as None is left out."""
    spec: dict[str, Tree] = {
        "dashboardId": DASHBOARD,
        "name": "Queue AHT",
        "type": "metric",
        "config": {"metrics": [METRIC]},
        "visualization": {"type": "bigNumber"},
        **members,
    }
    return {name: value for name, value in spec.items() if value is not None}


def filtered(*filters: Tree, metrics: tuple[JsonObject, ...] = (METRIC,)) -> TreeObject:
    """The member `config`, with filters."""
    return {"metrics": list(metrics), "filters": list(filters)}


def by_queue(*values: Tree) -> TreeObject:
    """A filter by queue."""
    return {"name": "queueId", "type": "string", "values": list(values)}


def resource_of(spec: TreeObject) -> Resource:
    """A manifest with each filter on its own line."""
    marks = {f"/spec/config/filters/{index}/name": (10 + index, 5) for index in range(3)}
    return Resource(ADDRESS, spec, Mark("widgets.yaml", 1), marks=marks)


def problems(spec: TreeObject) -> list[Diagnostic]:
    """What the offline rules find."""
    return list(KIND.rules(resource_of(spec), WidgetSpec.model_validate(spec)))


def refused_places(spec: TreeObject) -> list[str]:
    """Where the spec model refuses a document; nowhere where it takes it."""
    try:
        WidgetSpec.model_validate(spec)
    except ValidationError as error:
        return ["/".join(str(part) for part in found["loc"]) for found in error.errors()]
    return []


def live_of(spec: TreeObject, **server: Tree) -> LiveObject:
    """The widget as the org answers it."""
    body: dict[str, Tree] = {name: value for name, value in spec.items() if name != "preflight"}
    answer = {**body, "id": "w-1", "version": 3, "renderStatus": "rendered", **server}
    return KIND.live_object(answer, {"dashboardId": DASHBOARD})  # type: ignore[arg-type]


def creation(spec: TreeObject) -> Change:
    """A create."""
    return Change(ADDRESS, Action.CREATE, Reason.NEW, after=spec, resource=resource_of(spec))


def update(spec: TreeObject, live: LiveObject, *paths: str) -> Change:
    """An update in which the fields at these places change."""
    fields = tuple(FieldChange(path, None, None, Origin.INTENT) for path in paths)
    changed = creation(spec)
    return replace(changed, action=Action.UPDATE, remote_id=live.remote_id, fields=fields, live=live)


def query_of(change: Change) -> Read:
    """The one query that a change asks."""
    (read,) = KIND.check_reads(change, Facts())
    return read


def answered(change: Change, body: JsonObject, status: int = 200) -> Facts:
    """Facts in which the change's query was answered so."""
    return Facts({query_of(change): Answer(status, body)})


def silent(change: Change, status: int = 503, engine: JsonObject | None = None) -> Facts:
    """Facts in which the query got no answer; `engine` is what its status says then."""
    facts = Facts({query_of(change): Answer(status, problem=f"{status} after 5 tries")})
    return facts.with_answers({STATUS: Answer(200, engine)}) if isinstance(engine, Mapping) else facts
