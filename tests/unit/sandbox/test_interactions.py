"""Interaction records (platform-api.md, section 7)."""

import pytest

from reconciler.sandbox import seed_id
from reconciler.sandbox.documents import Document, JsonValue
from tests.unit.sandbox.caller import INTERACTIONS, SUPPORT, Caller, without_own_members

_SOMEBODY = "0b2b8f0e-6c1d-4f3a-9a57-1f2e3d4c5b6a"


def interaction(**members: JsonValue) -> Document:
    """Return a valid interaction body, with members in place of its own."""
    return {
        "type": "voice",
        "externalId": "call-1",
        "routing": {
            "priority": 5,
            "queue": {"id": SUPPORT},
            "skills": [{"id": seed_id("skill", "English"), "level": 3}],
        },
        "participants": [{"id": _SOMEBODY, "roles": ["initiator", "customer"]}],
        **members,
    }


def test_record_is_kept_and_found_by_id_and_external_id(caller: Caller) -> None:
    made = caller.made(INTERACTIONS, interaction())

    assert without_own_members(made) == interaction()
    assert caller.get(f"{INTERACTIONS}/{made['id']}").document == made
    assert caller.get(INTERACTIONS, externalId="call-1").entities == [made]
    assert caller.get(INTERACTIONS, externalId="call").entities == []


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"type": "fax"}, "/type"),
        ({"routing": {"priority": 0}}, "/routing/priority"),
        ({"routing": {"priority": 101}}, "/routing/priority"),
        ({"routing": {}}, "/routing/priority"),
        ({"routing": {"priority": 1, "queue": {"id": "gone"}}}, "/routing/queue/id"),
        ({"routing": {"priority": 1, "skills": [{"id": "gone", "level": 1}]}}, "/routing/skills/0/id"),
        ({"routing": {"priority": 1, "skills": [{"id": "x"}]}}, "/routing/skills/0/level"),
        ({"participants": []}, "/participants"),
        ({"participants": [{"id": "no-uuid", "roles": ["initiator"]}]}, "/participants/0/id"),
        ({"participants": [{"id": _SOMEBODY, "roles": []}]}, "/participants/0/roles"),
        ({"participants": [{"id": _SOMEBODY, "roles": ["boss"]}]}, "/participants/0/roles/0"),
        ({"participants": [{"id": _SOMEBODY, "roles": ["agent"]}]}, "/participants"),
    ],
)
def test_record_that_breaks_a_rule_is_400(caller: Caller, members: Document, field: str) -> None:
    said = caller.post(INTERACTIONS, interaction(**members))

    assert (said.status, said.fields) == (400, [field])


def test_external_id_of_another_record_is_409(caller: Caller) -> None:
    caller.made(INTERACTIONS, interaction(), Idempotency_Key="a")

    said = caller.post(INTERACTIONS, interaction(), Idempotency_Key="b")

    assert (said.status, said.code, said.fields) == (409, "duplicate", ["/externalId"])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_record_is_never_changed(caller: Caller, method: str) -> None:
    made = caller.made(INTERACTIONS, interaction())

    assert caller.send(method, f"{INTERACTIONS}/{made['id']}", {}).status == 405
