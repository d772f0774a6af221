"""Runs that are killed: the next one asks first what became of what was sent (design.md, section 7)."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any, Literal

import pytest

from reconciler.errors import RemoteUnavailable
from reconciler.model.state import Intent
from reconciler.sandbox import Fault, RecordedRequest, seed_id
from tests.simulated.apply.bench import Bench, decisions
from tests.simulated.apply.children import Death, apply_and_die
from tests.simulated.apply.manifests import SUPPORT, channel, matrix, reference, schema, widget

Document = dict[str, Any]

CREATED = [
    (schema("ticket"), "/api/v2/customobjects/schemas", "schemas"),
    (widget("calls"), "*/widgets", "widgets"),
    (channel("web"), "/api/v2/wi/engagements/configurations", "channels"),
]
RETRYING = Death("Retrying", 1)
"""The connection broke: whether before or after the commit, nobody knows."""


def address_of(manifest: Document) -> str:
    """`Kind/name`."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def keys(requests: list[RecordedRequest]) -> list[tuple[str, Any]]:
    """Key and body of each create."""
    return [(request.headers["idempotency-key"], request.body) for request in requests]


def creates(work: Bench) -> list[RecordedRequest]:
    """What was sent under a create's key."""
    return [request for request in work.mutations() if "idempotency-key" in request.headers]


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize(("manifest", "path", "collection"), CREATED, ids=["Schema", "Widget", "Channel"])
def test_create_whose_answer_was_lost_is_repeated(
    work: Bench, manifest: Document, path: str, collection: str, drop: Literal["before", "after"]
) -> None:
    work.declare(manifest)
    work.org.inject(Fault(method="POST", path=path, drop=drop))
    assert apply_and_die(work, RETRYING)
    before = len(work.objects(collection))
    first = keys(creates(work))

    work.org.forget_requests()
    planned = work.plan()
    assert (work.sent(), planned.applyable) == ([], True)
    assert decisions(planned)[address_of(manifest)][1] == "unknown_outcome"
    report = work.apply()

    assert before == (1 if drop == "after" else 0)
    assert keys(creates(work))[:1] == first
    assert (report.status, report.converged) == ("applied", True)
    assert len(work.objects(collection)) == 1
    assert "recovered" in [record["outcome"] for record in work.audit(phase="result")]
    assert work.prior().open_intents == ()
    work.assert_settled()


def test_repeat_after_a_crash_writes_numbers_as_they_were_sent(work: Bench) -> None:
    share = {"name": "share", "fieldtype": "number", "constraints": {"min": 1.0, "max": 2.5}}
    work.declare(schema("ticket", [share]))
    work.org.inject(Fault(method="POST", path="/api/v2/customobjects/schemas", drop="after"))
    assert apply_and_die(work, RETRYING)

    report = work.apply()

    assert (report.status, report.converged) == ("applied", True)
    (first, again) = (str(request) for request in keys(creates(work)))
    assert first == again


def test_what_an_earlier_run_left_is_logged(work: Bench, caplog: pytest.LogCaptureFixture) -> None:
    work.declare(schema("ticket"))
    work.org.inject(Fault(method="POST", path="/api/v2/customobjects/schemas", drop="after"))
    assert apply_and_die(work, RETRYING)

    with caplog.at_level("INFO", logger="reconciler.applying.recovery"):
        work.apply()

    (said,) = caplog.messages
    assert said.startswith("run ")
    assert said.endswith(" of Schema/ticket: it made ticket")


def test_death_between_create_and_refresh_leaves_one_widget(work: Bench) -> None:
    work.declare(widget("calls"))
    assert apply_and_die(work, Death("StepStarted", 2))

    work.converge()

    assert len(work.objects("widgets")) == 1


def test_death_between_draft_and_publish_goes_on(work: Bench) -> None:
    work.declare(schema("a", [reference("b", "b")]), schema("b"))
    work.converge()
    work.declare(schema("a", [reference("b", "b")], description="Edited"), schema("b"))
    assert apply_and_die(work, Death("StepStarted", 2))

    assert decisions(work.plan()) == {"Schema/a": ("update", "unknown_outcome")}
    work.converge()

    assert {found["externalId"]: found["version"] for found in work.objects("schemas")} == {"a": 2, "b": 1}


