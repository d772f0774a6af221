"""What a weight matrix reads, wants, sends and tells (platform-api.md, section 6)."""

from __future__ import annotations

from dataclasses import replace
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.kinds.queues import ALL_QUEUES, queue_read
from reconciler.kinds.weight_matrix import KEY_HEADER, WeightMatrixSpec, members_read
from reconciler.model.address import Address
from reconciler.model.change import Action
from reconciler.model.remote import Answer, Facts, Lock, Pending, Request, Settled, Step
from reconciler.model.state import PriorEntry
from reconciler.model.values import Lookup, Tree, TreeObject
from tests.unit.kinds.matrices import (
    KIND,
    PATH,
    QUEUE,
    change_of,
    facts_of,
    live_of,
    manifest,
    member,
    members_of,
    problems,
    queue,
    score_of,
    steps_of,
)

# -- the manifest alone ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ({"members": [{"userId": "u1", "weight": 1.1}]}, ("members", 0, "weight")),
        ({"members": [{"userId": "u1", "weight": -0.1}]}, ("members", 0, "weight")),
        ({"members": [{"userId": "u1"}]}, ("members", 0, "weight")),
        ({"members": [{"weight": 0.1}]}, ("members", 0, "userId")),
        (
            {"members": [{"userId": "u1", "weight": 0.1, "routingType": "None"}]},
            ("members", 0, "routingType"),
        ),
        ({"membersMode": "replace"}, ("membersMode",)),
        ({"overflowThreshold": 1.01}, ("overflowThreshold",)),
        ({"overflowThreshold": -0.01}, ("overflowThreshold",)),
        ({"wrapUpTimeout": -1}, ("wrapUpTimeout",)),
        ({"wrapUpTimeout": 1.5}, ("wrapUpTimeout",)),
        ({"utilizationTarget": 1.01}, ("utilizationTarget",)),
        ({"projectedLoad": -1}, ("projectedLoad",)),
        ({"saturationLimit": 0}, ("saturationLimit",)),
        ({"normalize": "yes"}, ("normalize",)),
        ({"weights": []}, ("weights",)),
        ({"queueId": 7}, ("queueId",)),
    ],
)
def test_a_value_out_of_its_range_is_refused(wrong: TreeObject, at: tuple[str | int, ...]) -> None:
    spec = {"queueId": QUEUE, "members": [], **wrong}

    with pytest.raises(ValidationError) as refused:
        WeightMatrixSpec.model_validate(spec)

    assert [error["loc"] for error in refused.value.errors()] == [at]


def test_queue_and_members_must_be_said() -> None:
    with pytest.raises(ValidationError) as refused:
        WeightMatrixSpec.model_validate({})

    assert [error["loc"] for error in refused.value.errors()] == [("queueId",), ("members",)]


@pytest.mark.parametrize(
    "weights", [{}, {"u1": 1}, {"u1": 0.5, "u2": 0.5}, {"u1": 0.1, "u2": 0.2, "u3": 0.7}]
)
def test_weights_that_fit_have_no_problem(weights: dict[str, float]) -> None:
    assert problems(manifest(weights)) == []


@pytest.mark.parametrize("weights", [{"u1": 1, "u2": 1e-8}, {"u1": 0.6, "u2": 0.6}])
def test_weights_over_one_are_refused_at_the_members(weights: dict[str, float]) -> None:
    (problem,) = problems(manifest(weights))

    assert (problem.code, problem.path) == ("weightmatrix.sum", "/spec/members")


def test_weights_over_one_may_be_normalised() -> None:
    assert problems(manifest({"u1": 0.6, "u2": 0.6}, normalize=True)) == []


@pytest.mark.parametrize("user", ["u1", Lookup("User", "ada@example.com")])
def test_a_user_listed_again_is_refused_at_each_repeat(user: Tree) -> None:
    users: list[Tree] = [user, "u2", user, user]

    found = problems(manifest([{"userId": one, "weight": 0.1} for one in users]))

    assert [(problem.code, problem.path) for problem in found] == [
        ("weightmatrix.duplicate-member", "/spec/members/2/userId"),
        ("weightmatrix.duplicate-member", "/spec/members/3/userId"),
    ]
    assert all(("ada@example.com" if isinstance(user, Lookup) else "u1") in one.message for one in found)


