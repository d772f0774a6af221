"""Tokens over real HTTP (platform-api.md, section 2)."""

import asyncio
import base64
import logging

import pytest

from reconciler.errors import AuthFailed, RemoteUnavailable
from reconciler.model.remote import get
from tests.simulated.remote.scripted import (
    CLIENT_SECRET,
    TOKEN,
    Ending,
    Scripted,
    Seen,
    problem,
    scene,
    token,
)
from tests.simulated.remote.stand_ins import HELD

QUEUE = "/api/v2/routing/queues/q1"
DONE = Scripted(200, {"id": "q1"})
REFUSED = problem(401, "No token")


def test_token_is_asked_for_by_basic_and_form_and_then_kept() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("GET", QUEUE, DONE)
            for _ in range(3):
                await at.client.read(get(QUEUE))
            (asked,) = at.host.requests(TOKEN)
            basic = base64.b64encode(f"the-client:{CLIENT_SECRET}".encode()).decode()
            assert asked.headers["authorization"] == f"Basic {basic}"
            assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
            assert asked.content == "grant_type=client_credentials"
            assert at.client.granted_scopes == frozenset({"routing:queue:read"})
            assert at.client.requests_made == 4

    asyncio.run(told())


def test_scopes_are_unknown_before_the_first_request() -> None:
    async def told() -> frozenset[str] | None:
        async with scene() as at:
            return at.client.granted_scopes

    assert asyncio.run(told()) is None


def test_login_host_that_does_not_say_the_scopes_leaves_them_unknown() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("POST", TOKEN, token("t", scope=None))
            at.host.on("GET", QUEUE, DONE)
            await at.client.read(get(QUEUE))
            assert at.client.granted_scopes is None

    asyncio.run(told())


@pytest.mark.parametrize(
    ("lifetime_s", "passed_s", "tokens"), [(3600, 3539, 1), (3600, 3540, 2), (100, 89, 1), (100, 90, 2)]
)
def test_token_is_refreshed_before_it_expires(lifetime_s: int, passed_s: float, tokens: int) -> None:
    async def told() -> int:
        async with scene() as at:
            at.host.on("POST", TOKEN, token("t", expires_in=lifetime_s))
            at.host.on("GET", QUEUE, DONE)
            await at.client.read(get(QUEUE))
            at.clock.passed_s += passed_s
            await at.client.read(get(QUEUE))
            return len(at.host.requests(TOKEN))

    assert asyncio.run(told()) == tokens


def test_refused_token_is_refreshed_once_and_the_request_repeated_once() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("PUT", QUEUE, REFUSED, DONE)
            answer = await at.client.send("PUT", QUEUE, {}, fence=HELD)
            assert (answer.status, answer.attempts) == (200, 2)
            assert [seen.headers["authorization"] for seen in at.host.calls] == [
                "Bearer token-1",
                "Bearer token-2",
            ]

    asyncio.run(told())


def test_second_refusal_is_an_error_that_names_client_and_host_and_no_secret() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("POST", QUEUE, REFUSED)
            with pytest.raises(AuthFailed) as raised:
                await at.client.send("POST", QUEUE, {}, fence=HELD)
            text = f"{raised.value} {raised.value.hint}"
            host = at.host.target.api_host
            assert f"client the-client, host {host}" in text
            assert CLIENT_SECRET not in text
            assert "token-" not in text
            assert (raised.value.code, raised.value.http_status) == ("auth.failed", 401)
            assert (len(at.host.calls), len(at.host.requests(TOKEN))) == (2, 2)

    asyncio.run(told())


def test_refusal_after_a_repeat_for_another_reason_is_the_second_one() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("GET", QUEUE, REFUSED, problem(500), REFUSED)
            with pytest.raises(AuthFailed):
                await at.client.read(get(QUEUE))
            assert len(at.host.requests(TOKEN)) == 2

    asyncio.run(told())


def test_one_refresh_serves_all_who_saw_the_same_token_refused() -> None:
    async def told() -> None:
        async with scene() as at:
            window = {
                "inin-ratelimit-allowed": "300",
                "inin-ratelimit-count": "1",
                "inin-ratelimit-reset": "60",
            }
            at.host.on("GET", QUEUE, Scripted(200, {}, window))
            await at.client.read(get(QUEUE))
            together = asyncio.Barrier(6)

            async def answering(seen: Seen) -> Scripted:
                if seen.headers["authorization"] == "Bearer token-1":
                    await together.wait()
                    return REFUSED
                return DONE

            at.host.answer("GET", QUEUE, answering)
            async with asyncio.timeout(5):
                answers = await asyncio.gather(*(at.client.read(get(QUEUE)) for _ in range(6)))
            assert {answer.status for answer in answers} == {200}
            assert len(at.host.requests(TOKEN)) == 2

    asyncio.run(told())


