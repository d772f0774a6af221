"""Whether a queue will work with a weight matrix (platform-api.md, section 6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.kinds.queues import queue_read
from reconciler.kinds.weight_checks import ALL_SKILLS
from reconciler.kinds.weight_matrix import members_read
from reconciler.model.change import Action, CheckStatus, Report
from reconciler.model.remote import Answer, Facts, listing
from reconciler.model.values import JsonObject, JsonValue, Tree
from tests.unit.kinds.matrices import (
    KIND,
    QUEUE,
    change_of,
    check_of,
    facts_of,
    manifest,
    member,
    members_of,
    queue,
)

FOUR = {"u1": 0.1, "u2": 0.1, "u3": 0.1, "u4": 0.1}


# -- sum -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "live", "mode", "status", "total"),
    [
        ({"u1": 0.5}, {"u1": 0.1, "u2": 0.5}, "additive", "pass", 1.0),
        ({"u1": 0.5 + 9e-10}, {"u1": 0.1, "u2": 0.5}, "additive", "pass", 1.0 + 9e-10),
        ({"u1": 0.5 + 2e-9}, {"u1": 0.1, "u2": 0.5}, "additive", "fail", 1.0 + 2e-9),
        ({"u1": 0.7}, {"u1": 0.1, "u2": 0.4}, "additive", "fail", 1.1),
        ({"u1": 0.7}, {"u1": 0.1, "u2": 0.4}, "authoritative", "pass", 0.7),
        ({"u1": 0.7, "u2": 0.4}, {"u1": 0.1, "u2": 0.4}, "authoritative", "fail", 1.1),
    ],
)
def test_listed_and_unlisted_weights_sum_to_one_at_most(
    weights: dict[str, float], live: dict[str, float], mode: str, status: str, total: float
) -> None:
    found = check_of("weights.sum", manifest(weights, membersMode=mode), facts_of(members_of(live)))

    assert (found.status, found.path) == (CheckStatus(status), "/spec/members")
    assert found.data["total"] == pytest.approx(total, abs=1e-12)


def test_a_sum_that_does_not_fit_names_what_is_left() -> None:
    found = check_of("weights.sum", manifest({"u1": 0.7}), facts_of(members_of({"u1": 0.1, "u2": 0.4})))

    assert "hold 0.4: 0.6 is left" in found.message
    assert found.data == {"listed": 0.7, "unlisted": 0.4, "total": 1.1, "limit": 1.0}


def test_a_normalised_matrix_passes_beside_the_others() -> None:
    resource = manifest({"u1": 0.9, "u2": 0.9}, normalize=True)

    found = check_of("weights.sum", resource, facts_of(members_of({"u1": 0, "u2": 0, "u3": 0.7})))

    assert found.status is CheckStatus.PASS


# -- members ---------------------------------------------------------------------------------------------


def test_listed_users_that_are_members_pass() -> None:
    found = check_of("weights.members", manifest({"u1": 0.1, "u2": 0.2}), facts_of(members_of(FOUR)))

    assert (found.status, found.data) == (CheckStatus.PASS, {"listed": 2, "missing": [], "repeated": []})


def test_each_user_that_is_no_member_is_named_with_its_path() -> None:
    resource = manifest({"u1": 0.1, "x": 0.1, "y": 0.1})

    found = check_of("weights.members", resource, facts_of(members_of(FOUR)))

    assert (found.status, found.path) == (CheckStatus.FAIL, "/spec/members/1/userId")
    assert "x is no member of the queue (/spec/members/1/userId)" in found.message
    assert "y is no member of the queue (/spec/members/2/userId)" in found.message


@pytest.mark.parametrize("params", [None, {"email": "ada@example.com"}])
def test_a_user_known_by_look_up_is_named_by_its_email(params: dict[str, str] | None) -> None:
    users = [{"id": "w", "email": "ben@example.com"}, {"id": "x", "email": "ada@example.com"}]
    facts = facts_of(members_of(FOUR)).with_answers({listing("/api/v2/users", params): Answer(200, users)})

    found = check_of("weights.members", manifest({"x": 0.1}), facts)

    assert "ada@example.com (x) is no member" in found.message


def test_one_user_under_two_names_is_found_once_both_are_ids() -> None:
    resource = manifest([{"userId": "u1", "weight": 0.1}, {"userId": "u1", "weight": 0.2}])

    found = check_of("weights.members", resource, facts_of(members_of(FOUR)))

    assert (found.status, found.path) == (CheckStatus.FAIL, "/spec/members/1/userId")
    assert "u1 is listed twice" in found.message


NO_ANSWER = Answer(0, problem="503 from the org")


@pytest.mark.parametrize(
    ("facts", "reason", "says"),
    [
        (
            Facts({queue_read(QUEUE): Answer(404), members_read(QUEUE): Answer(404)}),
            "absent",
            "does not exist",
        ),
        (
            Facts({queue_read(QUEUE): NO_ANSWER, members_read(QUEUE): NO_ANSWER}),
            "unavailable",
            "queue q1 could",
        ),
        (Facts({queue_read(QUEUE): Answer(200, queue())}), "unavailable", "the members of queue q1 could"),
        (Facts(), "unavailable", "could not be read"),
    ],
)
def test_without_its_queue_a_matrix_is_refused(facts: Facts, reason: str, says: str) -> None:
    change = change_of(manifest({"u1": 0.1}), facts)

    (found,) = KIND.checks(change, facts)

    assert (found.name, found.status) == ("weights.members", CheckStatus.FAIL)
    assert found.data["reason"] == reason
    assert found.path == "/spec/queueId"
    assert says in found.message
    assert KIND.steps(change, change.live) == ()
    assert KIND.report(change, facts) == Report()


def test_a_matrix_that_leaves_is_not_judged() -> None:
    facts = facts_of(members_of(FOUR))
    change = replace(change_of(manifest({}), facts, Action.FORGET), after=None, resource=None)

    assert list(KIND.checks(change, facts)) == []


# -- saturation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "status", "ratio"),
    [
        ({"projectedLoad": 3}, "pass", 0.9375),  # 3 / (4 × 0.8)
        ({"projectedLoad": 3.04}, "pass", 0.95),  # at the limit
        ({"projectedLoad": 3.05}, "fail", 0.953125),
        ({"projectedLoad": 3, "saturationLimit": 0.9}, "fail", 0.9375),
        ({"projectedLoad": 4, "saturationLimit": 1.3}, "pass", 1.25),
        ({"projectedLoad": 3, "overflowThreshold": 0.75}, "fail", 1.0),
        ({"projectedLoad": 3.5, "overflowThreshold": 1}, "pass", 0.875),
        ({"projectedLoad": 0}, "pass", 0.0),
        ({"projectedLoad": 1, "overflowThreshold": 0}, "fail", None),
        ({"projectedLoad": 0, "overflowThreshold": 0}, "pass", None),
    ],
)
def test_saturation_is_load_over_the_capacity_after_the_apply(
    spec: dict[str, Tree], status: str, ratio: float | None
) -> None:
    found = check_of("weights.saturation", manifest({"u1": 0.1}, **spec), facts_of(members_of(FOUR)))

    assert found.status is CheckStatus(status)
    assert found.data["saturationRatio"] == (None if ratio is None else pytest.approx(ratio))
    assert found.data["limit"] == spec.get("saturationLimit", 0.95)
    assert found.path == "/spec/projectedLoad"


def test_saturation_shows_its_numbers() -> None:
    found = check_of("weights.saturation", manifest({}, projectedLoad=2), facts_of(members_of(FOUR)))

    assert found.data == {
        "activeAgents": 4,
        "totalCapacity": 3.2,
        "projectedLoad": 2,
        "saturationRatio": 0.625,
        "limit": 0.95,
    }


def test_only_manual_and_automatic_members_count_as_agents() -> None:
    crowd = [member("a", 0), member("m", 0, "Manual"), member("n", 0, "None"), member("o", 0, None)]

    found = check_of("weights.saturation", manifest({}, projectedLoad=1), facts_of(crowd))

    assert found.data["activeAgents"] == 2


def test_a_listed_user_who_is_no_member_is_no_agent() -> None:
    resource = manifest([{"userId": "x", "weight": 0.1, "routingType": "Manual"}], projectedLoad=1)

    assert check_of("weights.saturation", resource, facts_of(members_of(FOUR))).data["activeAgents"] == 4


def test_a_member_that_the_change_turns_active_counts() -> None:
    resource = manifest([{"userId": "n", "weight": 0.1, "routingType": "Manual"}], projectedLoad=0.5)

    found = check_of("weights.saturation", resource, facts_of([member("n", 0, "None")]))

    assert (found.status, found.data["activeAgents"]) == (CheckStatus.PASS, 1)


def test_without_an_active_agent_a_load_fails() -> None:
    found = check_of("weights.saturation", manifest({}, projectedLoad=0), facts_of([member("n", 0, "None")]))

    assert found.status is CheckStatus.FAIL
    assert "no active agent" in found.message
    assert (found.data["activeAgents"], found.data["saturationRatio"]) == (0, None)


@pytest.mark.parametrize("crowd", [members_of(FOUR), []])
def test_without_a_load_there_is_nothing_to_saturate(crowd: list[JsonObject]) -> None:
    found = check_of("weights.saturation", manifest({}), facts_of(crowd))

    assert (found.status, found.message) == (CheckStatus.PASS, "no load given")


@pytest.mark.parametrize(
    ("name", "lacking", "spec"),
    [
        ("weights.saturation", "utilizationThreshold", {"projectedLoad": 1}),
        ("weights.skills", "skills", {}),
        ("weights.strategy", "routingStrategies", {"strategy": "longest-available-agent"}),
    ],
)
def test_a_check_that_lacks_a_fact_fails_as_unavailable(
    name: str, lacking: str, spec: dict[str, Tree]
) -> None:
    shown = {member: value for member, value in queue().items() if member != lacking}

    found = check_of(name, manifest({}, **spec), facts_of(members_of(FOUR), shown))

    assert (found.status, found.data) == (CheckStatus.FAIL, {"reason": "unavailable"})


# -- skills ----------------------------------------------------------------------------------------------


def _skilled(**skills: list[JsonValue]) -> list[JsonObject]:
    return [member(user, 0.1, skills=held) for user, held in skills.items()]


@pytest.mark.parametrize(
    ("weights", "mode", "uncovered"),
    [
        ({"u1": 0.2, "u2": 0.2}, "additive", []),
        ({"u1": 0.2, "u2": 0.0}, "additive", ["s2"]),
        ({"u1": 0.2}, "additive", []),
        ({"u1": 0.2}, "authoritative", ["s2"]),
        ({"u1": 0.0, "u2": 0.0}, "additive", ["s1", "s2"]),
    ],
)
def test_each_required_skill_is_held_by_somebody_with_a_weight(
    weights: dict[str, float], mode: str, uncovered: list[str]
) -> None:
    facts = facts_of(_skilled(u1=["s1"], u2=["s2", "s3"]), queue(skills=["s1", "s2"]))

    found = check_of("weights.skills", manifest(weights, membersMode=mode), facts)

    assert found.status is (CheckStatus.FAIL if uncovered else CheckStatus.PASS)
    assert found.data == {"required": ["s1", "s2"], "uncovered": uncovered}


def test_a_listed_user_who_is_no_member_covers_nothing() -> None:
    facts = facts_of(_skilled(u1=["s1"]), queue(skills=["s1"]))

    found = check_of("weights.skills", manifest({"u1": 0.0, "x": 0.5}), facts)

    assert found.data == {"required": ["s1"], "uncovered": ["s1"]}


def test_uncovered_skills_are_named_by_name() -> None:
    facts = facts_of(_skilled(u1=["s1"]), queue(skills=["s1", "s2"]))
    change = change_of(manifest({"u1": 0.2}), facts)
    wanted = list(KIND.check_reads(change, facts))
    named = facts.with_answers({ALL_SKILLS: Answer(200, [{"id": "s2", "name": "Billing"}])})

    assert wanted == [ALL_SKILLS]
    assert wanted[0].optional
    assert "has s2," in check_of("weights.skills", manifest({"u1": 0.2}), facts).message
    assert "has Billing," in check_of("weights.skills", manifest({"u1": 0.2}), named).message


def test_covered_skills_need_no_further_read() -> None:
    facts = facts_of(_skilled(u1=["s1"]), queue(skills=["s1"]))

    assert list(KIND.check_reads(change_of(manifest({"u1": 0.2}), facts), facts)) == []


def test_members_whose_skills_are_not_told_make_the_check_unavailable() -> None:
    crowd = [member("u1", 0.1, skills=None)]

    found = check_of("weights.skills", manifest({"u1": 0.2}), facts_of(crowd, queue(skills=["s1"])))

    assert (found.status, found.data) == (CheckStatus.FAIL, {"reason": "unavailable"})


# -- strategy and utilization ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "status"), [("longest-available-agent", "pass"), ("round-robin", "fail")]
)
def test_the_strategy_is_one_of_the_queue(strategy: str, status: str) -> None:
    found = check_of("weights.strategy", manifest({}, strategy=strategy), facts_of([]))

    assert (found.status, found.path) == (CheckStatus(status), "/spec/strategy")
    assert found.data == {"strategy": strategy, "routingStrategies": ["longest-available-agent"]}


@pytest.mark.parametrize(
    ("spec", "status", "utilization"),
    [
        ({"utilizationTarget": 0.5, "projectedLoad": 2}, "pass", 0.5),
        ({"utilizationTarget": 0.5, "projectedLoad": 2.1}, "warn", 0.525),
        ({"utilizationTarget": 0.5}, "pass", None),
    ],
)
def test_utilization_above_its_target_is_a_warning(
    spec: dict[str, Tree], status: str, utilization: float | None
) -> None:
    found = check_of("weights.utilization", manifest({}, **spec), facts_of(members_of(FOUR)))

    assert (found.status, found.data["utilization"]) == (CheckStatus(status), utilization)
    assert found.path == "/spec/utilizationTarget"


def test_utilization_without_agents_is_a_warning() -> None:
    resource = manifest({}, utilizationTarget=0.5, projectedLoad=1)

    assert check_of("weights.utilization", resource, facts_of([])).status is CheckStatus.WARN


def test_what_the_manifest_does_not_ask_for_is_not_judged() -> None:
    facts = facts_of(members_of(FOUR))

    names = [check.name for check in KIND.checks(change_of(manifest({}), facts), facts)]

    assert names == ["weights.sum", "weights.members", "weights.saturation", "weights.skills"]
