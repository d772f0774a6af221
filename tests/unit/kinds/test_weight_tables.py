"""What people are told about a weight matrix: tables in the plan, weights and accuracy in the audit."""

from __future__ import annotations

import pytest

from reconciler.kinds.weights import balance_accuracy, plain
from reconciler.model.change import Report, Table
from reconciler.model.values import JsonObject
from tests.unit.kinds.matrices import KIND, QUEUE, change_of, facts_of, live_of, manifest, member, members_of


def test_the_plan_shows_the_matrix_before_and_after() -> None:
    crowd = [
        member("u1", 0.2, user={"id": "u1", "name": "Ada"}),
        member("u2", 0.5, "None"),
        member("u3", 0.1, None),
    ]
    resource = manifest(
        [{"userId": "u1", "weight": 0.35, "routingType": "Manual"}, {"userId": "u2", "weight": 0.3}],
        overflowThreshold=0.85,
    )
    facts = facts_of(crowd)

    weights, settings = KIND.report(change_of(resource, facts), facts).tables

    assert weights == Table(
        "weights of queue Support",
        ("member", "before", "after", "change", "routing type"),
        (
            ("Ada", "0.2", "0.35", "+0.15", "Automatic → Manual"),
            ("u2", "0.5", "0.3", "-0.2", "None"),
            ("u3", "0.1", "0.1", "not listed, stays", "–"),
            ("total", "0.8", "0.75", "-0.05", ""),
        ),
    )
    assert settings == Table(
        "settings of queue Support",
        ("setting", "before", "after", "change"),
        (("overflow threshold", "0.8", "0.85", "+0.05"),),
    )


def test_what_stays_as_it_is_needs_no_table() -> None:
    facts = facts_of(members_of({"u1": 0.2, "u2": 0.5}))
    resource = manifest({"u1": 0.2}, overflowThreshold=0.8, projectedLoad=1)

    assert KIND.report(change_of(resource, facts), facts).tables == ()


def test_the_plan_says_who_is_silenced_and_who_is_no_member() -> None:
    facts = facts_of(members_of({"u1": 0.2, "u2": 0.5}))
    resource = manifest({"u1": 0.2, "x": 0.1}, membersMode="authoritative")

    (weights,) = KIND.report(change_of(resource, facts), facts).tables

    assert weights.rows == (
        ("u1", "0.2", "0.2", "", "Automatic"),
        ("x", "–", "0.1", "no member", "–"),
        ("u2", "0.5", "0", "not listed, to 0", "Automatic"),
        ("total", "0.7", "0.3", "-0.4", ""),
    )


def test_after_the_apply_requested_and_applied_weights_are_told() -> None:
    before = facts_of(members_of({"u1": 0.1, "u2": 0.1, "u3": 0.2}))
    after = live_of(facts_of(members_of({"u1": 0.4, "u2": 0.2, "u3": 0.2})))

    report = KIND.report(change_of(manifest({"u1": 0.4, "u2": 0.3}), before), before, after)

    told: JsonObject = {
        "queue_id": QUEUE,
        "requested_weights": {"u1": 0.4, "u2": 0.3},
        "applied_weights": {"u1": 0.4, "u2": 0.2},
        "balance_accuracy": 95.0,
    }
    assert report == Report(detail={**told, "overflow_threshold": 0.8}, export=told)


def test_who_is_silenced_does_not_count_for_the_accuracy() -> None:
    before = facts_of(members_of({"u1": 0.1, "u2": 0.1}))
    after = live_of(facts_of(members_of({"u1": 0.4, "u2": 0.1})))

    report = KIND.report(change_of(manifest({"u1": 0.4}, membersMode="authoritative"), before), before, after)

    assert report.detail["requested_weights"] == {"u1": 0.4}
    assert report.detail["balance_accuracy"] == 100.0


@pytest.mark.parametrize(
    ("requested", "applied", "accuracy"),
    [
        ({}, {}, None),
        ({"u1": 0.4}, {"u1": 0.4}, 100.0),
        ({"u1": 0.4, "u2": 0.3}, {"u1": 0.4, "u2": 0.2}, 95.0),
        ({"u1": 0.4, "u2": 0.3}, {"u1": 0.4}, 50.0),
        ({"u1": 0.1, "u2": 0.1, "u3": 0.1}, {"u1": 0.1, "u2": 0.1, "u3": 0.2}, 96.67),
    ],
)
def test_balance_accuracy_is_a_percentage(
    requested: dict[str, float], applied: dict[str, float], accuracy: float | None
) -> None:
    assert balance_accuracy(requested, applied) == accuracy


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.350000001, "0.35"),
        (0.1 + 0.2, "0.3"),
        (1.0, "1"),
        (0, "0"),
        (120, "120"),
        (-1e-12, "0"),
        (1e-6, "0.000001"),
    ],
)
def test_numbers_read_as_people_write_them(value: float, text: str) -> None:
    assert plain(value) == text
