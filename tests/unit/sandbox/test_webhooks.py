"""Webhooks and their deliveries (platform-api.md, section 6)."""

import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from reconciler.sandbox import SandboxOrg, seed_id
from reconciler.sandbox.documents import Document, JsonValue
from tests.unit.sandbox.caller import SUPPORT, SUPPORT_QUEUE, WEBHOOKS, Caller, weight


def webhook(**members: JsonValue) -> Document:
    """Return a valid webhook body, with members in place of its own."""
    return {
        "name": "Routing",
        "endpointUrl": "https://example.com/hook",
        "events": ["routing.queue.updated"],
        **members,
    }


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"endpointUrl": "http://example.com/hook"}, "/endpointUrl"),
        ({"endpointUrl": "ftp://127.0.0.1/hook"}, "/endpointUrl"),
        ({"endpointUrl": "https://"}, "/endpointUrl"),
        ({"events": []}, "/events"),
        ({"events": ["routing.queue.deleted"]}, "/events/0"),
        ({"name": ""}, "/name"),
        ({"enabled": "yes"}, "/enabled"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_webhook_that_breaks_a_rule_is_400(caller: Caller, members: Document, field: str) -> None:
    said = caller.post(WEBHOOKS, webhook(**members))

    assert (said.status, said.fields) == (400, [field])


@pytest.mark.parametrize(
    "url", ["https://example.com", "http://127.0.0.1:80/", "http://localhost/", "http://[::1]/"]
)
def test_https_and_http_on_loopback_are_taken(caller: Caller, url: str) -> None:
    assert caller.post(WEBHOOKS, webhook(endpointUrl=url)).status == 201


def test_secret_is_never_shown_and_kept_by_a_put_without_it(org: SandboxOrg, caller: Caller) -> None:
    made = caller.made(WEBHOOKS, webhook(secret="hush"))

    shown = caller.put(f"{WEBHOOKS}/{made['id']}", webhook(description="new"))

    assert "secret" not in made
    assert "secret" not in shown.document
    assert "secret" not in caller.get(WEBHOOKS).entities[0]
    assert org.collection("webhooks").all()[0]["secret"] == "hush"


def test_name_of_another_webhook_is_409(caller: Caller) -> None:
    caller.made(WEBHOOKS, webhook())

    assert caller.post(WEBHOOKS, webhook()).code == "duplicate"


class _Listener(BaseHTTPRequestHandler):
    heard: "queue.Queue[tuple[str | None, bytes]]" = queue.Queue()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.put((self.headers["X-Genesys-Signature"], body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        pass


@pytest.fixture
def listener() -> Iterator[str]:
    """Return the address of a server that keeps what it is told."""
    with HTTPServer(("127.0.0.1", 0), _Listener) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


def test_routing_changes_are_delivered_signed(caller: Caller, listener: str) -> None:
    events: list[JsonValue] = ["routing.queue.updated", "routing.queueMember.updated"]
    caller.made(WEBHOOKS, webhook(endpointUrl=listener, events=events, secret="hush"))

    caller.patch(SUPPORT_QUEUE, {"wrapUpTimeout": 5})
    caller.patch(*weight("Ada Ahmed", 0.2))

    heard = [_Listener.heard.get(timeout=5) for _ in range(2)]
    bodies = [json.loads(body) for _, body in heard]
    assert [body["eventType"] for body in bodies] == events
    assert bodies[0]["queueId"] == SUPPORT
    assert (bodies[1]["userId"], bodies[1]["score"]) == (seed_id("user", "Ada Ahmed"), 0.2)
    assert [signature for signature, _ in heard] == [
        f"sha256={hmac.new(b'hush', body, hashlib.sha256).hexdigest()}" for _, body in heard
    ]


def test_admins_hand_is_delivered_to_enabled_webhooks_only(
    org: SandboxOrg, caller: Caller, listener: str
) -> None:
    caller.made(WEBHOOKS, webhook(name="off", endpointUrl=listener, enabled=False))
    caller.made(WEBHOOKS, webhook(name="on", endpointUrl=listener))

    org.alter("queues", SUPPORT, {"longestWait": 500})

    signature, body = _Listener.heard.get(timeout=5)
    assert (signature, json.loads(body)["queue"]["longestWait"]) == (None, 500)
    assert _Listener.heard.empty()
