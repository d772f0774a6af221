"""Versions, locking and the members that the platform keeps itself (platform-api.md, section 3)."""

import pytest

from reconciler.sandbox import SandboxOrg
from reconciler.sandbox.documents import Document
from tests.unit.sandbox.caller import (
    CHANNELS,
    SUPPORT,
    SUPPORT_QUEUE,
    WEBHOOKS,
    WIDGETS,
    Caller,
    channel,
    weight,
    widget,
)
from tests.unit.sandbox.test_webhooks import webhook

_KINDS = [(WIDGETS, widget()), (CHANNELS, channel()), (WEBHOOKS, webhook())]


@pytest.mark.parametrize(("path", "body"), _KINDS)
def test_new_object_has_the_platforms_own_members(caller: Caller, path: str, body: Document) -> None:
    made = caller.made(path, body)

    assert made["version"] == 1
    assert made["selfUri"] == f"{path}/{made['id']}"
    assert made["dateCreated"] == made["dateModified"] == "2027-01-15T08:00:00.000Z"
    assert made["createdBy"] == made["modifiedBy"] == {"id": "sandbox-client"}


@pytest.mark.parametrize(("path", "body"), _KINDS)
def test_put_raises_the_version_and_ignores_read_only_members(
    org: SandboxOrg, caller: Caller, path: str, body: Document
) -> None:
    made = caller.made(path, body)
    org.advance(60)
    wishful: Document = {
        **made,
        "id": "x",
        "selfUri": "/x",
        "dateCreated": "x",
        "createdBy": {"id": "x"},
        "name": "New",
    }

    changed = caller.put(f"{path}/{made['id']}", wishful)

    assert changed.status == 200
    kept = ("id", "selfUri", "dateCreated", "createdBy")
    assert {name: changed.document[name] for name in kept} == {name: made[name] for name in kept}
    assert (changed.document["version"], changed.document["name"]) == (2, "New")
    assert changed.document["dateModified"] == "2027-01-15T08:01:00.000Z"


@pytest.mark.parametrize(("path", "body"), _KINDS)
def test_stale_version_in_a_put_body_is_409(caller: Caller, path: str, body: Document) -> None:
    made = caller.made(path, body)
    caller.put(f"{path}/{made['id']}", body)

    said = caller.put(f"{path}/{made['id']}", {**body, "version": 1})

    assert (said.status, said.code, said.fields) == (409, "version.mismatch", ["/version"])


@pytest.mark.parametrize(("path", "body"), _KINDS)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("held", "is_taken"),
    [("1", True), ('"1"', True), ('W/"1"', True), ("*", True), ("2", False), ("x", False)],
)
def test_if_match_is_checked(
    caller: Caller, path: str, body: Document, method: str, held: str, is_taken: bool
) -> None:
    made = caller.made(path, body)

    said = caller.send(method, f"{path}/{made['id']}", body if method == "PUT" else None, If_Match=held)

    assert said.status == ({"PUT": 200, "DELETE": 204}[method] if is_taken else 412)


def test_if_match_is_checked_on_routing_patches(org: SandboxOrg, caller: Caller) -> None:
    org.alter("queues", SUPPORT, {"language": "en-GB"})

    assert caller.patch(SUPPORT_QUEUE, {"wrapUpTimeout": 1}, If_Match="1").status == 412
    assert caller.patch(*weight("Ada Ahmed", 0.2), If_Match="1").status == 412
    assert caller.patch(*weight("Ada Ahmed", 0.2), If_Match="2").status == 200
    assert caller.patch(SUPPORT_QUEUE, {"wrapUpTimeout": 1}, If_Match="2").document["version"] == 3


def test_status_that_moves_by_itself_raises_no_version(org: SandboxOrg, caller: Caller) -> None:
    made_widget, made_channel = caller.made(WIDGETS, widget()), caller.made(CHANNELS, channel())
    org.advance(10)

    settled = [caller.get(f"{WIDGETS}/{made_widget['id']}"), caller.get(f"{CHANNELS}/{made_channel['id']}")]

    assert [each.document["version"] for each in settled] == [1, 1]
    assert settled[0].document["renderStatus"] == "rendered"
    assert settled[1].document["status"] == "active"


def test_admins_hand_raises_the_version(org: SandboxOrg, caller: Caller) -> None:
    made = caller.made(WIDGETS, widget())

    org.alter("widgets", str(made["id"]), {"type": "chart"})

    seen = caller.get(f"{WIDGETS}/{made['id']}").document
    assert (seen["type"], seen["version"]) == ("chart", 2)