@pytest.mark.parametrize("step", [2, 3])
def test_half_a_matrix_goes_forward(work: Bench, step: int) -> None:
    work.declare(matrix("support", overflowThreshold=0.6))
    assert apply_and_die(work, Death("StepStarted", step))

    assert decisions(work.plan()) == {"WeightMatrix/support": ("update", "unknown_outcome")}
    work.converge()


def test_lost_member_patch_is_looked_at(work: Bench) -> None:
    work.declare(matrix("support"))
    work.org.inject(Fault(method="PATCH", path=f"*/queues/{SUPPORT}/members/*", drop="after"))
    assert apply_and_die(work, RETRYING)

    work.converge()

    assert work.prior().open_intents == ()


def test_lost_update_shows_in_the_org(work: Bench) -> None:
    work.declare(channel("web"))
    work.converge()
    work.declare(channel("web", description="Edited"))
    work.org.inject(Fault(method="PUT", path="*", drop="after"))
    assert apply_and_die(work, RETRYING)

    work.converge()

    assert work.prior().open_intents == ()


def test_update_that_was_cut_short_is_no_conflict_with_the_next_edit(work: Bench) -> None:
    work.declare(channel("web"))
    work.converge()
    work.declare(channel("web", description="Edited"))
    work.org.inject(Fault(method="PUT", path="*", drop="after"))
    assert apply_and_die(work, RETRYING)
    work.declare(channel("web", description="Edited again"))

    work.converge()

    assert [found["description"] for found in work.objects("channels")] == ["Edited again"]


def test_activation_that_failed_unseen_is_asked_for_again(work: Bench) -> None:
    """The org holds what was wanted, and has not brought it about."""
    work.declare(channel("web"))
    work.converge()
    work.declare(channel("web", description="Edited"))
    work.org.inject(Fault(method="PUT", path="*", activation="hang"))
    assert apply_and_die(work, Death("ChangeWaiting", 1))
    (found,) = work.objects("channels")
    work.org.alter("channels", str(found["id"]), {"status": "failed"})
    work.org.forget_requests()

    report = work.apply()

    assert (report.status, report.converged) == ("applied", True)
    assert [request.method for request in work.mutations()] == ["PUT"]
    assert [found["status"] for found in work.objects("channels")] == ["active"]


def test_renamed_schema_is_not_taken_for_a_removed_one(work: Bench) -> None:
    """The draft was made under the new name, and prior state holds the schema under the old one."""
    work.declare(schema("old", externalId="ticket"))
    work.converge()
    renamed = schema("new", externalId="ticket", description="Edited", metadata={"formerly": ["old"]})
    work.declare(renamed)
    assert apply_and_die(work, Death("StepStarted", 2))

    work.converge()

    assert [found["status"] for found in work.objects("schemas")] == ["PUBLISHED"]
    assert list(map(str, work.prior().entries)) == ["Schema/new"]


def test_lost_delete_is_not_made_twice(work: Bench) -> None:
    keeper = schema("keeper")
    work.declare(channel("web"), keeper)
    work.converge()
    work.declare(keeper)
    work.org.inject(Fault(method="DELETE", path="*", drop="after"))
    assert apply_and_die(work, RETRYING)

    work.converge()

    assert list(map(str, work.prior().entries)) == ["Schema/keeper"]
    assert work.prior().open_intents == ()


def test_manifest_that_left_meanwhile_takes_its_object_along(work: Bench) -> None:
    keeper = schema("keeper")
    work.declare(keeper)
    work.converge()
    work.declare(keeper, widget("calls"))
    work.org.inject(Fault(method="POST", path="*/widgets", drop="after"))
    assert apply_and_die(work, RETRYING)
    work.declare(keeper)

    planned = work.plan()
    work.converge()

    assert (planned.changes, planned.applyable) == ((), True)
    assert [(found.code, found.address) for found in planned.diagnostics] == [
        ("plan.unknown-outcome", "Widget/calls")
    ]
    assert work.objects("widgets") == []