def test_many_first_requests_ask_for_one_token() -> None:
    async def told() -> int:
        async with scene() as at:
            at.host.on("GET", QUEUE, DONE)
            await asyncio.gather(*(at.client.read(get(QUEUE)) for _ in range(5)))
            return len(at.host.requests(TOKEN))

    assert asyncio.run(told()) == 1


def test_many_who_wait_for_a_refused_client_hear_it_from_one_request() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("POST", TOKEN, Scripted(401, {"error": "invalid_client"}))
            reads = (at.client.read(get(QUEUE)) for _ in range(5))
            found = await asyncio.gather(*reads, return_exceptions=True)
            assert [type(each) for each in found] == [AuthFailed] * 5
            assert len(at.host.requests(TOKEN)) == 1

    asyncio.run(told())


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize("member", ["description", "error_description"])
def test_login_that_refuses_the_client_is_told_in_its_own_words(status: int, member: str) -> None:
    async def told() -> AuthFailed:
        async with scene() as at:
            refusal = {"error": "invalid_client", member: f"client not found, {CLIENT_SECRET}"}
            at.host.on("POST", TOKEN, Scripted(status, refusal, {"ININ-Correlation-Id": "c9"}))
            with pytest.raises(AuthFailed) as raised:
                await at.client.read(get(QUEUE))
            assert at.client.requests_made == 1
            return raised.value

    error = asyncio.run(told())

    assert f"{status} [invalid_client]: client not found, ***" in str(error)
    assert "no token for client the-client at 127.0.0.1:" in str(error)
    assert (error.code, error.http_status, error.correlation_id) == ("auth.failed", status, "c9")


@pytest.mark.parametrize(
    "fault",
    [
        problem(503),
        Scripted(429, {}, {"Retry-After": "0"}),
        Scripted(ending=Ending.RESET),
        Scripted(200, "<html>"),
    ],
)
def test_login_host_s_passing_faults_are_repeated(fault: Scripted) -> None:
    async def told() -> int:
        async with scene() as at:
            at.host.on("POST", TOKEN, fault, fault, token("t"))
            at.host.on("GET", QUEUE, DONE)
            await at.client.read(get(QUEUE))
            return len(at.host.requests(TOKEN))

    assert asyncio.run(told()) == 3


def test_login_host_that_stays_away_makes_a_write_fail_without_doubt() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("POST", TOKEN, problem(503))
            with pytest.raises(RemoteUnavailable) as raised:
                await at.client.send("POST", QUEUE, {}, fence=HELD)
            assert not raised.value.outcome_unknown
            assert (len(at.host.requests(TOKEN)), at.host.calls) == (5, [])

    asyncio.run(told())


@pytest.mark.parametrize(
    "body",
    [{}, {"access_token": ""}, {"access_token": 7}, {"access_token": "a\nb"}, {"access_token": "a "}, []],
)
def test_answer_without_a_token_is_an_error(body: dict[str, str]) -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("POST", TOKEN, Scripted(200, body))
            with pytest.raises(AuthFailed, match="holds no access_token"):
                await at.client.read(get(QUEUE))

    asyncio.run(told())


def test_host_that_is_no_login_host_is_told_so() -> None:
    async def told() -> AuthFailed:
        async with scene() as at:
            at.host.on("POST", TOKEN, Scripted(404, "<html><title>Not here</title>"))
            with pytest.raises(AuthFailed) as raised:
                await at.client.read(get(QUEUE))
            return raised.value

    assert "GENESYS_LOGIN_URL" in (asyncio.run(told()).hint or "")


def test_log_has_a_line_a_request_and_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("PUT", QUEUE, problem(500), Scripted(200, {}, {"ININ-Correlation-Id": "c2"}))
            with caplog.at_level(logging.DEBUG):
                await at.client.send("PUT", QUEUE, {"secret": "planted-in-the-body"}, fence=HELD)

    asyncio.run(told())
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith("asyncio")]

    assert lines == [
        "POST /oauth/token -> 200 in 0 ms, attempt 1, -",
        f"PUT {QUEUE} -> 500 in 0 ms, attempt 1, corr-1",
        f"PUT {QUEUE} -> 200 in 0 ms, attempt 2, c2",
    ]


def test_statistics_add_up() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on(
                "GET", QUEUE, problem(500), Scripted(429, {}, {"Retry-After": "0"}), REFUSED, problem(404)
            )
            await at.client.read(get(QUEUE))
            told = at.client.statistics
            assert (told.total, told.succeeded, told.failed, told.throttled, told.retried) == (6, 3, 2, 1, 2)
            assert len(told.latencies_ms) == at.client.requests_made == 6

    asyncio.run(told())
