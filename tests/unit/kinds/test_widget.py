"""Widgets: what a manifest may say, the pre-flight query, and what is sent (platform-api.md, section 4)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reconciler.kinds.fields import Combine
from reconciler.kinds.widget import QUERY_PATH, STATUS
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Check, CheckStatus, Report
from reconciler.model.diagnostics import Severity
from reconciler.model.remote import Facts, Lock, Request, Step
from reconciler.model.values import JsonObject, Lookup, Reference, Tree, Unknown
from tests.unit.kinds.builders_widget import (
    ADDRESS,
    DASHBOARD,
    KIND,
    METRIC,
    PATH,
    answered,
    by_queue,
    creation,
    filtered,
    live_of,
    problems,
    query_of,
    refused_places,
    silent,
    update,
    widget,
)

CONFIG = "/spec/config"


# -- what a manifest may say ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"name": "x" * 100},
        {"type": "chart", "visualization": {"type": "area"}},
        {"dashboardId": Lookup("Dashboard", "Service")},
        {"config": filtered()},
        {"config": filtered(by_queue("q-1", Lookup("Queue", "Support")))},
        {"config": filtered({"name": "mediaType", "type": "string", "values": []})},
        {"preflight": {}},
        {"preflight": {"onEmpty": "warn", "groupBy": ["queueId"]}},
        *({"config": {"metrics": [{"name": name, "type": "count"}]}} for name in ("offered", "tHandle/max")),
    ],
)
def test_widget_within_the_vocabulary_is_taken(members: dict[str, Tree]) -> None:
    spec = widget(**members)

    assert refused_places(spec) == []
    assert problems(spec) == []


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"dashboardId": None}, "dashboardId"),
        ({"dashboardId": ""}, "dashboardId"),
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": Lookup("Queue", "Support")}, "name"),
        ({"type": None}, "type"),
        ({"type": "gauge"}, "type"),
        ({"config": None}, "config"),
        ({"config": {}}, "config/metrics"),
        ({"config": {"metrics": []}}, "config/metrics"),
        ({"config": {"metrics": [{"type": "count"}]}}, "config/metrics/0/name"),
        ({"config": {"metrics": [{"name": "offered"}]}}, "config/metrics/0/type"),
        ({"config": {"metrics": [{"name": "offered", "type": "sum"}]}}, "config/metrics/0/type"),
        ({"config": {"metrics": [METRIC], "colour": "red"}}, "config/colour"),
        ({"config": filtered({"type": "string", "values": []})}, "config/filters/0/name"),
        ({"config": filtered({"name": "queueId", "values": []})}, "config/filters/0/type"),
        ({"config": filtered({"name": "queueId", "type": "string"})}, "config/filters/0/values"),
        ({"config": filtered(by_queue(1))}, "config/filters/0/values/0"),
        ({"visualization": None}, "visualization"),
        ({"visualization": {}}, "visualization/type"),
        ({"visualization": {"type": "donut"}}, "visualization/type"),
        ({"preflight": {"onEmpty": "ignore"}}, "preflight/onEmpty"),
        ({"renderStatus": "rendered"}, "renderStatus"),
    ],
)
def test_widget_outside_of_the_vocabulary_is_refused(members: dict[str, Tree], place: str) -> None:
    assert refused_places(widget(**members)) == [place]


@pytest.mark.parametrize(
    "name", ["HandleTime", "handle_time", "handleTime/", "handleTime/p95", "handleTime/avg/sum", "9lives", ""]
)
def test_metric_name_of_another_form_is_refused(name: str) -> None:
    spec = widget(config={"metrics": [{"name": name, "type": "numeric"}]})

    assert refused_places(spec) == ["config/metrics/0/name"]


@pytest.mark.parametrize(("excess", "codes"), [(0, []), (1, ["widget.too-large"])])
def test_body_may_take_exactly_the_platforms_limit_of_bytes(excess: int, codes: list[str]) -> None:
    empty = KIND.body(widget(config=filtered(by_queue("é"))))
    spare = 102_400 - len(json.dumps(empty, ensure_ascii=False, separators=(",", ":")).encode())
    never_sent = {"groupBy": ["y" * 9000]}

    spec = widget(config=filtered(by_queue("é" + "x" * (spare + excess))), preflight=never_sent)

    assert [found.code for found in problems(spec)] == codes


def test_too_large_widget_is_told_its_size() -> None:
    (found,) = problems(widget(config=filtered(by_queue("é" * 60_000))))

    assert found.severity is Severity.ERROR
    assert (found.code, found.path, found.address) == ("widget.too-large", "/spec", str(ADDRESS))
    assert found.message == "the widget takes 120,200 bytes as JSON; the platform takes at most 102,400"


def test_filter_declared_twice_is_refused_at_the_second_place() -> None:
    spec = widget(config=filtered(by_queue("q-1"), by_queue("q-2")))

    (found,) = problems(spec)

    assert (found.code, found.path, found.line) == (
        "manifest.invalid-value",
        "/spec/config/filters/1/name",
        11,
    )
    assert found.message == "filter queueId is declared twice, first in line 10"


def test_fields_are_compared_by_their_meaning() -> None:
    rules = KIND.field_rules
    filters = rules.member("config").member("filters")

    assert (rules.member("dashboardId").scope, rules.member("dashboardId").immutable) == (True, True)
    assert rules.member("preflight").local
    assert (filters.combine, filters.key) == (Combine.KEYED, "name")
    assert filters.element is not None
    assert filters.element.member("values").combine is Combine.SET
    assert rules.member("config").member("metrics").combine is Combine.MERGE


def test_natural_key_is_the_name_within_its_dashboard() -> None:
    assert KIND.natural_key(widget()) == '["d-1","Queue AHT"]'
    assert KIND.natural_key(widget(dashboardId=Lookup("Dashboard", "Service"))) is None


# -- the pre-flight query ------------------------------------------------------------------------------------


def test_query_asks_for_the_metrics_and_filters_of_the_widget() -> None:
    spec = widget(config=filtered(by_queue("q-2", "q-1")), preflight={"groupBy": ["queueId", "mediaType"]})

    read = query_of(creation(spec))

    assert (read.method, read.path, read.optional) == ("QUERY", QUERY_PATH, True)
    assert json.loads(read.body or "") == {
        "view": "conversations",
        "metrics": ["handleTime/avg"],
        "groupBy": ["queueId", "mediaType"],
        "filters": [{"name": "queueId", "type": "string", "values": ["q-1", "q-2"]}],
    }


def test_query_leaves_out_what_the_widget_does_not_have() -> None:
    assert json.loads(query_of(creation(widget(config=filtered()))).body or "") == {
        "view": "conversations",
        "metrics": ["handleTime/avg"],
    }


def test_query_of_an_update_has_the_filters_that_the_manifest_leaves_alone() -> None:
    live = live_of(widget(config=filtered(by_queue("q-1"))))

    read = query_of(update(widget(), live, "/config/metrics"))

    assert json.loads(read.body or "")["filters"] == [
        {"name": "queueId", "type": "string", "values": ["q-1"]}
    ]


def test_query_of_an_update_that_empties_the_filters_has_none() -> None:
    live = live_of(widget(config=filtered(by_queue("q-1"))))

    read = query_of(update(widget(config=filtered()), live, "/config/filters"))

    assert "filters" not in json.loads(read.body or "")


@pytest.mark.parametrize(
    ("paths", "is_asked"),
    [
        (("/config/metrics",), True),
        (("/config/metrics/0/name",), True),
        (("/config/filters/queueId/values",), True),
        (("/preflight/onEmpty",), True),
        (("/preflight",), True),
        (("/name",), False),
        (("/visualization/type", "/type"), False),
        ((), False),
    ],
)
def test_query_is_asked_when_metrics_filters_or_preflight_change(
    paths: tuple[str, ...], *, is_asked: bool
) -> None:
    change = update(widget(), live_of(widget()), *paths)

    assert bool(list(KIND.check_reads(change, Facts()))) is is_asked
    assert bool(list(KIND.checks(change, Facts()))) is is_asked


@pytest.mark.parametrize("action", [Action.DELETE, Action.FORGET])
def test_removal_asks_nothing(action: Action) -> None:
    change = Change(ADDRESS, action, creation(widget()).reason, live=live_of(widget()))

    assert list(KIND.check_reads(change, Facts())) == []
    assert list(KIND.checks(change, Facts())) == []


@pytest.mark.parametrize(
    ("total", "preflight", "status", "message"),
    [
        (7, None, CheckStatus.PASS, "finds 7 conversations"),
        (7, {"onEmpty": "warn"}, CheckStatus.PASS, "finds 7 conversations"),
        (0, None, CheckStatus.FAIL, "the pre-flight query finds no conversations: the widget would be empty"),
        (0, {}, CheckStatus.FAIL, "the pre-flight query finds no conversations: the widget would be empty"),
        (
            0,
            {"onEmpty": "warn"},
            CheckStatus.WARN,
            "the pre-flight query finds no conversations: the widget would be empty",
        ),
    ],
)
def test_query_is_judged_by_what_it_finds(
    total: int, preflight: Tree, status: CheckStatus, message: str
) -> None:
    change = creation(widget(preflight=preflight))

    checks = list(KIND.checks(change, answered(change, {"totalCount": total, "results": []})))

    data: JsonObject = {"totalCount": total, "metrics": ["handleTime/avg"]}
    assert checks == [Check("widget.query", ADDRESS, status, message, data, CONFIG)]


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("/metrics/1", "/spec/config/metrics/1/name"),
        ("/filters/0/name", "/spec/config/filters/0/name"),
        ("/filters/1/values/0", "/spec/config/filters/1/values"),
        ("/filters/9/name", CONFIG),
        ("/filters", CONFIG),
        ("/groupBy/0", "/spec/preflight/groupBy/0"),
        ("/groupBy", "/spec/preflight/groupBy"),
        ("/view", CONFIG),
        ("", CONFIG),
    ],
)
def test_refused_query_is_shown_at_the_manifests_own_place(field: str, path: str) -> None:
    second = {"name": "mediaType", "type": "string", "values": ["voice"]}
    change = creation(widget(config=filtered(by_queue("q-1"), second)))
    facts = answered(change, {"errors": [{"field": field, "message": "is unknown here"}]}, 400)

    (found,) = KIND.checks(change, facts)

    assert (found.status, found.path) == (CheckStatus.FAIL, path)
    place = path.removeprefix("/spec")
    assert found.message == f"the org refuses the pre-flight query: {place}: is unknown here"
    assert found.data == {"totalCount": None, "metrics": ["handleTime/avg"], "fields": [place]}


def test_each_error_of_a_refused_query_is_named() -> None:
    metrics = (METRIC, {"name": "nonsense", "type": "count"})
    change = creation(widget(config={"metrics": list(metrics)}))
    errors = [{"field": f"/metrics/{index}", "message": "unknown metric"} for index in (1, 0)]

    (found,) = KIND.checks(change, answered(change, {"errors": errors}, 400))

    assert found.path == "/spec/config/metrics/1/name"
    assert found.message == (
        "the org refuses the pre-flight query: "
        "/config/metrics/1/name: unknown metric; /config/metrics/0/name: unknown metric"
    )


def test_query_refused_without_errors_says_the_platforms_message() -> None:
    change = creation(widget())

    (found,) = KIND.checks(change, answered(change, {"message": "bad request"}, 400))

    assert (found.status, found.message) == (
        CheckStatus.FAIL,
        "the org refuses the pre-flight query: /config: bad request",
    )


def test_refused_filter_that_only_the_org_has_is_shown_at_the_config() -> None:
    live = live_of(widget(config=filtered(by_queue("q-1"))))
    change = update(widget(), live, "/config/metrics")
    facts = answered(change, {"errors": [{"field": "/filters/0/name", "message": "unknown"}]}, 400)

    (found,) = KIND.checks(change, facts)

    assert found.path == CONFIG


def test_query_without_an_answer_fails_as_unavailable() -> None:
    change = creation(widget())

    (found,) = KIND.checks(change, silent(change))

    assert found.status is CheckStatus.FAIL
    assert found.data == {"totalCount": None, "metrics": ["handleTime/avg"], "reason": "unavailable"}
    assert found.message == "the pre-flight query got no answer: 503 after 5 tries"


def test_engines_status_is_named_where_the_query_got_no_answer() -> None:
    change = creation(widget())

    (found,) = KIND.checks(change, silent(change, engine={"status": "maintenance"}))

    assert found.message.endswith("; the analytics engine says it is maintenance")


@pytest.mark.parametrize(("status", "is_asked"), [(503, True), (500, True), (0, True), (403, False)])
def test_engines_status_is_read_only_after_a_passing_fault(status: int, *, is_asked: bool) -> None:
    change = creation(widget())

    reads = list(KIND.check_reads(change, silent(change, status)))

    assert (STATUS in reads) is is_asked
    assert STATUS.optional


def test_engines_status_is_not_read_after_an_answer() -> None:
    change = creation(widget())

    assert list(KIND.check_reads(change, answered(change, {"totalCount": 0}))) == [query_of(change)]


def test_answer_without_a_count_fails_as_unavailable() -> None:
    change = creation(widget())

    (found,) = KIND.checks(change, answered(change, {"results": []}))

    assert (found.status, found.data["reason"]) == (CheckStatus.FAIL, "unavailable")


@pytest.mark.parametrize(
    "value", [Unknown(Address("Schema", "x")), Reference(Address("Schema", "x")), Lookup("Queue", "Support")]
)
def test_filter_that_is_not_known_yet_is_left_out_of_the_query(value: Tree) -> None:
    media = {"name": "mediaType", "type": "string", "values": ["voice"]}
    change = creation(widget(config=filtered(by_queue("q-1", value), media)))

    (found,) = KIND.checks(change, answered(change, {"totalCount": 4}))

    assert [one["name"] for one in json.loads(query_of(change).body or "")["filters"]] == ["mediaType"]
    assert found.status is CheckStatus.WARN
    assert found.message == "finds 4 conversations without queueId, whose values only apply will tell"


def test_filter_refused_after_one_that_is_not_known_yet_keeps_its_place() -> None:
    media = {"name": "mediaType", "type": "string", "values": ["voice"]}
    change = creation(widget(config=filtered(by_queue(Lookup("Queue", "Support")), media)))
    facts = answered(change, {"errors": [{"field": "/filters/0/name", "message": "unknown"}]}, 400)

    (found,) = KIND.checks(change, facts)

    assert found.path == "/spec/config/filters/1/name"


def test_nothing_found_without_the_unknown_filters_is_nothing_found() -> None:
    change = creation(widget(config=filtered(by_queue(Lookup("Queue", "Support")))))

    (found,) = KIND.checks(change, answered(change, {"totalCount": 0}))

    assert found.status is CheckStatus.FAIL


# -- what is sent --------------------------------------------------------------------------------------------


def test_create_posts_the_body_under_a_key_and_then_refreshes() -> None:
    spec = widget(preflight={"onEmpty": "warn"})

    assert KIND.steps(creation(spec), None) == (
        Step(
            "create",
            Request("POST", PATH, {k: v for k, v in spec.items() if k not in ("dashboardId", "preflight")}),
            key_header="Idempotency-Key",
            yields="/id",
        ),
        Step("refresh", Request("POST", f"{PATH}/{{remote_id}}/refresh"), best_effort=True),
    )


def test_update_puts_the_whole_live_object_and_then_refreshes() -> None:
    live = live_of(widget(config=filtered(by_queue("q-1")), note="made by hand"))

    write, refresh = KIND.steps(update(widget(type="chart"), live, "/type"), live)

    assert write.request == Request(
        "PUT",
        f"{PATH}/w-1",
        {
            "name": "Queue AHT",
            "type": "chart",
            "config": filtered(by_queue("q-1")),
            "visualization": {"type": "bigNumber"},
            "note": "made by hand",
        },
    )
    assert (write.lock, write.key_header) == (Lock.IF_MATCH, None)
    assert refresh == Step("refresh", Request("POST", f"{PATH}/w-1/refresh"), best_effort=True)


def test_changed_name_is_a_put() -> None:
    live = live_of(widget())

    steps = KIND.steps(update(widget(name="AHT"), live, "/name"), live)

    assert [step.request.method for step in steps] == ["PUT", "POST"]


def test_edited_preflight_sends_nothing() -> None:
    live = live_of(widget())

    assert KIND.steps(update(widget(preflight={}), live, "/preflight/onEmpty"), live) == ()


def test_move_to_another_dashboard_deletes_creates_and_refreshes_there() -> None:
    live = live_of(widget())
    change = replace(update(widget(dashboardId="d-2"), live, "/dashboardId"), action=Action.REPLACE)

    assert [(step.request.method, step.request.path) for step in KIND.steps(change, live)] == [
        ("DELETE", f"{PATH}/w-1"),
        ("POST", PATH.replace("d-1", "d-2")),
        ("POST", PATH.replace("d-1", "d-2") + "/{remote_id}/refresh"),
    ]


def test_delete_refreshes_nothing() -> None:
    live = live_of(widget())
    change = Change(ADDRESS, Action.DELETE, creation(widget()).reason, live=live)

    assert [step.label for step in KIND.steps(change, live)] == ["delete"]


# -- what is told --------------------------------------------------------------------------------------------


def test_live_widget_keeps_render_status_out_of_what_is_compared() -> None:
    live = live_of(widget())

    assert dict(live.body) == widget()
    assert live.server == {"id": "w-1", "version": 3, "renderStatus": "rendered"}
    assert live.scope == {"dashboardId": DASHBOARD}


def test_applied_widget_is_reported_with_its_render_status() -> None:
    spec = widget()

    report = KIND.report(creation(spec), Facts(), live_of(spec, renderStatus="pending"))

    assert report == Report(
        detail={"widget_name": "Queue AHT", "dashboard_id": DASHBOARD, "render_status": "pending"},
        export={"widget_id": "w-1", "dashboard_id": DASHBOARD, "name": "Queue AHT"},
    )


def test_widget_that_is_not_there_yet_is_reported_by_name_and_dashboard() -> None:
    detail = {"widget_name": "Queue AHT", "dashboard_id": DASHBOARD, "render_status": None}

    assert KIND.report(creation(widget()), Facts()) == Report(detail=detail)
