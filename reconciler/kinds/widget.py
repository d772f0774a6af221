"""Widget: an analytics widget on a dashboard (platform-api.md, section 4).

Before a widget is created, or its metrics or filters change, its own query is asked: a widget that would
stay empty, or names a metric that the org does not know, is refused before anything is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from reconciler.kinds.base import REMOTE_ID, Endpoint, Kind
from reconciler.kinds.fields import As, Combine, Immutable, Local, Names, Scope, SpecModel, Text
from reconciler.kinds.overlays import overlay
from reconciler.kinds.texts import NonEmpty
from reconciler.model.change import Action, Change, Check, CheckStatus, LiveObject, Report
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.remote import Answer, Facts, Read, Request, Step, get, query
from reconciler.model.resource import Resource
from reconciler.model.values import (
    JsonObject,
    JsonValue,
    Tree,
    TreeObject,
    is_list,
    late_values,
    substitute,
    tokens,
)

QUERY_PATH = "/api/v2/analytics/conversations/details/query"
STATUS = get("/api/v2/analytics/status", optional=True)
DIMENSIONS = {"queueId": "Queue", "userId": "User", "skillId": "Skill"}
"""Dimensions whose values are ids, and the look-up type of what they name."""
MAX_BODY_BYTES = 102_400
ID_LENGTH = 36
"""An id that is not known yet counts with so many characters."""


class MetricSpec(SpecModel):
    """What the widget shows."""

    name: Annotated[str, Field(pattern=r"^[a-z][A-Za-z]*(/(avg|sum|count|min|max))?$")]
    type: Literal["numeric", "count", "percent"]


class FilterSpec(SpecModel):
    """Which conversations count: those whose dimension has one of the values."""

    name: Annotated[str, Field(min_length=1)]
    type: Annotated[str, Field(min_length=1)]
    values: Annotated[list[Text], As(Combine.SET)]


class ConfigSpec(SpecModel):
    """Metrics in the order of display; filters keyed by name."""

    metrics: Annotated[list[MetricSpec], Field(min_length=1)]
    filters: Annotated[list[FilterSpec] | None, As(Combine.KEYED, "name")] = None


class VisualizationSpec(SpecModel):
    """How the widget is drawn."""

    type: Literal["bigNumber", "bar", "line", "pie", "table", "area"]


class PreflightSpec(SpecModel):
    """How the widget's query is judged before a change; never sent."""

    on_empty: Literal["fail", "warn"] = "fail"
    group_by: list[str] | None = None


class WidgetSpec(SpecModel):
    """A widget as the API takes it, with its dashboard and its pre-flight."""

    dashboard_id: Annotated[NonEmpty, Names("Dashboard"), Scope(), Immutable()]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    type: Literal["metric", "chart", "table"]
    config: ConfigSpec
    visualization: VisualizationSpec
    preflight: Annotated[PreflightSpec | None, Local()] = None


