"""Queues and routing weights (platform-api.md, section 6)."""

import pytest

from reconciler.sandbox import SandboxOptions, SandboxOrg, running_sandbox, seed_id
from reconciler.sandbox.documents import Document, JsonValue
from tests.unit.sandbox.caller import QUEUES, SUPPORT, SUPPORT_QUEUE, Caller, weight

_SKILLS = "/api/v2/routing/skills"
_USERS = "/api/v2/users"


def test_queues_are_listed_whole_and_filtered_by_exact_name(caller: Caller) -> None:
    (support,) = caller.get(QUEUES, name="Support").entities

    settings = (
        "utilizationThreshold",
        "wrapUpTimeout",
        "language",
        "agentsAvailable",
        "longestWait",
        "version",
    )
    assert [support[name] for name in settings] == [0.8, 60, "en-US", 4, 35, 1]
    assert support["skills"] == [seed_id("skill", "English"), seed_id("skill", "Technical")]
    assert support["routingStrategies"] == ["longestIdle", "skillsBased"]
    assert caller.get(SUPPORT_QUEUE).document == support
    assert caller.get(QUEUES, name="support").entities == []


def test_skills_and_users_are_looked_up(caller: Caller) -> None:
    assert [each["id"] for each in caller.get(_SKILLS, name="Billing").entities] == [
        seed_id("skill", "Billing")
    ]
    (ada,) = caller.get(_USERS, email="ada.ahmed@example.com").entities
    assert (ada["id"], ada["name"]) == (seed_id("user", "Ada Ahmed"), "Ada Ahmed")
    assert len(caller.get(_USERS).entities) == 12


def test_unknown_queue_is_404(caller: Caller) -> None:
    for path in (f"{QUEUES}/x", f"{QUEUES}/x/members"):
        assert caller.get(path).status == 404
    assert caller.patch(f"{QUEUES}/x", {"wrapUpTimeout": 1}).status == 404


def test_patch_changes_the_two_settings_and_raises_the_version(caller: Caller) -> None:
    before = caller.get(SUPPORT_QUEUE).document

    after = caller.patch(SUPPORT_QUEUE, {"utilizationThreshold": 0.5, "wrapUpTimeout": 90}).document

    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"utilizationThreshold", "wrapUpTimeout", "version", "dateModified", "modifiedBy"} - (
        {"dateModified"} if after["dateModified"] == before["dateModified"] else set()
    )
    assert (after["utilizationThreshold"], after["wrapUpTimeout"], after["version"]) == (0.5, 90, 2)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"utilizationThreshold": 1.1}, "/utilizationThreshold"),
        ({"utilizationThreshold": -0.1}, "/utilizationThreshold"),
        ({"utilizationThreshold": "0.5"}, "/utilizationThreshold"),
        ({"wrapUpTimeout": -1}, "/wrapUpTimeout"),
        ({"wrapUpTimeout": 1.5}, "/wrapUpTimeout"),
        ({"wrapUpTimeout": True}, "/wrapUpTimeout"),
        ({"name": "New"}, "/name"),
        ({}, ""),
    ],
)
def test_queue_patch_that_breaks_a_rule_is_400(caller: Caller, body: Document, field: str) -> None:
    said = caller.patch(SUPPORT_QUEUE, body)

    assert (said.status, said.fields) == (400, [field])


def test_members_are_listed_with_user_score_and_skills(caller: Caller) -> None:
    members = caller.get(f"{SUPPORT_QUEUE}/members").entities

    assert [each["score"] for each in members] == [0.1] * 6
    assert members[0] == {
        "user": {"id": seed_id("user", "Ada Ahmed"), "name": "Ada Ahmed"},
        "score": 0.1,
        "routingType": "Automatic",
        "joined": True,
        "skills": [seed_id("skill", name) for name in ("English", "Technical", "Billing")],
    }


def test_member_patch_changes_the_score_and_keeps_the_rest(org: SandboxOrg, caller: Caller) -> None:
    before = caller.get(f"{SUPPORT_QUEUE}/members").entities

    said = caller.patch(*weight("Ada Ahmed", 0.5))

    assert said.document == {**before[0], "score": 0.5}
    assert caller.get(f"{SUPPORT_QUEUE}/members").entities == [said.document, *before[1:]]
    assert caller.get(SUPPORT_QUEUE).document["version"] == 1
    assert len(org.mutations()) == 1


def test_member_patch_changes_the_routing_type_where_it_says_one(caller: Caller) -> None:
    said = caller.patch(*weight("Ada Ahmed", 0.1, routing_type="Manual"))

    assert said.document["routingType"] == "Manual"


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"score": 1.1}, "/score"),
        ({"score": -0.1}, "/score"),
        ({"score": "0.1"}, "/score"),
        ({"routing_type": "None"}, "/routing_type"),
        ({"user_id": seed_id("user", "Ben Bauer")}, "/user_id"),
        ({"routingType": "Manual"}, "/routingType"),
    ],
)
def test_member_patch_that_breaks_a_rule_is_400(caller: Caller, members: Document, field: str) -> None:
    path, body = weight("Ada Ahmed", 0.1)

    said = caller.patch(path, {**body, **members})

    assert (said.status, said.fields) == (400, [field])


@pytest.mark.parametrize("name", ["user_id", "score"])
def test_required_member_of_a_weight_is_400(caller: Caller, name: str) -> None:
    path, body = weight("Ada Ahmed", 0.1)
    del body[name]

    assert caller.patch(path, body).fields == [f"/{name}"]


def test_user_who_is_no_member_is_404(caller: Caller) -> None:
    assert caller.patch(*weight("Gina Garcia", 0.1)).status == 404


def _score(caller: Caller, user: str) -> JsonValue:
    members = caller.get(f"{SUPPORT_QUEUE}/members").entities
    return next(
        each["score"] for each in members if each["user"] == {"id": seed_id("user", user), "name": user}
    )


@pytest.mark.parametrize(("score", "status"), [(0.5, 200), (0.5 + 5e-10, 200), (0.5 + 2e-9, 400), (0.6, 400)])
def test_scores_of_a_queue_sum_to_at_most_one(caller: Caller, score: float, status: int) -> None:
    said = caller.patch(*weight("Ada Ahmed", score))

    assert said.status == status
    if status == 400:
        assert (said.code, said.fields, _score(caller, "Ada Ahmed")) == ("weights.sum", ["/score"], 0.1)


def test_decrease_makes_room_for_an_increase(caller: Caller) -> None:
    assert caller.patch(*weight("Ada Ahmed", 0.6)).status == 400
    assert caller.patch(*weight("Ben Bauer", 0)).status == 200
    assert caller.patch(*weight("Ada Ahmed", 0.6)).status == 200


def test_member_patch_may_be_answered_without_a_body() -> None:
    with running_sandbox(SandboxOptions(member_answer=204)) as org, Caller.of(org) as caller:
        said = [caller.patch(*weight("Ada Ahmed", 0.2), X_Genesys_Idempotency_Key="k") for _ in range(2)]

        assert [(each.status, each.body) for each in said] == [(204, None), (204, None)]
        assert org.collection("members").all()[0]["score"] == 0.2


def test_admin_can_alter_a_member(org: SandboxOrg, caller: Caller) -> None:
    org.alter("members", f"{SUPPORT}/{seed_id('user', 'Ada Ahmed')}", {"score": 0.4})

    assert _score(caller, "Ada Ahmed") == 0.4