def test_the_remote_id_is_the_queue() -> None:
    assert KIND.known_id(manifest({}).spec) == QUEUE
    assert KIND.known_id({"queueId": Lookup("Queue", "Support"), "members": []}) is None


# -- reading ---------------------------------------------------------------------------------------------


def _matrices(count: int) -> list[str]:
    return [f"q{number}" for number in range(count)]


def test_one_queue_is_read_by_id_with_its_members() -> None:
    wanted = set(KIND.reads([manifest({})], [], Facts()))

    assert wanted == {replace(queue_read(QUEUE), optional=False), members_read(QUEUE)}


def test_several_queues_are_one_listing_and_each_is_read_with_its_members() -> None:
    resources = [replace(manifest({}), spec={"queueId": name, "members": []}) for name in _matrices(2)]
    entry = PriorEntry(Address("WeightMatrix", "gone"), "q9", {})

    wanted = set(KIND.reads(resources, [entry], Facts()))

    assert wanted == {ALL_QUEUES, *map(members_read, [*_matrices(2), "q9"])}
    assert not any(read.optional for read in wanted)


def test_once_answered_nothing_more_is_read() -> None:
    facts = facts_of([])

    assert facts.missing(KIND.reads([manifest({})], [], facts)) == ()


def test_a_queue_that_is_not_known_yet_is_not_read() -> None:
    waiting = replace(manifest({}), spec={"queueId": Lookup("Queue", "Support"), "members": []})

    assert list(KIND.reads([waiting], [], Facts())) == []


def test_queue_and_members_fold_into_the_shape_of_spec() -> None:
    live = live_of(
        facts_of(
            [
                member("u2", 0.3, None, user={"id": "u2", "name": "Ben"}),
                member("u1", 0.2, "Manual", skills=["s1"]),
            ]
        )
    )

    assert live.remote_id == QUEUE
    assert live.body == {
        "queueId": QUEUE,
        "members": [
            {"userId": "u1", "weight": 0.2, "routingType": "Manual"},
            {"userId": "u2", "weight": 0.3},
        ],
        "overflowThreshold": 0.8,
        "wrapUpTimeout": 60,
    }
    assert live.server == {
        "version": 3,
        "name": "Support",
        "routingStrategies": ["longest-available-agent"],
        "skills": [],
        "language": "en-US",
        "members": {"u1": {"name": None, "skills": ["s1"]}, "u2": {"name": "Ben", "skills": []}},
    }


def test_a_read_by_id_is_newer_than_the_listing() -> None:
    listed = Facts({ALL_QUEUES: Answer(200, [queue(wrapUpTimeout=1)]), members_read(QUEUE): Answer(200, [])})
    reread = listed.with_answers({queue_read(QUEUE): Answer(200, queue(wrapUpTimeout=2))})

    assert live_of(listed).body["wrapUpTimeout"] == 1
    assert live_of(reread).body["wrapUpTimeout"] == 2


def test_an_absent_queue_is_not_live() -> None:
    gone = Facts({queue_read(QUEUE): Answer(404), members_read(QUEUE): Answer(404)})

    assert list(KIND.live(gone)) == []


def test_reading_one_again_asks_for_queue_and_members() -> None:
    assert set(KIND.item_reads(QUEUE, {})) == {queue_read(QUEUE), members_read(QUEUE)}


# -- what is sent ----------------------------------------------------------------------------------------


def _patches(steps: tuple[Step, ...]) -> list[tuple[str, Tree]]:
    return [(step.request.path.removeprefix(PATH), step.request.body) for step in steps]


def test_settings_go_first_then_decreases_then_increases() -> None:
    facts = facts_of(members_of({"u1": 0.1, "u2": 0.5, "u3": 0.3, "u4": 0.05}))
    resource = manifest({"u4": 0.1, "u3": 0.2, "u2": 0.2, "u1": 0.4}, overflowThreshold=0.9, wrapUpTimeout=60)

    assert _patches(steps_of(resource, facts)) == [
        ("", {"utilizationThreshold": 0.9}),
        ("/members/u2", {"user_id": "u2", "score": 0.2}),
        ("/members/u3", {"user_id": "u3", "score": 0.2}),
        ("/members/u1", {"user_id": "u1", "score": 0.4}),
        ("/members/u4", {"user_id": "u4", "score": 0.1}),
    ]


