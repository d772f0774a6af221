"""The conversations query in both its forms (platform-api.md, sections 4 and 5)."""

import pytest

from reconciler.sandbox import SandboxOrg, seed_id
from reconciler.sandbox.documents import Document, JsonValue, as_list, as_object
from tests.unit.sandbox.caller import QUERY, SUPPORT, Caller

_SALES = seed_id("queue", "Sales")
_NIGHT = seed_id("queue", "Night")


def _aggregate(*names: str, queues: tuple[str, ...] = (), **members: JsonValue) -> Document:
    body: Document = {"view": "conversations", "metrics": list(names) or ["conversations"], **members}
    if queues:
        body["filters"] = [{"name": "queueId", "type": "string", "values": list(queues)}]
    return body


def _detail(**members: JsonValue) -> Document:
    return {"startDate": "2027-01-14T08:00:00Z", "endDate": "2027-01-15T08:00:00Z", **members}


def test_query_counts_the_conversations_of_the_queues(caller: Caller) -> None:
    def count(*queues: str) -> JsonValue:
        return caller.post(QUERY, _aggregate(queues=queues)).document["totalCount"]

    assert [count(SUPPORT), count(_SALES), count(SUPPORT, _SALES)] == [48, 30, 78]
    assert [count(_NIGHT), count("no-queue")] == [0, 0]
    assert count() == 121


@pytest.mark.parametrize(
    "name",
    [
        *("handleTime", "talkTime", "waitTime", "conversations", "offered", "answered", "abandoned"),
        *("serviceLevel", "occupancy"),
    ],
)
@pytest.mark.parametrize("suffix", ["", "/avg", "/sum", "/count", "/min", "/max"])
def test_usual_metrics_are_known(caller: Caller, name: str, suffix: str) -> None:
    said = caller.post(QUERY, _aggregate(f"{name}{suffix}", queues=(SUPPORT,)))

    assert (said.status, said.document["totalCount"]) == (200, 48)


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("talkTime", 4),
        ("talkTime/avg", 4),
        ("talkTime/sum", 12),
        ("talkTime/count", 3),
        ("talkTime/min", 1),
        ("talkTime/max", 9),
        ("answered", 3),
    ],
)
def test_metric_is_summed_up_as_its_suffix_says(
    org: SandboxOrg, caller: Caller, metric: str, value: int
) -> None:
    org.collection("conversations").clear()
    for number in (2, 9, 1):
        org.collection("conversations").add({"id": str(number), "figures": {"talkTime": number}})

    (result,) = as_list(caller.post(QUERY, _aggregate(metric)).document["results"])

    assert as_object(result)["metrics"] == [{"name": metric, "value": value}]


def test_results_have_each_metric_by_group(org: SandboxOrg, caller: Caller) -> None:
    org.collection("conversations").clear()
    for number, media in enumerate(("chat", "voice", "chat")):
        figures: Document = {"handleTime": 10 * number, "answered": 1}
        org.collection("conversations").add({"id": str(number), "mediaType": media, "figures": figures})

    said = caller.post(QUERY, _aggregate("handleTime/avg", "answered", groupBy=["mediaType"]))

    assert said.document["results"] == [
        {
            "group": {"mediaType": media},
            "count": count,
            "metrics": [{"name": "handleTime/avg", "value": 10.0}, {"name": "answered", "value": count}],
        }
        for media, count in (("chat", 2), ("voice", 1))
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (_aggregate("moonPhase"), "/metrics/0"),
        (_aggregate("handleTime", "handleTime/median"), "/metrics/1"),
        (_aggregate(metrics=[]), "/metrics"),
        (_aggregate(view="dreams"), "/view"),
        (_aggregate(groupBy=["mood"]), "/groupBy/0"),
        (_aggregate(filters=[{"name": "mood", "type": "string", "values": []}]), "/filters/0/name"),
        (_aggregate(filters=[{"name": "queueId"}]), "/filters/0/type"),
        (_aggregate(size=1), "/size"),
        ({}, ""),
        ({**_aggregate(), **_detail()}, ""),
        (_detail(pageSize=101), "/pageSize"),
        (_detail(filter=[{"field": "queueId", "operator": "like", "value": "x"}]), "/filter/0/operator"),
        (_detail(startDate="yesterday"), "/startDate"),
        (_detail(startDate="2027-01-14T08:00:00+02:00"), "/startDate"),
        (_detail(startDate="2027-01-16T08:00:00Z"), "/endDate"),
        ({"startDate": "2027-01-14T08:00:00Z"}, "/endDate"),
    ],
)
def test_query_that_breaks_a_rule_is_400(caller: Caller, body: Document, field: str) -> None:
    said = caller.post(QUERY, body)

    assert (said.status, said.fields[0]) == (400, field)


def _chat(number: int, start: str, end: str) -> Document:
    return {
        "id": f"c{number}",
        "contactId": f"c{number}",
        "configurationId": "chat",
        "startTimestamp": start,
        "endTimestamp": end,
        "routingData": {"waitSeconds": number, "answered": True},
    }


def test_detail_form_answers_the_channels_conversations_of_the_time(org: SandboxOrg, caller: Caller) -> None:
    org.collection("conversations").add(
        _chat(1, "2027-01-13T07:00:00Z", "2027-01-14T07:59:59Z"),
        _chat(2, "2027-01-13T07:00:00Z", "2027-01-14T08:00:01Z"),
        _chat(3, "2027-01-15T07:59:59Z", "2027-01-15T08:10:00Z"),
        _chat(4, "2027-01-15T08:00:00Z", "2027-01-15T08:10:00Z"),
    )
    condition: Document = {"field": "configurationId", "operator": "equals", "value": "chat"}

    said = caller.post(QUERY, _detail(filter=[condition]))

    assert (said.document["totalCount"], said.document["nextPage"]) == (2, None)
    conversations = [as_object(each) for each in as_list(said.document["conversations"])]
    assert [each["contactId"] for each in conversations] == ["c2", "c3"]
    assert set(conversations[0]) == {"contactId", "startTimestamp", "endTimestamp", "routingData"}


def test_detail_form_is_paged_by_next_page(caller: Caller) -> None:
    sizes: list[int] = []
    following: JsonValue = None
    while following is not None or not sizes:
        body = _detail(pageSize=100) if following is None else _detail(pageSize=100, nextPage=following)
        said = caller.post(QUERY, body)
        sizes.append(len(as_list(said.document["conversations"])))
        following = said.document["nextPage"]

    assert sizes == [100, 21]


def test_status_is_what_the_engine_says(org: SandboxOrg, caller: Caller) -> None:
    assert caller.get("/api/v2/analytics/status").document == {"status": "healthy"}
    org.report_analytics("maintenance")
    assert caller.get("/api/v2/analytics/status").document == {"status": "maintenance"}
