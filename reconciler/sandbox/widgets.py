"""Dashboards and their widgets (platform-api.md, section 4)."""

from reconciler.sandbox.calls import CREATE_KEY, Call
from reconciler.sandbox.collection import Entry
from reconciler.sandbox.documents import Document, as_list, as_object, as_text
from reconciler.sandbox.metrics import is_known
from reconciler.sandbox.refusals import conflict, missing
from reconciler.sandbox.requests import OBJECT_LIMIT, Answer, Asked, answered, paged, shown
from reconciler.sandbox.shapes import listing, one_of, record, require, text
from reconciler.sandbox.state import OrgState, require_body_version, require_lock, writable

_READ = "analytics:dashboard:read"
_WRITE = "analytics:dashboard:write"
_DASHBOARDS = "/api/v2/analytics/dashboards"
_WIDGETS = f"{_DASHBOARDS}/{{dashboardId}}/widgets"
_WIDGET = f"{_WIDGETS}/{{widgetId}}"
_READ_ONLY = ("dashboardId", "renderStatus")

METRIC_PATTERN = r"[a-z][A-Za-z]*(/(avg|sum|count|min|max))?"
_METRIC = record(
    {
        "name": text(pattern=METRIC_PATTERN, like="a metric such as handleTime/avg"),
        "type": one_of("numeric", "count", "percent"),
    }
)
FILTER = record({"name": text(least=1), "type": text(least=1), "values": listing(text())})
_SHAPE = record(
    {
        "name": text(least=1, most=100),
        "type": one_of("metric", "chart", "table"),
        "config": record({"metrics": listing(_METRIC, least=1)}, {"filters": listing(FILTER)}),
        "visualization": record({"type": one_of("bigNumber", "bar", "line", "pie", "table", "area")}),
    }
)


def list_dashboards(state: OrgState, asked: Asked) -> Answer:
    """Answer the dashboards; `name` is an exact filter."""
    filters: Document = {"name": asked.query["name"]} if "name" in asked.query else {}
    return paged(state.collection("dashboards").listing(filters), asked.query)


def list_widgets(state: OrgState, asked: Asked) -> Answer:
    """Answer the widgets of a dashboard."""
    dashboard_id = _dashboard(state, asked)
    return paged(state.collection("widgets").listing({"dashboardId": dashboard_id}), asked.query)


def create_widget(state: OrgState, asked: Asked) -> Answer:
    """Create a widget; its first rendering starts at once."""
    dashboard_id = _dashboard(state, asked)
    body = asked.document(OBJECT_LIMIT)
    require(_SHAPE, body)
    _require_free_name(state, dashboard_id, as_text(body["name"]))
    content: Document = {"dashboardId": dashboard_id, **body, "renderStatus": "pending"}
    entry = state.create("widgets", content, asked)
    _start_rendering(state, entry.document, asked)
    return shown(entry, 201)


def show_widget(state: OrgState, asked: Asked) -> Answer:
    """Answer one widget."""
    return shown(_found(state, asked))


def replace_widget(state: OrgState, asked: Asked) -> Answer:
    """Replace a widget whole; what the body leaves out is cleared."""
    old = _found(state, asked).document
    told = asked.document(OBJECT_LIMIT)
    require_lock(asked, old)
    require_body_version(told, old)
    body = writable(told, _READ_ONLY)
    require(_SHAPE, body)
    _require_free_name(state, as_text(old["dashboardId"]), as_text(body["name"]), own_id=as_text(old["id"]))
    content: Document = {"dashboardId": old["dashboardId"], **body, "renderStatus": "pending"}
    entry = state.replace("widgets", old, content, asked)
    _start_rendering(state, entry.document, asked)
    return shown(entry)


def delete_widget(state: OrgState, asked: Asked) -> Answer:
    """Delete a widget."""
    document = _found(state, asked).document
    require_lock(asked, document)
    state.settling.cancel("widgets", as_text(document["id"]))
    state.collection("widgets").remove(as_text(document["id"]))
    return Answer(204)


def refresh_widget(state: OrgState, asked: Asked) -> Answer:
    """Start a data fetch; the widget renders again."""
    document = _found(state, asked).document
    _start_rendering(state, document, asked)
    return answered(202, {"id": document["id"], "renderStatus": "pending"})


CALLS = (
    Call("GET", _DASHBOARDS, _READ, list_dashboards),
    Call("GET", _WIDGETS, _READ, list_widgets),
    Call("POST", _WIDGETS, _WRITE, create_widget, CREATE_KEY),
    Call("GET", _WIDGET, _READ, show_widget),
    Call("PUT", _WIDGET, _WRITE, replace_widget),
    Call("DELETE", _WIDGET, _WRITE, delete_widget),
    Call("POST", f"{_WIDGET}/refresh", _WRITE, refresh_widget),
)


def _dashboard(state: OrgState, asked: Asked) -> str:
    return as_text(state.found("dashboards", asked.params["dashboardId"], "dashboard").document["id"])


def _found(state: OrgState, asked: Asked) -> Entry:
    dashboard_id = _dashboard(state, asked)
    entry = state.found("widgets", asked.params["widgetId"], "widget")
    if entry.document["dashboardId"] != dashboard_id:
        raise missing(f"widget {asked.params['widgetId']} of dashboard {dashboard_id}")
    return entry


def _require_free_name(state: OrgState, dashboard_id: str, name: str, *, own_id: str | None = None) -> None:
    for entry in state.collection("widgets").where("dashboardId", dashboard_id):
        if entry.document["name"] == name and entry.document["id"] != own_id:
            message = f"the dashboard has a widget named {name!r}: {entry.document['id']}"
            raise conflict("duplicate", message, "/name")


def _start_rendering(state: OrgState, document: Document, asked: Asked) -> None:
    """Set the status to pending and schedule how it ends: metrics that nobody knows cannot be drawn."""
    widget_id = as_text(document["id"])
    state.collection("widgets").alter(widget_id, {"renderStatus": "pending"})
    state.settling.cancel("widgets", widget_id)
    asked_for = None if asked.fault is None else asked.fault.render
    if asked_for == "hang":
        return
    metrics = as_list(as_object(document["config"]).get("metrics"))
    is_drawable = all(is_known(as_text(as_object(metric).get("name"))) for metric in metrics)
    outcome = "rendered" if is_drawable and asked_for != "fail" else "failed"
    state.settling.schedule("widgets", widget_id, {"renderStatus": outcome}, after_s=state.options.render_s)