def test_each_step_carries_a_key_and_can_be_undone() -> None:
    resource = manifest({"u1": 0.4}, overflowThreshold=0.9, wrapUpTimeout=30)

    settings, weight = steps_of(resource, facts_of(members_of({"u1": 0.1})))

    assert (settings.key_header, settings.lock) == (KEY_HEADER, Lock.IF_MATCH)
    assert settings.undo == Request("PATCH", PATH, {"utilizationThreshold": 0.8, "wrapUpTimeout": 60})
    assert (weight.key_header, weight.lock) == (KEY_HEADER, Lock.NONE)
    assert weight.undo == Request("PATCH", f"{PATH}/members/u1", {"user_id": "u1", "score": 0.1})


@pytest.mark.parametrize(
    ("live", "sent", "undone"),
    [
        ("Automatic", "Manual", "Automatic"),
        ("None", "Manual", None),
        (None, "Manual", None),
        ("Manual", None, None),
    ],
)
def test_a_routing_type_is_sent_only_when_it_turns(
    live: str | None, sent: str | None, undone: str | None
) -> None:
    resource = manifest([{"userId": "u1", "weight": 0.4, "routingType": "Manual"}])

    (step,) = steps_of(resource, facts_of([member("u1", 0.1, live)]))

    assert step.request.body == {"user_id": "u1", "score": 0.4, **({"routing_type": sent} if sent else {})}
    assert step.undo is not None
    assert step.undo.body == {"user_id": "u1", "score": 0.1, **({"routing_type": undone} if undone else {})}


@pytest.mark.parametrize("live", ["Manual", "Automatic", "None", None])
def test_a_routing_type_that_the_manifest_does_not_say_is_kept(live: str | None) -> None:
    (step,) = steps_of(manifest({"u1": 0.4}), facts_of([member("u1", 0.1, live)]))

    assert step.request.body == {"user_id": "u1", "score": 0.4}


@pytest.mark.parametrize(
    ("settings", "body"),
    [
        ({}, None),
        ({"overflowThreshold": 0.9}, {"utilizationThreshold": 0.9}),
        ({"wrapUpTimeout": 120}, {"wrapUpTimeout": 120}),
        ({"overflowThreshold": 0.8, "wrapUpTimeout": 60}, None),
    ],
)
def test_a_setting_is_sent_only_when_it_is_named_and_moves(
    settings: dict[str, Tree], body: dict[str, Tree] | None
) -> None:
    steps = steps_of(manifest({"u1": 0.4}, **settings), facts_of(members_of({"u1": 0.4})))

    assert [step.request for step in steps] == ([Request("PATCH", PATH, body)] if body else [])


def test_a_member_that_only_turns_keeps_its_score() -> None:
    resource = manifest([{"userId": "u1", "weight": 0.4, "routingType": "Manual"}])

    (step,) = steps_of(resource, facts_of(members_of({"u1": 0.4})))

    assert step.request.body == {"user_id": "u1", "score": 0.4, "routing_type": "Manual"}


def test_authoritative_sends_the_others_to_zero_before_any_increase() -> None:
    facts = facts_of(members_of({"u1": 0.1, "u2": 0.9}))

    steps = steps_of(manifest({"u1": 1.0}, membersMode="authoritative"), facts)

    assert [score_of(step.request.body) for step in steps] == [("u2", 0.0), ("u1", 1.0)]


def test_local_edits_send_nothing() -> None:
    resource = manifest(
        {"u1": 0.4}, projectedLoad=1, strategy="x", utilizationTarget=0.5, saturationLimit=0.9
    )

    assert steps_of(resource, facts_of(members_of({"u1": 0.4, "u2": 0.1}))) == ()


@pytest.mark.parametrize("action", [Action.DELETE, Action.FORGET])
def test_leaving_sends_nothing(action: Action) -> None:
    facts = facts_of(members_of({"u1": 0.1}))
    change = replace(change_of(manifest({"u1": 0.4}), facts, action), after=None)

    assert KIND.steps(change, change.live) == ()