def test_create_whose_place_is_gone_left_nothing(work: Bench) -> None:
    work.declare(widget("calls"))
    work.org.inject(Fault(method="POST", path="*/widgets", drop="before"))
    assert apply_and_die(work, RETRYING)
    work.org.remove("dashboards", seed_id("dashboard", "Support Overview"))
    work.declare(widget("calls", dashboardId={"$lookup": "Dashboard/Wallboard"}))

    work.converge()


def test_create_that_is_refused_by_now_left_nothing(work: Bench) -> None:
    """Somebody took the name: what is theirs is not taken over."""
    work.declare(channel("web"))
    work.org.inject(Fault(method="POST", path="*/configurations", drop="before"))
    assert apply_and_die(work, RETRYING)
    work.org.inject(Fault(method="POST", path="*/configurations", status=409, code="duplicate"))

    work.converge()

    assert len(work.objects("channels")) == 1


def test_org_that_cannot_be_asked_leaves_the_intents_open(work: Bench) -> None:
    work.declare(channel("web"))
    work.org.inject(Fault(method="POST", path="*/configurations", drop="after"))
    assert apply_and_die(work, RETRYING)
    work.org.inject(Fault(method="POST", path="*/configurations", status=503, times=5))

    with pytest.raises(RemoteUnavailable):
        work.apply()

    assert len(work.prior().open_intents) == 1
    work.converge()
    assert len(work.objects("channels")) == 1


def test_old_intent_is_looked_up_by_name(work: Bench) -> None:
    work.declare(widget("calls"))
    work.org.inject(Fault(method="POST", path="*/widgets", drop="after"))
    assert apply_and_die(work, RETRYING)
    age_intents(work, hours=24)
    work.org.forget_requests()

    work.converge()

    assert creates(work) == []
    assert len(work.objects("widgets")) == 1


def test_old_intent_that_left_nothing_is_made_under_a_new_key(work: Bench) -> None:
    work.declare(widget("calls"))
    work.org.inject(Fault(method="POST", path="*/widgets", drop="before"))
    assert apply_and_die(work, RETRYING)
    (old,) = keys(creates(work))
    age_intents(work, hours=24)
    work.org.forget_requests()

    work.apply()

    (new,) = keys(creates(work))
    assert old[0] != new[0]
    work.assert_settled()


def test_secret_that_changed_is_never_sent_as_its_digest(work: Bench) -> None:
    work.configure(environment=["TEXT"])
    work.environ["TEXT"] = "first"
    work.declare(channel("web", description="${env.TEXT}"))
    work.org.inject(Fault(method="POST", path="*/configurations", drop="after"))
    assert apply_and_die(work, RETRYING)
    work.environ["TEXT"] = "second"

    work.apply()

    assert [found["description"] for found in work.objects("channels")] == ["second"]
    assert all("$secret" not in str(request.body) for request in work.mutations())
    work.assert_settled()


@pytest.mark.parametrize("number", [12, 16, 20, 24, 28, 32, 36, 40, 44, 48])
def test_death_at_any_event_converges_without_a_duplicate(work: Bench, number: int) -> None:
    work.declare(
        schema("a", [reference("b", "b")]), schema("b"), widget("calls"), channel("web"), matrix("support")
    )
    apply_and_die(work, Death("Event", number), parallelism=3)

    report = work.apply()

    assert (report.status, report.converged) == ("applied", True)
    for collection, count in (("schemas", 2), ("widgets", 1), ("channels", 1)):
        assert len(work.objects(collection)) == count
    work.assert_settled()


def age_intents(work: Bench, *, hours: int) -> None:
    """Makes the open intents look older than they are."""
    with work.store() as store:
        intents: tuple[Intent, ...] = store.load().open_intents
    assert intents
    path = work.folder / "state" / "reconciler.sqlite3"
    with sqlite3.connect(path) as connection:
        for intent in intents:
            then = (intent.started_at - timedelta(hours=hours)).isoformat(timespec="microseconds")
            connection.execute("UPDATE journal SET started_at = ? WHERE key = ?", (then, intent.key))
