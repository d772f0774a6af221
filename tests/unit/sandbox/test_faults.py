"""Faults on request (design.md, section 9)."""

import httpx
import pytest

from reconciler.sandbox import Fault, SandboxOptions, SandboxOrg, parse_faults, running_sandbox
from reconciler.sandbox.faults import Drop
from tests.unit.sandbox.caller import QUEUES, SUPPORT_QUEUE, WIDGETS, Caller, widget


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "PATCH /api/v2/routing/queues/*/members/* status=500 times=6 after=1",
            Fault("PATCH", "/api/v2/routing/queues/*/members/*", status=500, times=6, after=1),
        ),
        ("* * status=429 retry_after=7 times=always", Fault(status=429, retry_after="7", times=None)),
        ("get /x latency_s=0.5 drop=after", Fault("GET", "/x", latency_s=0.5, drop="after")),
        ("GET /x drop=before silent=true", Fault("GET", "/x", drop="before", silent=True)),
        ("GET /x truncate=true", Fault("GET", "/x", truncate=True)),
        (
            'GET /x status=502 body="<h1>Bad; gateway</h1>"',
            Fault("GET", "/x", status=502, body="<h1>Bad; gateway</h1>"),
        ),
        (
            'POST /x activation=fail message="no licence"',
            Fault("POST", "/x", activation="fail", message="no licence"),
        ),
        ("GET /x revoke_token=yes", Fault("GET", "/x", revoke_token=True)),
        ("POST /x status=503 late=true code=busy", Fault("POST", "/x", status=503, late=True, code="busy")),
    ],
)
def test_fault_is_read_from_text(text: str, fault: Fault) -> None:
    assert Fault.parse(text) == fault


@pytest.mark.parametrize(
    "text",
    [
        "GET /x",
        "status=500",
        "GET status=500 times=1",
        "GET /x 500",
        "GET /x status=abc",
        "GET /x colour=red",
        "GET /x drop=sometimes",
        "GET /x truncate=maybe",
        "GET /x times=often",
    ],
)
def test_text_that_says_no_fault_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"fault|key=value|is a number|is one of|is true or false"):
        Fault.parse(text)


def test_several_faults_are_read_from_lines_or_semicolons() -> None:
    text = "GET /a status=500; PUT /b status=501\n# a comment\n\n* /c status=502"

    assert [fault.status for fault in parse_faults(text)] == [500, 501, 502]


def _statuses(caller: Caller, count: int, path: str = QUEUES) -> list[int]:
    return [caller.get(path).status for _ in range(count)]


def test_fault_strikes_so_many_times_after_so_many_requests(org: SandboxOrg, caller: Caller) -> None:
    org.inject(Fault("GET", QUEUES, status=503, after=1, times=2))

    assert _statuses(caller, 5) == [200, 503, 503, 200, 200]
    assert org.faults == ()


def test_fault_without_end_strikes_until_it_is_cleared(org: SandboxOrg, caller: Caller) -> None:
    org.inject("GET * status=500 times=always")
    assert _statuses(caller, 3) == [500, 500, 500]

    org.clear_faults()

    assert _statuses(caller, 1) == [200]


