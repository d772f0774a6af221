"""The idempotency memory (platform-api.md, section 3)."""

import httpx
import pytest

from reconciler.sandbox import Fault, SandboxOrg
from tests.unit.sandbox.caller import (
    CHANNELS,
    INTERACTIONS,
    SCHEMAS,
    SUPPORT_QUEUE,
    WEBHOOKS,
    WIDGETS,
    Caller,
    channel,
    schema,
    weight,
    widget,
)
from tests.unit.sandbox.test_interactions import interaction
from tests.unit.sandbox.test_webhooks import webhook

_CREATES = [
    (WIDGETS, widget(), "widgets"),
    (CHANNELS, channel(), "channels"),
    (SCHEMAS, schema(), "schemas"),
    (WEBHOOKS, webhook(), "webhooks"),
]


@pytest.mark.parametrize(("path", "body", "collection"), _CREATES)
def test_repeated_create_gets_the_first_object_again(
    org: SandboxOrg, caller: Caller, path: str, body: dict[str, object], collection: str
) -> None:
    first = caller.made(path, body, Idempotency_Key="k")  # type: ignore[arg-type]

    again = caller.post(path, body, Idempotency_Key="k")  # type: ignore[arg-type]

    assert (again.status, again.document) == (200, first)
    assert len(org.collection(collection)) == 1


def test_repeated_interaction_is_409_with_the_record(caller: Caller) -> None:
    first = caller.made(INTERACTIONS, interaction(), Idempotency_Key="k")

    again = caller.post(INTERACTIONS, interaction(), Idempotency_Key="k")

    assert (again.status, again.document) == (409, {**first, "code": "idempotency.existing"})


def test_order_of_members_does_not_make_another_body(caller: Caller) -> None:
    caller.made(WIDGETS, widget(), Idempotency_Key="k")

    assert caller.post(WIDGETS, dict(reversed(widget().items())), Idempotency_Key="k").status == 200


@pytest.mark.parametrize(("path", "body"), [(WIDGETS, widget(name="Other")), (CHANNELS, widget())])
def test_key_of_another_body_or_path_is_refused(caller: Caller, path: str, body: dict[str, object]) -> None:
    caller.made(WIDGETS, widget(), Idempotency_Key="k")

    said = caller.post(path, body, Idempotency_Key="k")  # type: ignore[arg-type]

    assert (said.status, said.code) == (409, "idempotency.mismatch")


def test_routing_patch_has_its_own_header(org: SandboxOrg, caller: Caller) -> None:
    first = caller.patch(SUPPORT_QUEUE, {"wrapUpTimeout": 5}, X_Genesys_Idempotency_Key="k")

    again = caller.patch(SUPPORT_QUEUE, {"wrapUpTimeout": 5}, X_Genesys_Idempotency_Key="k")
    other = caller.patch(SUPPORT_QUEUE, {"wrapUpTimeout": 6}, X_Genesys_Idempotency_Key="k")

    assert again.document == first.document
    assert other.code == "idempotency.mismatch"
    assert org.collection("queues").find(name="Support")["version"] == 2


def test_keys_are_global_to_the_org(caller: Caller) -> None:
    caller.made(WIDGETS, widget(), Idempotency_Key="k")
    path, body = weight("Ada Ahmed", 0.2)

    assert caller.patch(path, body, X_Genesys_Idempotency_Key="k").code == "idempotency.mismatch"


def test_replayed_member_patch_does_not_undo_a_later_one(org: SandboxOrg, caller: Caller) -> None:
    path, body = weight("Ada Ahmed", 0.2)
    caller.patch(path, body, X_Genesys_Idempotency_Key="k")
    caller.patch(*weight("Ada Ahmed", 0.3))

    assert caller.patch(path, body, X_Genesys_Idempotency_Key="k").document["score"] == 0.2
    assert org.collection("members").all()[0]["score"] == 0.3


def test_replay_after_a_delete_answers_the_dead_object(org: SandboxOrg, caller: Caller) -> None:
    first = caller.made(WIDGETS, widget(), Idempotency_Key="k")
    caller.delete(f"{WIDGETS}/{first['id']}")

    again = caller.post(WIDGETS, widget(), Idempotency_Key="k")

    assert (again.status, again.document) == (200, first)
    assert len(org.collection("widgets")) == 0


def test_key_is_forgotten_after_24_hours(org: SandboxOrg, caller: Caller) -> None:
    caller.made(SCHEMAS, schema("a"), Idempotency_Key="k")
    org.advance(24 * 3600 - 1)
    caller.log_in()
    assert caller.post(SCHEMAS, schema("b"), Idempotency_Key="k").status == 409

    org.advance(1)

    assert caller.post(SCHEMAS, schema("b"), Idempotency_Key="k").status == 201


def test_key_of_a_refused_request_is_free(caller: Caller) -> None:
    assert caller.post(WIDGETS, widget(type="wrong"), Idempotency_Key="k").status == 400

    assert caller.post(WIDGETS, widget(), Idempotency_Key="k").status == 201


@pytest.mark.parametrize(("length", "status"), [(128, 201), (129, 400), (0, 400)])
def test_key_has_1_to_128_characters(caller: Caller, length: int, status: int) -> None:
    assert caller.post(WIDGETS, widget(), Idempotency_Key="k" * length).status == status


def test_answer_that_was_lost_after_the_commit_is_remembered(org: SandboxOrg, caller: Caller) -> None:
    org.inject(Fault("POST", WIDGETS, drop="after"))
    with pytest.raises(httpx.TransportError):
        caller.post(WIDGETS, widget(), Idempotency_Key="k")

    again = caller.post(WIDGETS, widget(), Idempotency_Key="k")

    assert (again.status, again.id) == (200, org.collection("widgets").all()[0]["id"])
    assert len(org.collection("widgets")) == 1
