"""Analytics: the conversations query in both its forms, and the engine's own status.

The rules are those of platform-api.md, sections 4 and 5.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from reconciler.sandbox.calls import Call
from reconciler.sandbox.collection import Entry
from reconciler.sandbox.documents import Document, JsonValue, as_integer, as_list, as_object, as_text
from reconciler.sandbox.metrics import figure, is_known
from reconciler.sandbox.recorder import QUERY_PATH
from reconciler.sandbox.refusals import FieldError, invalid, invalid_field
from reconciler.sandbox.requests import Answer, Asked, answered
from reconciler.sandbox.shapes import integer, listing, one_of, record, require, text
from reconciler.sandbox.state import OrgState
from reconciler.sandbox.widgets import FILTER

_SCOPE = "analytics:conversation:view"
DIMENSIONS = (
    *(
        "queueId",
        "mediaType",
        "direction",
        "userId",
        "language",
        "skillId",
        "configurationId",
        "conversationId",
    ),
    *(
        "divisionId",
        "wrapUpCode",
        "ani",
        "dnis",
        "purpose",
        "originatingDirection",
        "interval",
        "date",
        "hour",
    ),
)
_SHOWN = ("contactId", "startTimestamp", "endTimestamp", "routingData")


def _metric(value: JsonValue, pointer: str) -> Iterator[FieldError]:
    if not isinstance(value, str) or not is_known(value):
        yield FieldError(pointer, f"this org knows no metric {value!r}")


def _time(value: JsonValue, pointer: str) -> Iterator[FieldError]:
    if _moment(value) is None:
        yield FieldError(pointer, f"must be a time in UTC such as 2024-05-01T08:00:00Z, not {value!r}")


_AGGREGATE = record(
    {"view": one_of("conversations"), "metrics": listing(_metric, least=1)},
    {"groupBy": listing(one_of(*DIMENSIONS)), "filters": listing(FILTER)},
)
_CONDITION = record({"field": one_of(*DIMENSIONS), "operator": one_of("equals"), "value": text()})
_DETAIL = record(
    {"startDate": _time, "endDate": _time},
    {
        "filter": listing(_CONDITION),
        "pageSize": integer(least=1, most=100),
        "nextPage": text(pattern=r"[0-9]+", like="the nextPage of an answer"),
    },
)


def query_conversations(state: OrgState, asked: Asked) -> Answer:
    """Answer the aggregate form (with `view`) or the detail form (with `startDate` and `endDate`)."""
    body = asked.document()
    is_aggregate = "view" in body
    if is_aggregate == ("startDate" in body or "endDate" in body):
        raise invalid_field("", "the body must have either view, or startDate and endDate")
    return _aggregate(state, body) if is_aggregate else _detail(state, body)


def show_status(state: OrgState, _asked: Asked) -> Answer:
    """Answer how the analytics engine is."""
    return answered(200, {"status": state.analytics_status})


CALLS = (
    Call("POST", QUERY_PATH, _SCOPE, query_conversations),
    Call("GET", "/api/v2/analytics/status", _SCOPE, show_status),
)


def _aggregate(state: OrgState, body: Document) -> Answer:
    require(_AGGREGATE, body)
    wanted: dict[str, frozenset[JsonValue]] = {}
    for position, each in enumerate(as_list(body.get("filters"))):
        told = as_object(each)
        if told["name"] not in DIMENSIONS:
            raise invalid_field(f"/filters/{position}/name", f"this org knows no dimension {told['name']!r}")
        wanted[as_text(told["name"])] = frozenset(as_text(value) for value in as_list(told["values"]))
    found = [entry.document for entry in _selected(state, wanted)]
    metrics = [as_text(metric) for metric in as_list(body["metrics"])]
    dimensions = [as_text(each) for each in as_list(body.get("groupBy"))]
    results: list[JsonValue] = [
        {
            "group": as_object(dict(zip(dimensions, group, strict=True))),
            "count": len(members),
            "metrics": [{"name": metric, "value": figure(metric, members)} for metric in metrics],
        }
        for group, members in _grouped(found, dimensions)
    ]
    return answered(200, {"totalCount": len(found), "results": results})


def _detail(state: OrgState, body: Document) -> Answer:
    require(_DETAIL, body)
    start, end = as_text(body["startDate"]), as_text(body["endDate"])
    since, until = _moment(start), _moment(end)
    if since is None or until is None or since >= until:
        raise invalid([FieldError("/endDate", f"must be later than startDate, {start}")])
    wanted = {
        as_text(as_object(each)["field"]): frozenset([as_object(each)["value"]])
        for each in as_list(body.get("filter"))
    }
    found = [each.document for each in _selected(state, wanted) if _overlaps(each.document, since, until)]
    size = as_integer(body.get("pageSize", 25))
    first = int(as_text(body.get("nextPage")) or 0)
    page: list[JsonValue] = [
        {name: each.get(name) for name in _SHOWN} for each in found[first : first + size]
    ]
    following = str(first + size) if first + size < len(found) else None
    return answered(200, {"conversations": page, "totalCount": len(found), "nextPage": following})


def _selected(state: OrgState, wanted: Mapping[str, frozenset[JsonValue]]) -> Sequence[Entry]:
    """Return the conversations whose every named dimension has one of the wanted values."""
    conversations = state.collection("conversations")
    indexed = next((name for name in ("queueId", "configurationId") if name in wanted), None)
    if indexed is None:
        candidates: Sequence[Entry] = conversations.entries()
    else:
        values = sorted(as_text(value) for value in wanted[indexed])
        candidates = [entry for value in values for entry in conversations.where(indexed, value)]
    return [
        entry
        for entry in candidates
        if all(entry.document.get(name) in values for name, values in wanted.items())
    ]


def _grouped(
    conversations: Sequence[Document], dimensions: Sequence[str]
) -> Sequence[tuple[tuple[JsonValue, ...], list[Document]]]:
    groups: dict[tuple[JsonValue, ...], list[Document]] = {}
    for conversation in conversations:
        key = tuple(as_text(conversation.get(name)) for name in dimensions)
        groups.setdefault(key, []).append(conversation)
    return list(groups.items())


def _overlaps(conversation: Document, since: datetime, until: datetime) -> bool:
    started = _moment(conversation.get("startTimestamp"))
    ended = _moment(conversation.get("endTimestamp")) or until
    return started is not None and started < until and ended > since


def _moment(value: JsonValue) -> datetime | None:
    """Return a time of RFC 3339 in UTC, or None for anything else."""
    if not isinstance(value, str) or not value.endswith(("Z", "+00:00")):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
