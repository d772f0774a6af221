"""The table of platform-api.md, section 3: what each status is to a read, a query and a write."""

import asyncio

import pytest

from reconciler.errors import FieldError, NotFound, Rejected, RemoteError, ScopeMissing
from reconciler.model.remote import Answer, Read, get, query
from tests.simulated.remote.scripted import Scene, Scripted, problem, scene
from tests.simulated.remote.stand_ins import HELD

QUERY = "/api/v2/analytics/conversations/details/query"
QUEUE = "/api/v2/routing/queues/q1"
KEY = ("Idempotency-Key", "k1")


async def _call(at: Scene, method: str, path: str) -> Answer:
    if method == "GET":
        return await at.client.read(get(path))
    if method == "QUERY":
        return await at.client.read(query(path, {"view": "conversations"}))
    return await at.client.send(method, path, {"name": "x"}, fence=HELD, key=KEY)


def _answer(method: str, scripted: Scripted, path: str = QUEUE) -> Answer:
    async def told() -> Answer:
        async with scene() as at:
            at.host.on("POST" if method == "QUERY" else method, path, scripted)
            return await _call(at, method, path)

    return asyncio.run(told())


def _error(method: str, scripted: Scripted, path: str = QUEUE) -> RemoteError:
    with pytest.raises(RemoteError) as raised:
        _answer(method, scripted, path)
    return raised.value


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", QUEUE, 200),
        ("GET", QUEUE, 404),
        ("QUERY", QUERY, 200),
        ("QUERY", QUERY, 400),
        ("POST", QUEUE, 200),
        ("POST", QUEUE, 201),
        ("POST", QUEUE, 202),
        ("PUT", QUEUE, 200),
        ("PATCH", QUEUE, 202),
        ("DELETE", QUEUE, 200),
        ("DELETE", QUEUE, 404),
    ],
)
def test_status_is_an_answer(method: str, path: str, status: int) -> None:
    answer = _answer(method, problem(status), path)

    assert (answer.status, answer.attempts, answer.correlation_id) == (status, 1, "corr-1")
    assert isinstance(answer.body, dict)
    assert answer.body["message"] == "told so"


@pytest.mark.parametrize(
    ("method", "status", "kind"),
    [
        ("GET", 400, Rejected),
        ("GET", 409, Rejected),
        ("GET", 302, Rejected),
        ("POST", 400, Rejected),
        ("POST", 404, NotFound),
        ("POST", 409, Rejected),
        ("POST", 413, Rejected),
        ("POST", 418, Rejected),
        ("PUT", 403, ScopeMissing),
        ("PUT", 404, NotFound),
        ("PUT", 412, Rejected),
        ("PATCH", 404, NotFound),
        ("PATCH", 412, Rejected),
        ("DELETE", 403, ScopeMissing),
        ("DELETE", 409, Rejected),
        ("DELETE", 412, Rejected),
    ],
)
def test_status_is_an_error_and_sent_once(method: str, status: int, kind: type[RemoteError]) -> None:
    async def told() -> tuple[RemoteError, int]:
        async with scene() as at:
            at.host.on(method, QUEUE, problem(status))
            with pytest.raises(RemoteError) as raised:
                await _call(at, method, QUEUE)
            return raised.value, len(at.host.calls)

    error, sent = asyncio.run(told())

    assert type(error) is kind
    assert (error.http_status, error.remote_code, error.correlation_id) == (status, "a.code", "corr-1")
    assert not error.outcome_unknown
    assert sent == 1


def test_no_content_is_an_answer_without_a_body() -> None:
    answer = _answer("DELETE", Scripted(204))

    assert (answer.status, answer.body, answer.found) == (204, None, True)


def test_rejection_carries_every_field_error_and_says_what_the_platform_said() -> None:
    errors = [{"field": "/name", "message": "is required"}, {"field": "", "message": "is odd"}]
    error = _error("PUT", problem(400, "The body breaks a rule", code="bad.request", errors=errors))

    assert error.field_errors == (FieldError("/name", "is required"), FieldError("", "is odd"))
    assert str(error) == (
        "PUT /api/v2/routing/queues/q1 answered 400 [bad.request]: The body breaks a rule; "
        "/name: is required; is odd (correlation id corr-1)"
    )