class Widget(Kind[WidgetSpec]):
    """Analytics widgets; a name is theirs alone within a dashboard."""

    name = "Widget"
    spec = WidgetSpec
    endpoint = Endpoint(
        collection="/api/v2/analytics/dashboards/{dashboardId}/widgets",
        natural_key=("dashboardId", "name"),
        read_only=frozenset({"renderStatus"}),
        read_scope="analytics:dashboard:read",
        write_scope="analytics:dashboard:write",
    )

    def rules(self, resource: Resource, spec: WidgetSpec) -> Iterable[Diagnostic]:
        """Size of the body, and filters that are declared twice."""
        size = len(json_body(self.body(resource.spec)))
        if size > MAX_BODY_BYTES:
            yield resource.diagnostic(
                "widget.too-large",
                f"the widget takes {size:,} bytes as JSON; the platform takes at most {MAX_BODY_BYTES:,}",
                path="/spec",
                hint="shorten the filters' lists of values, or split the widget",
            )
        yield from _duplicate_filters(resource, spec.config.filters or ())

    def ids_in(self, document: TreeObject) -> Iterable[tuple[str, str]]:
        """The dashboard, and the values of filters by queue, agent or skill."""
        yield from super().ids_in(document)
        for number, found in enumerate(_filters(document)):
            type_ = DIMENSIONS.get(str(found.get("name")))
            for index, _ in enumerate(_elements(found.get("values")) if type_ else ()):
                yield f"/config/filters/{number}/values/{index}", str(type_)

    # -- checks ------------------------------------------------------------------------------------------

    def check_reads(self, change: Change, facts: Facts) -> Iterable[Read]:
        """The widget's own query; where that gets no answer, how the analytics engine is."""
        if not _is_queried(change):
            return
        read = preflight_read(self._whole(change))
        yield read
        answer = facts.get(read)
        if answer is not None and _is_engine_silent(answer):
            yield STATUS

    def checks(self, change: Change, facts: Facts) -> Iterable[Check]:
        """Whether the widget will show anything, by its own query."""
        if not _is_queried(change):
            return
        whole = self._whole(change)
        answer = facts.get(preflight_read(whole))
        if answer is not None and answer.problem is None and answer.status == 400:
            yield _refusal_check(change, whole, answer)
        elif answer is not None and answer.found and (total := _total(answer)) is not None:
            yield _count_check(change, whole, total)
        else:
            message = f"the pre-flight query got no answer{_why_silent(answer, facts)}"
            yield _check(change, whole, CheckStatus.FAIL, message, data={"reason": "unavailable"})

    def _whole(self, change: Change) -> TreeObject:
        """The widget as it will be, what the manifest does not name included."""
        managed = change.after or {}
        live = change.live.body if change.live and change.action is not Action.CREATE else {}
        whole = overlay(live, managed, self.field_rules)
        return whole if isinstance(whole, Mapping) else managed

    # -- steps -------------------------------------------------------------------------------------------

    def steps(self, change: Change, live: LiveObject | None) -> tuple[Step, ...]:
        """What is written, then a refresh, so that the widget shows it at once."""
        steps = super().steps(change, live)
        if not steps or steps[-1].request.method == "DELETE":
            return steps
        return (*steps, _refresh_step(steps[-1].request))

    def report(self, change: Change, facts: Facts, after: LiveObject | None = None) -> Report:
        """What the audit and BI tools are told; of a widget that is not there yet, its name and place."""
        if after is None:
            return Report(detail=_planned_detail(change)) if change.after is not None else Report()
        name, dashboard_id = after.body.get("name"), after.scope.get("dashboardId")
        return Report(
            detail={
                "widget_name": name,
                "dashboard_id": dashboard_id,
                "render_status": after.server.get("renderStatus"),
            },
            export={"widget_id": after.remote_id, "dashboard_id": dashboard_id, "name": name},
        )