def test_ids_are_escaped_in_paths() -> None:
    (step,) = steps_of(manifest({"a/b": 0.4}), facts_of(members_of({"a/b": 0.1})))

    assert step.request.path == f"{PATH}/members/a%2Fb"


def test_only_the_last_step_waits_for_the_queue_to_be_read_again() -> None:
    facts = facts_of(members_of({"u1": 0.1, "u2": 0.1}))
    first, last = steps_of(manifest({"u1": 0.4, "u2": 0.4}), facts)

    assert first.until is None
    assert last.until is not None
    assert set(last.until.reads) == {queue_read(QUEUE), members_read(QUEUE)}
    assert (last.until.every_s, last.until.deadline_s) == (1, 15)
    assert last.until.verdict(facts) == Settled()
    assert isinstance(last.until.verdict(Facts({members_read(QUEUE): Answer(200, [])})), Pending)


@st.composite
def _queues(draw: st.DrawFn) -> tuple[dict[str, float], dict[str, float], str]:
    """Live scores, wanted weights of some of the members, and a mode; both sum to at most 1.0."""
    users = [f"u{number}" for number in range(draw(st.integers(1, 8)))]
    listed = draw(st.lists(st.sampled_from(users), unique=True))
    mode = draw(st.sampled_from(["additive", "authoritative"]))
    live = dict(zip(users, _shares(draw, len(users), 1.0), strict=True))
    others = [] if mode == "authoritative" else [live[user] for user in users if user not in listed]
    left = max(0.0, 1.0 - fsum(others))
    return live, dict(zip(listed, _shares(draw, len(listed), left), strict=True)), mode


def _shares(draw: st.DrawFn, count: int, whole: float) -> list[float]:
    parts = draw(st.lists(st.integers(0, 1000), min_size=count, max_size=count))
    total = sum(parts) + draw(st.sampled_from([0, 500])) or 1
    return [whole * part / total for part in parts]


@given(_queues())
def test_no_step_and_no_undo_brings_the_sum_over_one(
    drawn: tuple[dict[str, float], dict[str, float], str],
) -> None:
    live, wanted, mode = drawn
    steps = steps_of(manifest(wanted, membersMode=mode), facts_of(members_of(live)))

    for done in range(len(steps) + 1):
        scores = dict(live)
        for step in steps[:done]:
            _send(scores, step.request)
        for step in reversed(steps[:done]):
            _send(scores, step.undo)
        assert scores == live


@given(_queues())
def test_after_all_steps_the_queue_is_as_wanted(
    drawn: tuple[dict[str, float], dict[str, float], str],
) -> None:
    live, wanted, mode = drawn
    scores = dict(live)

    for step in steps_of(manifest(wanted, membersMode=mode), facts_of(members_of(live))):
        _send(scores, step.request)

    rest = live if mode == "additive" else dict.fromkeys(live, 0.0)
    assert scores == {**rest, **wanted}
    assert steps_of(manifest(wanted, membersMode=mode), facts_of(members_of(scores))) == ()


def _send(scores: dict[str, float], request: Request | None) -> None:
    assert request is not None
    user, score = score_of(request.body)
    scores[user] = score
    assert fsum(scores.values()) <= 1.0 + 1e-9


# -- what is left as the org has it ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "sent"),
    [
        ([{"userId": "u1"}, {"userId": "u2", "weight": 0.4}], [("u2", 0.4)]),
        ([{"userId": "u2", "weight": 0.4}], [("u2", 0.4)]),
        ([], []),
    ],
)
def test_a_weight_that_left_the_document_keeps_its_live_score(
    left: list[Tree], sent: list[tuple[str, float]]
) -> None:
    facts = facts_of(members_of({"u1": 0.1, "u2": 0.1}))
    change = change_of(manifest({"u1": 0.3, "u2": 0.4}), facts)
    change = replace(change, after={"queueId": QUEUE, "members": left})

    assert [score_of(step.request.body) for step in KIND.steps(change, change.live)] == sent
    told = KIND.report(change, facts, change.live).detail["requested_weights"]
    assert told == dict(sent)