@pytest.mark.parametrize("code", ["duplicate", "version.mismatch", "idempotency.mismatch"])
def test_conflict_is_told_apart_by_its_code(code: str) -> None:
    error = _error("POST", problem(409, code=code))

    assert (error.code, error.remote_code) == ("remote.rejected", code)


def test_conflict_over_a_key_used_before_answers_the_object_that_it_made() -> None:
    answer = _answer("POST", Scripted(409, {"id": "i1", "code": "idempotency.existing"}))

    assert (answer.status, answer.body) == (409, {"id": "i1", "code": "idempotency.existing"})


@pytest.mark.parametrize(
    ("members", "path", "scope"),
    [
        ({"message": "missing scope: routing:queue:write"}, "/api/v2/users", "routing:queue:write"),
        (
            {"errors": [{"field": "", "message": "needs webhooks:write"}]},
            "/api/v2/platform/webhooks",
            "webhooks:write",
        ),
        ({"details": [{"permission": "routing:queue:edit"}]}, QUEUE, "routing:queue:edit"),
        ({"message": "user:read does not do, routing:queue:write does"}, QUEUE, "routing:queue:write"),
        ({"message": "forbidden"}, QUEUE, "routing:queue:write"),
        (
            {"message": "forbidden"},
            "/api/v2/customobjects/schemas/s1",
            "customobjects:schema:write",
        ),
        ({"message": "forbidden"}, "/api/v2/interactions", "interaction:create"),
    ],
)
def test_missing_permission_names_the_scope_and_where_to_grant_it(
    members: dict[str, str], path: str, scope: str
) -> None:
    error = _error("PUT", Scripted(403, members), path)

    assert (error.code, type(error)) == ("auth.scope", ScopeMissing)
    assert f"scope {scope} is missing" in str(error)
    assert error.hint is not None
    assert error.hint.startswith(
        f"grant {scope} to the OAuth client the-client (Admin > Integrations > OAuth)"
    )


@pytest.mark.parametrize(
    ("scripted", "correlation_id"),
    [
        (Scripted(400, {"contextId": "c"}, {"ININ-Correlation-Id": "a", "requestId": "b"}), "a"),
        (Scripted(400, {"contextId": "c"}, {"requestId": "b"}), "b"),
        (Scripted(400, {"contextId": "c"}), "c"),
        (Scripted(400, {}), None),
    ],
)
def test_correlation_id_is_taken_from_the_first_place_that_has_one(
    scripted: Scripted, correlation_id: str | None
) -> None:
    assert _error("PUT", scripted).correlation_id == correlation_id


def test_headers_and_body_are_sent_as_given() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("PUT", QUEUE, Scripted(200, {}))
            await at.client.send("PUT", QUEUE, {"name": "Süd"}, fence=HELD, key=KEY, if_match="7")
            (sent,) = at.host.calls
            wanted = {
                "authorization": "Bearer token-1",
                "accept": "application/json",
                "user-agent": "reconciler/1.2.3",
                "content-type": "application/json",
                "idempotency-key": "k1",
                "if-match": "7",
            }
            assert {name: sent.headers.get(name) for name in wanted} == wanted
            assert sent.content == '{"name":"Süd"}'

    asyncio.run(told())


def test_delete_is_sent_without_a_body() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("DELETE", QUEUE, Scripted(204))
            await at.client.send("DELETE", QUEUE, None, fence=HELD)
            (sent,) = at.host.calls
            assert (sent.content, "content-type" in sent.headers) == ("", False)

    asyncio.run(told())


def test_query_is_posted_with_its_parameters_and_body() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("POST", QUERY, Scripted(200, {"totalCount": 1}))
            answer = await at.client.read(query(QUERY, {"view": "conversations"}))
            (sent,) = at.host.calls
            assert (sent.method, sent.content) == ("POST", '{"view":"conversations"}')
            assert answer.body == {"totalCount": 1}

    asyncio.run(told())


def test_parameters_of_a_read_are_sent_encoded() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("GET", "/api/v2/users", Scripted(200, {}))
            await at.client.read(Read("GET", "/api/v2/users", (("email", "a+b&c@x.org"),)))
            assert at.host.calls[0].query == {"email": "a+b&c@x.org"}

    asyncio.run(told())
