"""What every answer has: correlation, errors, pages, rate headers (platform-api.md, section 3)."""

import pytest

from reconciler.sandbox import SandboxOptions, SandboxOrg, running_sandbox
from reconciler.sandbox.documents import Document
from tests.unit.sandbox.caller import QUEUES, SCHEMAS, SUPPORT_QUEUE, WIDGETS, Caller


def test_every_answer_has_its_own_correlation_id(caller: Caller) -> None:
    ids = [caller.get(path).headers["ININ-Correlation-Id"] for path in (QUEUES, QUEUES, "/api/v2/nowhere")]
    ids.append(caller.ask_token("a", "b").headers["ININ-Correlation-Id"])

    assert len(set(ids)) == 4


def test_error_body_is_the_platforms_and_names_the_correlation_id(caller: Caller) -> None:
    said = caller.get(QUEUES, pageSize=101)

    assert set(said.document) == {"message", "code", "status", "contextId", "details", "errors"}
    assert said.document["contextId"] == said.headers["ININ-Correlation-Id"]
    assert (said.status, said.document["status"], said.code) == (400, 400, "bad.request")
    assert said.fields == ["pageSize"]


def test_unknown_path_is_404_and_unknown_method_405(caller: Caller) -> None:
    assert caller.get("/api/v2/nowhere").status == 404
    said = caller.delete(QUEUES)
    assert (said.status, said.headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize("raw", [b"{", b"[1]", b"nothing", b'{"a": NaN}', b'{"a": 1e999}', b'"\\ud800"', b""])
def test_body_that_is_no_json_object_is_400(caller: Caller, raw: bytes) -> None:
    response = caller.client.post(SCHEMAS, content=raw, headers=caller.headers)

    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "")


def _with_users(org: SandboxOrg, count: int) -> None:
    org.collection("users").clear()
    org.collection("users").add_all({"id": f"u{number}", "name": str(number)} for number in range(count))


def test_pages_hold_every_object_once_in_a_stable_order(org: SandboxOrg, caller: Caller) -> None:
    _with_users(org, 60)

    pages = [caller.get("/api/v2/users", pageNumber=number, pageSize=25) for number in (1, 2, 3)]

    assert [each["id"] for page in pages for each in page.entities] == [f"u{number}" for number in range(60)]
    figures = {name: value for name, value in pages[2].document.items() if name != "entities"}
    assert figures == {"pageSize": 25, "pageNumber": 3, "pageCount": 3, "total": 60}


def test_page_is_taken_for_page_number_and_25_is_the_default(org: SandboxOrg, caller: Caller) -> None:
    _with_users(org, 30)

    said = caller.get("/api/v2/users", page=2)

    assert [each["id"] for each in said.entities] == [f"u{number}" for number in range(25, 30)]


def test_page_past_the_end_is_empty(caller: Caller) -> None:
    said = caller.get("/api/v2/users", pageNumber=99)

    assert (said.status, said.entities) == (200, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [("pageSize", "101"), ("pageSize", "0"), ("pageSize", "x"), ("pageNumber", "0"), ("page", "-1")],
)
def test_page_out_of_range_is_400(caller: Caller, name: str, value: str) -> None:
    assert caller.get(QUEUES, **{name: value}).status == 400


def test_altered_object_keeps_its_place_in_listings(org: SandboxOrg, caller: Caller) -> None:
    names = [each["name"] for each in caller.get(QUEUES).entities]

    caller.patch(SUPPORT_QUEUE, {"wrapUpTimeout": 5})

    assert [each["name"] for each in caller.get(QUEUES).entities] == names
    _with_widgets(org, "a", "b")
    org.alter("widgets", "a", {"type": "chart"})
    assert [each["id"] for each in caller.get(WIDGETS).entities] == ["a", "b"]


def _with_widgets(org: SandboxOrg, *names: str) -> None:
    documents: list[Document] = [
        {"id": name, "name": name, "dashboardId": WIDGETS.split("/")[-2]} for name in names
    ]
    org.collection("widgets").add_all(documents)


def test_rate_headers_count_the_requests_of_a_window(org: SandboxOrg, caller: Caller) -> None:
    caller.get(QUEUES)
    org.advance(20)

    headers = caller.get(QUEUES).headers

    told = {name: headers[f"inin-ratelimit-{name}"] for name in ("allowed", "count", "reset")}
    assert told == {"allowed": "300", "count": "2", "reset": "40"}


def test_request_over_the_limit_is_429_until_the_next_window() -> None:
    options = SandboxOptions(rate_limit=2)
    with running_sandbox(options, clock=lambda: 1000.0) as org, Caller.of(org) as caller:
        statuses = [caller.get(QUEUES).status for _ in range(3)]
        org.advance(45.5)
        said = caller.get(QUEUES)
        org.advance(14.5)

        assert statuses == [200, 200, 429]
        assert (said.status, said.code, said.headers["Retry-After"]) == (429, "too.many.requests", "15")
        assert said.headers["inin-ratelimit-count"] == "2"
        assert caller.get(QUEUES).status == 200


def test_rate_windows_are_per_token() -> None:
    with running_sandbox(SandboxOptions(rate_limit=1)) as org, Caller.of(org) as caller:
        assert caller.get(QUEUES).status == 200
        assert caller.get(QUEUES).status == 429
        caller.log_in()
        assert caller.get(QUEUES).status == 200


def test_listing_of_ten_thousand_objects_is_encoded_once(org: SandboxOrg, caller: Caller) -> None:
    _with_users(org, 10_000)
    first = caller.get("/api/v2/users", pageSize=100, pageNumber=100)

    entries = org.collection("users").entries()

    assert (len(first.entities), first.document["total"]) == (100, 10_000)
    assert entries[9_999].encoded() is entries[9_999].encoded()
    assert org.collection("users").entries() is entries


def test_lagging_listing_shows_objects_as_they_were(org: SandboxOrg, caller: Caller) -> None:
    _with_users(org, 2)
    org.lag_listings(5)
    org.collection("users").add({"id": "new"})
    org.collection("users").alter("u0", {"name": "first"})
    org.collection("users").alter("u0", {"name": "changed"})
    org.collection("users").remove("u1")

    assert {each["id"]: each.get("name") for each in caller.get("/api/v2/users").entities} == {
        "u0": "0",
        "u1": "1",
    }
    org.advance(5)
    assert {each["id"]: each.get("name") for each in caller.get("/api/v2/users").entities} == {
        "u0": "changed",
        "new": None,
    }
