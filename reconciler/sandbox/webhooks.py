"""Webhooks: who is told of routing changes (platform-api.md, section 6)."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from reconciler.sandbox.calls import CREATE_KEY, Call
from reconciler.sandbox.documents import Document, JsonValue, as_text
from reconciler.sandbox.refusals import FieldError
from reconciler.sandbox.requests import Answer, Asked, paged, shown
from reconciler.sandbox.shapes import boolean, listing, one_of, record, require, text
from reconciler.sandbox.state import OrgState, require_body_version, require_lock, writable

_READ = "webhooks:read"
_WRITE = "webhooks:write"
_WEBHOOKS = "/api/v2/platform/webhooks"
_WEBHOOK = f"{_WEBHOOKS}/{{id}}"
EVENTS = ("routing.queue.updated", "routing.queueMember.updated")


def _endpoint(value: JsonValue, pointer: str) -> Iterator[FieldError]:
    url = urlsplit(as_text(value))
    is_allowed = url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.hostname or ""))
    if not (is_allowed and url.hostname):
        yield FieldError(pointer, f"must be an https URL, or http on loopback, not {value!r}")


_SHAPE = record(
    {"name": text(least=1), "endpointUrl": _endpoint, "events": listing(one_of(*EVENTS), least=1)},
    {"description": text(), "enabled": boolean(), "secret": text(least=1)},
)


def list_webhooks(state: OrgState, asked: Asked) -> Answer:
    """Answer the webhooks, without their secrets."""
    return paged(state.collection("webhooks").listing({}), asked.query)


def create_webhook(state: OrgState, asked: Asked) -> Answer:
    """Create a webhook; it is enabled where the body does not say."""
    body = asked.document()
    require(_SHAPE, body)
    state.require_unique("webhooks", as_text(body["name"]))
    return shown(state.create("webhooks", {"enabled": True, **body}, asked), 201)


def show_webhook(state: OrgState, asked: Asked) -> Answer:
    """Answer one webhook, without its secret."""
    return shown(state.found("webhooks", asked.params["id"], "webhook"))


def replace_webhook(state: OrgState, asked: Asked) -> Answer:
    """Replace a webhook whole, save for a secret that the body leaves out: it cannot be read back."""
    old = state.found("webhooks", asked.params["id"], "webhook").document
    told = asked.document()
    require_lock(asked, old)
    require_body_version(told, old)
    body = writable(told)
    require(_SHAPE, body)
    state.require_unique("webhooks", as_text(body["name"]), own_id=as_text(old["id"]))
    kept: Document = {"secret": old["secret"]} if "secret" in old else {}
    return shown(state.replace("webhooks", old, {"enabled": True, **kept, **body}, asked))


def delete_webhook(state: OrgState, asked: Asked) -> Answer:
    """Delete a webhook."""
    document = state.found("webhooks", asked.params["id"], "webhook").document
    require_lock(asked, document)
    state.collection("webhooks").remove(as_text(document["id"]))
    return Answer(204)


CALLS = (
    Call("GET", _WEBHOOKS, _READ, list_webhooks),
    Call("POST", _WEBHOOKS, _WRITE, create_webhook, CREATE_KEY),
    Call("GET", _WEBHOOK, _READ, show_webhook),
    Call("PUT", _WEBHOOK, _WRITE, replace_webhook),
    Call("DELETE", _WEBHOOK, _WRITE, delete_webhook),
)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
