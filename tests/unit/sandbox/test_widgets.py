"""Dashboards and widgets (platform-api.md, section 4)."""

import pytest

from reconciler.sandbox import Fault, SandboxOrg, seed_id
from reconciler.sandbox.documents import Document, JsonValue, encode
from tests.unit.sandbox.caller import (
    DASHBOARD,
    DASHBOARDS,
    WIDGETS,
    Caller,
    metrics,
    widget,
    without_own_members,
)

_METRIC: Document = {"name": "handleTime/avg", "type": "numeric"}
_FILTER: Document = {"name": "queueId", "type": "string", "values": ["x"]}


def test_dashboards_are_filtered_by_exact_name(caller: Caller) -> None:
    assert [each["name"] for each in caller.get(DASHBOARDS).entities] == [
        "Support Overview",
        "Sales Overview",
        "Wallboard",
    ]
    assert [each["id"] for each in caller.get(DASHBOARDS, name="Support Overview").entities] == [DASHBOARD]
    assert caller.get(DASHBOARDS, name="Support").entities == []


def test_widget_is_kept_as_it_was_sent(caller: Caller) -> None:
    body = widget(config={"metrics": [_METRIC], "filters": [_FILTER]})

    made = caller.made(WIDGETS, body)

    assert without_own_members(made) == {**body, "dashboardId": DASHBOARD, "renderStatus": "pending"}
    assert caller.get(f"{WIDGETS}/{made['id']}").document == made
    assert caller.get(WIDGETS).entities == [made]


@pytest.mark.parametrize(
    ("members", "fields"),
    [
        ({"name": ""}, ["/name"]),
        ({"name": "x" * 101}, ["/name"]),
        ({"name": 1}, ["/name"]),
        ({"type": "gauge"}, ["/type"]),
        ({"type": None}, ["/type"]),
        ({"config": metrics()}, ["/config/metrics"]),
        ({"config": {}}, ["/config/metrics"]),
        ({"config": metrics({"name": "HandleTime", "type": "numeric"})}, ["/config/metrics/0/name"]),
        ({"config": metrics({"name": "handleTime/median", "type": "numeric"})}, ["/config/metrics/0/name"]),
        ({"config": metrics({"name": "handle time", "type": "numeric"})}, ["/config/metrics/0/name"]),
        ({"config": metrics(_METRIC, {"name": "a", "type": "text"})}, ["/config/metrics/1/type"]),
        ({"config": metrics({})}, ["/config/metrics/0/name", "/config/metrics/0/type"]),
        ({"config": {"metrics": [_METRIC], "filters": {}}}, ["/config/filters"]),
        (
            {"config": {"metrics": [_METRIC], "filters": [{"name": "a", "type": "b"}]}},
            ["/config/filters/0/values"],
        ),
        ({"config": {"metrics": [_METRIC], "colour": 1}}, ["/config/colour"]),
        ({"visualization": {"type": "radar"}}, ["/visualization/type"]),
        ({"visualization": {}}, ["/visualization/type"]),
        ({"dashboardId": DASHBOARD}, ["/dashboardId"]),
        ({"a/b~c": 1}, ["/a~1b~0c"]),
    ],
)
def test_widget_that_breaks_a_rule_is_400(caller: Caller, members: Document, fields: list[str]) -> None:
    said = caller.post(WIDGETS, widget(**members))

    assert (said.status, said.fields) == (400, fields)


@pytest.mark.parametrize("name", ["name", "type", "config", "visualization"])
def test_required_member_that_is_absent_is_400(caller: Caller, name: str) -> None:
    body = widget()
    del body[name]

    said = caller.post(WIDGETS, body)

    assert (said.status, said.fields) == (400, [f"/{name}"])


def test_all_broken_rules_are_told_at_once(caller: Caller) -> None:
    said = caller.post(WIDGETS, {"name": "", "type": "x"})

    assert said.fields == ["/config", "/visualization", "/name", "/type"]


@pytest.mark.parametrize(("size", "status"), [(102_400, 201), (102_401, 413)])
def test_body_has_at_most_102400_bytes(caller: Caller, size: int, status: int) -> None:
    def raw(padding: str) -> bytes:
        return encode(widget(config={"metrics": [_METRIC], "filters": [{**_FILTER, "values": [padding]}]}))

    body = raw("x" * (size - len(raw(""))))

    response = caller.client.post(WIDGETS, content=body, headers=caller.headers)

    assert (len(body), response.status_code) == (size, status)


