"""Rollbacks as runs: what moved since, twice, of each other, cut short, refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from reconciler.errors import UsageError
from reconciler.model.address import Address
from reconciler.planning.inputs import OnConflict
from tests.simulated.apply.bench import Silent, outcomes
from tests.simulated.apply.children import Death, Run, apply_and_die, apply_run, dies
from tests.simulated.apply.manifests import channel, matrix, reference, schema, text_field, weights, widget
from tests.simulated.rollback.going import Going, lasting, planned_actions, rollback_request
from tests.simulated.rollback.test_actions import org_of

FIRST = (widget("calls"), channel("web"), schema("stays"))
SECOND = (channel("web", description="Another text"), widget("more"), schema("stays"), matrix("support"))


def mixed(work: Going) -> str:
    """The run that updated, created, deleted and took settings over."""
    work.apply(*FIRST)
    return work.apply(*SECOND)


def test_mixed_run_is_undone_whole(work: Going) -> None:
    work.apply(*FIRST)
    before, held = org_of(work.bench), work.held()
    run = work.apply(*SECOND)

    plan = work.planned(run)
    report = work.undo(run)

    assert planned_actions(plan) == {
        "Channel/web": ("update", "requested"),
        "WeightMatrix/support": ("forget", "requested"),
        "Widget/calls": ("create", "requested"),
        "Widget/more": ("delete", "requested"),
    }
    assert (plan.complete, plan.summary.unchanged) == (False, 0)
    assert (org_of(work.bench), work.held()) == (before, held)
    (started,) = work.bench.audit(phase="run_started", run_id=report.run_id)
    assert started["detail"]["rollback_of"] == run


def test_next_plan_shows_what_the_manifests_would_bring_back(work: Going) -> None:
    run = mixed(work)

    work.undo(run)

    assert set(planned_actions(work.bench.plan())) == {
        *("Channel/web", "WeightMatrix/support", "Widget/calls", "Widget/more")
    }


def test_twice_is_once(work: Going) -> None:
    run = mixed(work)
    work.undo(run)
    work.bench.org.forget_requests()

    report = work.undo(run)

    assert (report.results, work.bench.sent()) == ((), [])


def test_rollback_of_a_rollback_is_the_run_again(work: Going) -> None:
    work.apply(*FIRST)
    run = work.apply(*SECOND)
    after, held = org_of(work.bench), work.held()

    back = work.undo(run)
    work.undo(back.run_id)

    assert org_of(work.bench) == after
    assert work.held().keys() == held.keys()
    work.bench.declare(*SECOND)
    assert work.bench.plan().changes == ()


def test_references_are_put_back_before_what_they_refer_to_goes(work: Going) -> None:
    work.apply(schema("ticket", [text_field("subject")]))
    linked = schema("ticket", [text_field("subject"), reference("customer", "customer")])
    run = work.apply(linked, schema("customer"))
    work.bench.org.forget_requests()

    work.undo(run)

    sent = [line.rpartition("/")[2] for line in work.bench.sent()]
    assert sent.index("ticket") < sent.index("customer")


def test_what_referred_to_a_deleted_schema_refers_to_it_again(work: Going) -> None:
    linked = schema("ticket", [text_field("subject"), reference("customer", "customer")])
    work.apply(linked, schema("customer"))
    run = work.apply(schema("ticket", [text_field("subject")]))

    work.undo(run)

    ticket = next(one for one in work.bench.objects("schemas") if one["externalId"] == "ticket")
    assert [field["name"] for field in ticket["fields"]] == ["subject", "customer"]
    entry = work.bench.entry("Schema/ticket")
    assert entry is not None
    assert Address("Schema", "customer") in {needed.target for needed in entry.dependencies}


# -- what moved since ------------------------------------------------------------------------------------


def drift_in_between(work: Going) -> tuple[str, str]:
    """A run that edited a channel, whose text somebody edited since."""
    work.apply(channel("web"), schema("stays"))
    run = work.apply(channel("web", description="Second"), schema("stays"))
    (made,) = work.bench.objects("channels")
    work.bench.org.alter("channels", made["id"], {"description": "By hand"})
    return run, str(made["id"])


def test_field_that_moved_since_is_a_conflict_and_nothing_is_sent(work: Going) -> None:
    run, _ = drift_in_between(work)
    held = work.held()
    work.bench.org.forget_requests()

    report = work.rollback(run)

    assert (report.status, work.bench.sent(), work.held()) == ("refused", [], held)
    assert "plan.conflict" in {found.code for found in report.diagnostics}


@pytest.mark.parametrize(
    ("choice", "text"), [(OnConflict.OURS, "Messages of web"), (OnConflict.THEIRS, "By hand")]
)
def test_conflict_ends_as_asked(work: Going, choice: OnConflict, text: str) -> None:
    run, _ = drift_in_between(work)

    report = work.rollback(run, on_conflict=choice)

    (made,) = work.bench.objects("channels")
    assert (report.status, made["description"]) == ("applied", text)


def test_created_object_that_was_edited_since_is_a_conflict(work: Going) -> None:
    run = work.apply(channel("web"))
    (made,) = work.bench.objects("channels")
    work.bench.org.alter("channels", made["id"], {"description": "By hand"})

    refused = work.rollback(run)
    left = work.rollback(run, on_conflict=OnConflict.THEIRS)

    assert "/description" in next(one.message for one in refused.diagnostics if one.code == "plan.conflict")
    assert (refused.status, left.status, left.results) == ("refused", "applied", ())
    assert len(work.bench.objects("channels")) == 1
    work.undo(run, on_conflict=OnConflict.OURS)
    assert work.bench.objects("channels") == []


def test_later_run_has_to_be_undone_first(work: Going) -> None:
    work.apply(channel("web"))
    before = org_of(work.bench)
    first = work.apply(channel("web", description="Second"))
    second = work.apply(channel("web", description="Third"))

    refused = work.rollback(first)

    assert refused.status == "refused"
    assert second in next(one.message for one in refused.diagnostics if one.code == "plan.conflict")
    work.undo(second)
    work.undo(first)
    assert org_of(work.bench) == before


def test_run_whose_rollback_was_undone_stands_again(work: Going) -> None:
    work.apply(channel("web"))
    before = org_of(work.bench)
    first = work.apply(channel("web", description="Second"))
    second = work.apply(channel("web", description="Third"))
    work.undo(work.undo(second).run_id)

    assert work.rollback(first).status == "refused"
    work.undo(first, on_conflict=OnConflict.OURS)

    assert org_of(work.bench) == before


def test_later_run_may_be_undone_too_or_left(work: Going) -> None:
    work.apply(channel("web"), widget("calls"))
    first = work.apply(channel("web", description="Second"), widget("calls", visualization={"type": "pie"}))
    work.apply(channel("web", description="Third"), widget("calls", visualization={"type": "pie"}))

    work.undo(first, on_conflict=OnConflict.THEIRS)

    (made,) = work.bench.objects("channels")
    (calls,) = work.bench.objects("widgets")
    assert (made["description"], calls["visualization"]) == ("Third", {"type": "bigNumber"})


def test_drift_that_a_run_put_right_comes_back(work: Going) -> None:
    work.apply(channel("web"))
    (made,) = work.bench.objects("channels")
    work.bench.org.alter("channels", made["id"], {"description": "By hand"})
    before = org_of(work.bench)
    run = work.apply(channel("web"))

    work.undo(run)

    assert org_of(work.bench) == before


# -- cut short -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 3])
def test_run_that_was_killed_is_undone_as_far_as_it_came(work: Going, number: int) -> None:
    work.apply(*FIRST)
    before, held = org_of(work.bench), work.held()
    work.bench.declare(*SECOND)
    assert apply_and_die(work.bench, Death("ChangeFinished", number), parallelism=1)
    run = str(work.bench.audit(phase="run_started")[-1]["run_id"])

    work.undo(run)

    assert (org_of(work.bench), work.held()) == (before, held)


@pytest.mark.parametrize(("event", "number"), [("StepStarted", 1), ("ChangeFinished", 3)])
def test_rollback_that_was_killed_goes_on(work: Going, event: str, number: int) -> None:
    work.apply(*FIRST)
    before, held = org_of(work.bench), work.held()
    run = work.apply(*SECOND)
    asked = rollback_request(work.bench, run, parallelism=1)
    assert dies(apply_run, Run.of(work.bench, parallelism=1), Death(event, number), asked)

    work.undo(run)

    assert (org_of(work.bench), work.held()) == (before, held)


def test_only_what_succeeded_is_undone(work: Going) -> None:
    work.apply(channel("web"))
    before = org_of(work.bench)
    work.bench.declare(channel("web", description="Second"), matrix("support", members=weights(ada=0.3)))
    failing = work.bench.apply(observer=Silent(), excludes=("WeightMatrix/*",))

    report = work.undo(failing.run_id)

    assert outcomes(report) == {"Channel/web": "succeeded"}
    assert org_of(work.bench) == before


# -- secrets, and which runs -----------------------------------------------------------------------------


def secret_in(work: Going, value: str) -> None:
    work.bench.environ["TEXT"] = value
    work.bench.configure(environment=["TEXT"])


def test_secret_comes_back_while_its_variable_has_it(work: Going) -> None:
    secret_in(work, "hunter2-is-secret")
    work.apply(channel("web", description="${env.TEXT}"), schema("stays"))
    run = work.apply(schema("stays"))

    plan = work.planned(run)
    work.undo(run)

    (made,) = work.bench.objects("channels")
    assert made["description"] == "hunter2-is-secret"
    assert "hunter2" not in repr(plan)
    assert b"hunter2" not in (work.bench.folder / "state" / "reconciler.sqlite3").read_bytes()


def test_secret_that_nobody_has_is_left_out_and_told(work: Going) -> None:
    secret_in(work, "hunter2-is-secret")
    work.apply(channel("web", description="${env.TEXT}", defaultLanguage="en-US"))
    run = work.apply(channel("web", description="${env.TEXT}", defaultLanguage="de-DE"))
    secret_in(work, "another")

    plan = work.planned(run)
    work.undo(run)

    (made,) = work.bench.objects("channels")
    assert lasting(plan)["Channel/web"].startswith("/description holds a secret")
    assert (made["description"], made["defaultLanguage"]) == ("hunter2-is-secret", "en-US")


def test_run_whose_inverse_is_not_kept_is_told(work: Going) -> None:
    run = work.apply(channel("web"))
    with closing(sqlite3.connect(work.bench.folder / "state" / "reconciler.sqlite3")) as store:
        store.execute("DELETE FROM inverses")
        store.commit()

    with pytest.raises(UsageError, match="is not kept"):
        work.rollback(run)


def test_run_that_changed_nothing_has_no_inverse_and_is_undone_by_nothing(work: Going) -> None:
    work.apply(channel("web"))
    nothing = work.apply(channel("web"))
    with closing(sqlite3.connect(work.bench.folder / "state" / "reconciler.sqlite3")) as store:
        kept = store.execute("SELECT run_id FROM inverses").fetchall()
    work.bench.org.forget_requests()

    report = work.undo(nothing)

    assert (nothing,) not in kept
    assert (report.results, work.bench.sent()) == ((), [])


def test_refused_rollback_is_audited_and_leaves_all(work: Going) -> None:
    run = mixed(work)
    before, held = org_of(work.bench), work.held()
    work.bench.org.forget_requests()

    report = work.rollback(run, approve=lambda _: False)

    assert (report.status, work.bench.sent()) == ("refused", [])
    assert (org_of(work.bench), work.held()) == (before, held)
    assert work.bench.audit(phase="refused", run_id=report.run_id)
