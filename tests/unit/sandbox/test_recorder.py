"""The request recorder and the surface under `/sandbox/…` (design.md, section 9)."""

import pytest

from reconciler.sandbox import SandboxOrg
from reconciler.sandbox.documents import Document, as_list, as_object
from tests.unit.sandbox.caller import (
    CHANNELS,
    QUERY,
    QUEUES,
    SUPPORT,
    SUPPORT_QUEUE,
    WIDGETS,
    Caller,
    channel,
    widget,
)


def test_request_is_recorded_with_what_was_asked_and_answered(org: SandboxOrg, caller: Caller) -> None:
    org.forget_requests()
    said = caller.post(WIDGETS, widget(), Idempotency_Key="k", If_Match="1")

    (request,) = org.requests

    assert (request.method, request.path, request.body, request.status) == ("POST", WIDGETS, widget(), 201)
    assert (request.headers["idempotency-key"], request.headers["if-match"]) == ("k", "1")
    assert (request.at, request.correlation_id) == (org.now, said.headers["ININ-Correlation-Id"])


def test_credentials_are_never_recorded(org: SandboxOrg, caller: Caller) -> None:
    caller.get(QUEUES, name="Support")

    told = str([request.document() for request in org.requests])

    assert org.requests[-1].query == {"name": "Support"}
    for secret in (org.client_secret, caller.headers["Authorization"], "Basic"):
        assert secret not in told


def test_mutations_are_neither_reads_nor_tokens_nor_queries(org: SandboxOrg, caller: Caller) -> None:
    caller.get(QUEUES)
    caller.post(QUERY, {})
    caller.patch(SUPPORT_QUEUE, {"wrapUpTimeout": 5})
    caller.delete(f"{WIDGETS}/x")

    assert [request.method for request in org.mutations()] == ["PATCH", "DELETE"]
    assert [request.method for request in org.requests] == ["POST", "GET", "POST", "PATCH", "DELETE"]


def test_faults_are_injected_and_cleared_from_outside(caller: Caller) -> None:
    text = f"GET {QUEUES} status=500\nGET {QUEUES} status=502"
    added = caller.client.post("/sandbox/faults", content=text)
    more = caller.client.post("/sandbox/faults", json={"path": QUEUES, "status": 503, "times": None})

    assert (added.status_code, added.json(), more.json()) == (201, {"faults": 2}, {"faults": 3})
    assert [caller.get(QUEUES).status for _ in range(4)] == [500, 502, 503, 503]
    assert caller.client.delete("/sandbox/faults").status_code == 204
    assert caller.get(QUEUES).status == 200


def test_requests_are_seen_and_forgotten_from_outside_and_not_recorded(
    org: SandboxOrg, caller: Caller
) -> None:
    caller.get(QUEUES)

    seen = caller.client.get("/sandbox/requests").json()["requests"]

    assert [each["path"] for each in seen] == ["/oauth/token", QUEUES]
    assert caller.client.delete("/sandbox/requests").status_code == 204
    assert org.requests == ()


def test_clock_is_advanced_from_outside(org: SandboxOrg, caller: Caller) -> None:
    made = caller.made(CHANNELS, channel())
    before = org.now

    answer = caller.client.post("/sandbox/advance", json={"seconds": 90})

    assert answer.json() == {"now": before + 90}
    assert caller.get(f"{CHANNELS}/{made['id']}").document["status"] == "active"


def test_objects_are_seen_altered_and_removed_from_outside(caller: Caller) -> None:
    made = caller.made(CHANNELS, channel())
    path = f"/sandbox/objects/channels/{made['id']}"

    altered = caller.client.patch(path, json={"description": "Drift", "defaultLanguage": None}).json()

    assert caller.get(f"{CHANNELS}/{made['id']}").document == altered
    assert (altered["description"], "defaultLanguage" in altered, altered["version"]) == ("Drift", False, 2)
    assert caller.client.get("/sandbox/objects/channels").json() == {"objects": [altered]}
    assert caller.client.delete(path).status_code == 204
    assert caller.get(f"{CHANNELS}/{made['id']}").status == 404


def test_member_is_altered_by_queue_and_user(org: SandboxOrg, caller: Caller) -> None:
    member = next(iter(org.collection("members")))

    caller.client.patch(f"/sandbox/objects/members/{member}", json={"score": 0.45})

    assert caller.get(f"{SUPPORT_QUEUE}/members").entities[0]["score"] == 0.45
    assert member.startswith(SUPPORT)


def test_tokens_are_spoiled_from_outside(caller: Caller) -> None:
    for path in ("/sandbox/tokens/expire", "/sandbox/tokens/revoke"):
        assert caller.client.post(path).status_code == 204
        assert caller.get(QUEUES).status == 401
        caller.log_in()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/sandbox/faults", "GET", 400),
        ("POST", "/sandbox/faults", '{"colour": "red"}', 400),
        ("POST", "/sandbox/advance", '{"seconds": -1}', 400),
        ("POST", "/sandbox/advance", "soon", 400),
        ("PATCH", "/sandbox/objects/queues/x", "{}", 404),
        ("PATCH", "/sandbox/objects/nothing/x", "{}", 404),
        ("PATCH", f"/sandbox/objects/queues/{SUPPORT}", "[]", 400),
        ("GET", "/sandbox/objects/nothing", "", 404),
        ("GET", "/sandbox/nothing", "", 404),
    ],
)
def test_bad_request_from_outside_is_refused(
    caller: Caller, method: str, path: str, body: str, status: int
) -> None:
    assert caller.client.request(method, path, content=body).status_code == status


def test_collections_are_looked_at_and_filled_directly(org: SandboxOrg, caller: Caller) -> None:
    queues = org.collection("queues")
    support = queues.find(name="Support")
    new: Document = {**support, "id": "new", "name": "New"}

    queues.add(new)
    support["name"] = "a copy, which nobody sees"

    assert queues.get("new") == new
    assert [len(queues), "new" in queues, queues.get("nothing")] == [8, True, None]
    assert len(caller.get(QUEUES, name="New").entities) == 1
    assert [as_object(each)["name"] for each in as_list([*queues.all()])].count("Support") == 1
    with pytest.raises(LookupError):
        queues.find(language="en-US")