def test_name_is_unique_in_its_dashboard_only(caller: Caller) -> None:
    caller.made(WIDGETS, widget())

    taken = caller.post(WIDGETS, widget())
    elsewhere = caller.post(f"{DASHBOARDS}/{seed_id('dashboard', 'Wallboard')}/widgets", widget())

    assert (taken.status, taken.code, taken.fields) == (409, "duplicate", ["/name"])
    assert elsewhere.status == 201


def test_rename_to_a_taken_name_is_409_and_to_its_own_is_fine(caller: Caller) -> None:
    made = caller.made(WIDGETS, widget())
    caller.made(WIDGETS, widget(name="Other"))

    assert caller.put(f"{WIDGETS}/{made['id']}", widget(name="Other")).code == "duplicate"
    assert caller.put(f"{WIDGETS}/{made['id']}", widget()).status == 200


def test_put_replaces_the_whole_widget(caller: Caller) -> None:
    made = caller.made(WIDGETS, widget(config={"metrics": [_METRIC], "filters": [_FILTER]}))

    said = caller.put(f"{WIDGETS}/{made['id']}", widget())

    assert said.document["config"] == {"metrics": [_METRIC]}
    assert caller.put(f"{WIDGETS}/{made['id']}", {"name": "Only"}).status == 400


def test_deleted_widget_is_gone(caller: Caller) -> None:
    path = f"{WIDGETS}/{caller.made(WIDGETS, widget())['id']}"

    assert caller.delete(path).status == 204
    assert [caller.get(path).status, caller.delete(path).status] == [404, 404]
    assert caller.get(WIDGETS).entities == []


def test_widget_is_only_found_in_its_own_dashboard(caller: Caller) -> None:
    made = caller.made(WIDGETS, widget())

    assert caller.get(f"{DASHBOARDS}/{seed_id('dashboard', 'Wallboard')}/widgets/{made['id']}").status == 404
    assert caller.get(f"{DASHBOARDS}/nowhere/widgets").status == 404


def _status(caller: Caller, path: str) -> JsonValue:
    return caller.get(path).document["renderStatus"]


def test_rendering_is_pending_then_rendered_after_each_change_and_refresh(
    org: SandboxOrg, caller: Caller
) -> None:
    path = f"{WIDGETS}/{caller.made(WIDGETS, widget())['id']}"

    for method, suffix in (("GET", ""), ("PUT", ""), ("POST", "/refresh")):
        assert caller.send(method, f"{path}{suffix}", widget() if method == "PUT" else None).status in (
            200,
            202,
        )
        assert _status(caller, path) == "pending"
        org.advance(0.2)
        assert _status(caller, path) == "rendered"


def test_refresh_is_202_and_raises_no_version(caller: Caller) -> None:
    path = f"{WIDGETS}/{caller.made(WIDGETS, widget())['id']}"

    assert caller.post(f"{path}/refresh").status == 202
    assert caller.get(path).document["version"] == 1


def test_widget_of_an_unknown_metric_cannot_be_rendered(org: SandboxOrg, caller: Caller) -> None:
    made = caller.made(WIDGETS, widget(config=metrics({"name": "moonPhase", "type": "count"})))
    org.advance(1)

    assert _status(caller, f"{WIDGETS}/{made['id']}") == "failed"


@pytest.mark.parametrize(("render", "status"), [("fail", "failed"), ("hang", "pending")])
def test_rendering_fails_or_hangs_on_request(
    org: SandboxOrg, caller: Caller, render: str, status: str
) -> None:
    org.inject(Fault.of({"path": "*/widgets", "render": render}))
    made = caller.made(WIDGETS, widget())
    org.advance(3000)

    assert _status(caller, f"{WIDGETS}/{made['id']}") == status


def test_rendering_that_hangs_takes_the_place_of_one_under_way(org: SandboxOrg, caller: Caller) -> None:
    path = f"{WIDGETS}/{caller.made(WIDGETS, widget())['id']}"
    org.inject(Fault("POST", "*/refresh", render="hang"))

    caller.post(f"{path}/refresh")
    org.advance(5)

    assert _status(caller, path) == "pending"


def test_status_settles_once(org: SandboxOrg, caller: Caller) -> None:
    made = caller.made(WIDGETS, widget())
    org.advance(1)
    org.alter("widgets", str(made["id"]), {"renderStatus": "failed"})

    assert _status(caller, f"{WIDGETS}/{made['id']}") == "failed"