def test_faults_for_one_path_strike_one_after_the_other(org: SandboxOrg, caller: Caller) -> None:
    org.inject(Fault(path=QUEUES, status=500), Fault(path=QUEUES, status=429))

    assert _statuses(caller, 3) == [500, 429, 200]


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", QUEUES), ("GET", "/api/v2/routing"), ("GET", f"{QUEUES}/*")]
)
def test_fault_for_something_else_does_not_strike(
    org: SandboxOrg, caller: Caller, method: str, path: str
) -> None:
    org.inject(Fault(method, path, status=500))

    assert _statuses(caller, 1) == [200]
    assert len(org.faults) == 1


def test_status_fault_has_the_platforms_body_and_retry_after(org: SandboxOrg, caller: Caller) -> None:
    date = "Fri, 15 Jan 2027 08:00:09 GMT"
    org.inject(Fault(path=QUEUES, status=429, code="slow.down", message="Slow down", retry_after=date))

    said = caller.get(QUEUES)

    assert (said.status, said.code, said.document["message"]) == (429, "slow.down", "Slow down")
    assert said.headers["Retry-After"] == date
    assert said.document["contextId"] == said.headers["ININ-Correlation-Id"]


@pytest.mark.parametrize(
    ("fault", "is_made"),
    [
        (Fault("POST", status=500), False),
        (Fault("POST", status=503, late=True), True),
        (Fault("POST", status=502, body="<html>"), False),
        (Fault("POST", body="<html>"), True),
        (Fault("POST", drop="before"), False),
        (Fault("POST", drop="after"), True),
        (Fault("POST", truncate=True), True),
        (Fault("POST", latency_s=0.01), True),
        (Fault("POST", revoke_token=True), False),
    ],
)
def test_fault_says_whether_the_request_was_carried_out(
    org: SandboxOrg, caller: Caller, fault: Fault, is_made: bool
) -> None:
    org.inject(fault)

    response = None
    try:
        response = caller.client.post(WIDGETS, json=widget(), headers=caller.headers)
    except httpx.TransportError:
        assert fault.drop is not None or fault.truncate

    assert len(org.collection("widgets")) == is_made
    if fault.status is not None:
        assert response is not None
        assert response.status_code == fault.status


def test_dropped_connection_is_reset_without_an_answer(org: SandboxOrg, caller: Caller) -> None:
    org.inject(Fault(path=QUEUES, drop="before"))

    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        caller.get(QUEUES)
    assert (org.requests[-1].status, _statuses(caller, 1)) == (None, [200])


@pytest.mark.parametrize(("drop", "is_made"), [("before", False), ("after", True)])
def test_silent_connection_lets_a_client_time_out(
    org: SandboxOrg, caller: Caller, drop: Drop, is_made: bool
) -> None:
    org.inject(Fault("POST", drop=drop, silent=True))

    with pytest.raises(httpx.ReadTimeout):
        caller.client.post(WIDGETS, json=widget(), headers=caller.headers, timeout=0.1)

    assert len(org.collection("widgets")) == is_made


def test_truncated_answer_ends_in_its_middle(org: SandboxOrg, caller: Caller) -> None:
    org.inject(Fault(path=QUEUES, truncate=True))

    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete message body|without sending complete"):
        caller.get(QUEUES)


def test_raw_body_is_answered_as_a_gateway_would(org: SandboxOrg, caller: Caller) -> None:
    org.inject(Fault(path=QUEUES, status=502, body="<h1>Bad gateway</h1>"))

    response = caller.client.get(QUEUES, headers=caller.headers)

    assert (response.status_code, response.text) == (502, "<h1>Bad gateway</h1>")
    assert response.headers["content-type"] == "text/html"


def test_latency_lets_a_client_time_out_while_the_request_is_carried_out(
    org: SandboxOrg, caller: Caller
) -> None:
    org.inject(Fault("PATCH", latency_s=0.05))

    with pytest.raises(httpx.ReadTimeout):
        caller.client.patch(SUPPORT_QUEUE, json={"wrapUpTimeout": 5}, headers=caller.headers, timeout=0.01)
    while not org.mutations():
        caller.get(QUEUES)

    assert org.collection("queues").find(name="Support")["wrapUpTimeout"] == 5


def test_revoked_token_holds_again_after_a_log_in(org: SandboxOrg, caller: Caller) -> None:
    org.inject(Fault(path=QUEUES, revoke_token=True))

    assert _statuses(caller, 2) == [401, 401]
    caller.log_in()
    assert _statuses(caller, 1) == [200]


def test_token_endpoint_can_fail(org: SandboxOrg, caller: Caller) -> None:
    org.inject("POST /oauth/token status=503")

    assert caller.ask_token(org.client_id, org.client_secret).status == 503
    assert caller.ask_token(org.client_id, org.client_secret).status == 200


def test_polling_does_not_use_an_activation_fault_up(org: SandboxOrg, caller: Caller) -> None:
    org.inject(Fault(activation="fail"))

    caller.get(QUEUES)

    assert len(org.faults) == 1


def test_options_can_hold_faults_from_the_start() -> None:
    options = SandboxOptions(faults=(Fault(path=QUEUES, status=500),))
    with running_sandbox(options) as org, Caller.of(org) as caller:
        assert _statuses(caller, 2) == [500, 200]