def json_body(body: Tree) -> bytes:
    """A body as it is sent, compact and in UTF-8, with stand-ins for what is not known yet."""
    known = substitute(body, lambda _: "x" * ID_LENGTH)
    return json.dumps(known, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def preflight_read(whole: TreeObject) -> Read:
    """The widget's query, without the filters whose values only an apply will tell."""
    preflight = _member(whole, "preflight")
    body: dict[str, JsonValue] = {"view": "conversations", "metrics": _metric_names(whole)}
    if group_by := _elements(preflight.get("groupBy")):
        body["groupBy"] = [str(dimension) for dimension in group_by]
    if filters := [found for found in _filters(whole) if not _is_late(found)]:
        body["filters"] = [_filter_body(found) for found in filters]
    return query(QUERY_PATH, body, optional=True)


def _planned_detail(change: Change) -> JsonObject:
    """The widget as far as the manifest tells: a failed create is in the audit trail, too."""
    told = [(change.after or {}).get(member) for member in ("name", "dashboardId")]
    name, dashboard_id = (value if isinstance(value, str) else None for value in told)
    return {"widget_name": name, "dashboard_id": dashboard_id, "render_status": None}


def _duplicate_filters(resource: Resource, filters: Sequence[FilterSpec]) -> Iterator[Diagnostic]:
    first: dict[str, int] = {}
    for index, found in enumerate(filters):
        if first.setdefault(found.name, index) != index:
            place = resource.mark(f"/spec/config/filters/{first[found.name]}/name")
            yield resource.diagnostic(
                "manifest.invalid-value",
                f"filter {found.name} is declared twice, first in line {place.line}",
                path=f"/spec/config/filters/{index}/name",
                hint="put all its values into one filter",
            )


def _is_queried(change: Change) -> bool:
    """Whether metrics, filters or the pre-flight itself change."""
    return change.after is not None and change.touches("/config", "/preflight")


def _is_engine_silent(answer: Answer) -> bool:
    """Whether the query failed in a way that the analytics engine's status may explain."""
    return answer.problem is not None and not 400 <= answer.status < 500


def _why_silent(answer: Answer | None, facts: Facts) -> str:
    if answer is None:
        return ""
    status = (facts.one(STATUS) or {}).get("status")
    told = f"; the analytics engine says it is {status}" if status else ""
    return f": {answer.problem or f'status {answer.status}'}{told}"


def _count_check(change: Change, whole: TreeObject, total: int) -> Check:
    left_out = [str(found.get("name")) for found in _filters(whole) if _is_late(found)]
    data: JsonObject = {"totalCount": total}
    if total <= 0:
        on_empty = _member(whole, "preflight").get("onEmpty", "fail")
        status = CheckStatus.WARN if on_empty == "warn" else CheckStatus.FAIL
        message = "the pre-flight query finds no conversations: the widget would be empty"
        return _check(change, whole, status, message, data=data)
    if left_out:
        message = (
            f"finds {total} conversations without {', '.join(left_out)}, whose values only apply will tell"
        )
        return _check(change, whole, CheckStatus.WARN, message, data=data)
    return _check(change, whole, CheckStatus.PASS, f"finds {total} conversations", data=data)


def _refusal_check(change: Change, whole: TreeObject, answer: Answer) -> Check:
    """One failure with each of the platform's `errors[]`, shown at the first one's place in the manifest."""
    body: JsonObject = answer.body if isinstance(answer.body, Mapping) else {}
    errors = [error for error in _elements(body.get("errors")) if isinstance(error, Mapping)]
    errors = errors or [{"message": body.get("message") or "the org refuses the query"}]
    pointers = [_manifest_pointer(str(error.get("field", "")), change, whole) for error in errors]
    fields = [pointer.removeprefix("/spec") for pointer in pointers]
    problems = [f"{field}: {error.get('message')}" for field, error in zip(fields, errors, strict=True)]
    message = f"the org refuses the pre-flight query: {'; '.join(problems)}"
    return _check(change, whole, CheckStatus.FAIL, message, data={"fields": fields}, path=pointers[0])


def _manifest_pointer(field: str, change: Change, whole: TreeObject) -> str:
    """Where the manifest says what a member of the query's body says."""
    parts = tokens(field)
    match parts[:2]:
        case ("metrics", index):
            return f"/spec/config/metrics/{index}/name"
        case ("filters", index) if index.isdigit():
            return _filter_pointer(int(index), parts[2:], change, whole)
        case ("groupBy", *index):
            return "/".join(("/spec/preflight/groupBy", *index))
        case _:
            return "/spec/config"


def _filter_pointer(index: int, tail: tuple[str, ...], change: Change, whole: TreeObject) -> str:
    """The query's filters may be fewer, or more, than the manifest's: they are found by name."""
    sent = [found.get("name") for found in _filters(whole) if not _is_late(found)]
    declared = [found.get("name") for found in _filters(change.resource.spec if change.resource else {})]
    if index >= len(sent) or sent[index] not in declared:
        return "/spec/config"
    return "/".join((f"/spec/config/filters/{declared.index(sent[index])}", *tail[:1]))


def _check(
    change: Change,
    whole: TreeObject,
    status: CheckStatus,
    message: str,
    *,
    data: JsonObject,
    path: str = "/spec/config",
) -> Check:
    numbers = {"totalCount": None, "metrics": _metric_names(whole), **data}
    return Check("widget.query", change.address, status, message, numbers, path)


def _refresh_step(written: Request) -> Step:
    item = f"{written.path}/{REMOTE_ID}" if written.method == "POST" else written.path
    return Step(label="refresh", request=Request("POST", f"{item}/refresh"), best_effort=True)


def _total(answer: Answer) -> int | None:
    total = answer.body.get("totalCount") if isinstance(answer.body, Mapping) else None
    return total if isinstance(total, int) else None


def _metric_names(whole: TreeObject) -> list[str]:
    metrics = _elements(_member(whole, "config").get("metrics"))
    return [str(metric.get("name")) for metric in metrics if isinstance(metric, Mapping)]


def _filters(whole: TreeObject) -> list[TreeObject]:
    filters = _elements(_member(whole, "config").get("filters"))
    return [found for found in filters if isinstance(found, Mapping)]


def _filter_body(found: TreeObject) -> JsonObject:
    """Values are a set: sorted, so that equal filters are one question."""
    values = sorted(str(value) for value in _elements(found.get("values")))
    return {"name": str(found.get("name")), "type": str(found.get("type")), "values": values}


def _is_late(tree: Tree) -> bool:
    return any(True for _ in late_values(tree))


def _member(tree: TreeObject, name: str) -> TreeObject:
    found = tree.get(name)
    return found if isinstance(found, Mapping) else {}


def _elements(tree: Tree) -> Sequence[Tree]:
    return tree if is_list(tree) else ()  # type: ignore[return-value]
