"""Saved plans: applied as they were reviewed, or not at all (design.md, section 7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.commands.saved import SavedPlan
from reconciler.errors import AuthFailed, StateError
from reconciler.model.outcome import RunReport
from reconciler.sandbox import Fault
from tests.simulated.apply.bench import Bench, bench, outcomes, problems, result_of
from tests.simulated.apply.children import Death, apply_and_die
from tests.simulated.apply.manifests import ADA, SUPPORT, channel, matrix, reference, schema, widget

SCHEMAS = "/api/v2/customobjects/schemas"


def assert_stale(work: Bench, saved: SavedPlan) -> RunReport:
    """Exit 4, nothing sent, and the audit says so."""
    work.org.forget_requests()
    report = work.apply(saved=saved)
    assert (report.status, work.sent(), report.results) == ("stale", [], ())
    assert problems(report)[-1].startswith("plan.stale")
    assert work.audit(phase="refused")[-1]["outcome"] == "stale"
    return report


def test_saved_plan_is_applied_without_asking(work: Bench) -> None:
    work.declare(schema("ticket"), widget("calls"), channel("web"), matrix("support"))
    saved = work.save()

    report = work.apply(saved=saved)

    assert (report.status, report.converged) == ("applied", True)
    assert report.plan_fingerprint == saved.plan.fingerprint
    work.assert_settled()


def test_rename_is_applied_by_its_plan(work: Bench) -> None:
    """Prior state holds it under the former name, and the plan speaks of the new one."""
    work.declare(channel("web"))
    work.converge()
    work.declare(channel("site", name="site", metadata={"formerly": ["web"]}))
    saved = work.save()

    report = work.apply(saved=saved)

    assert (report.status, outcomes(report)) == ("applied", {"Channel/site": "succeeded"})
    work.assert_settled()
    assert_stale(work, saved)


def test_rename_of_what_another_run_recorded_meanwhile_is_stale(work: Bench) -> None:
    work.declare(channel("web"))
    work.converge()
    work.declare(channel("site", name="site", metadata={"formerly": ["web"]}))
    saved = work.save()
    work.declare(channel("web", metadata={"labels": {"team": "care"}}))
    work.converge()
    work.declare(channel("site", name="site", metadata={"formerly": ["web"]}))

    assert_stale(work, saved)


def test_plan_whose_changes_are_all_recorded_is_stale(work: Bench) -> None:
    work.declare(schema("ticket"), widget("calls"))
    saved = work.save()
    work.apply(saved=saved)

    assert "recorded already" in problems(assert_stale(work, saved))[-1]


def test_plan_without_changes_is_applied_any_time(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()
    saved = work.save()

    assert [work.apply(saved=saved).status for _ in range(2)] == ["applied", "applied"]


# -- what makes it stale ---------------------------------------------------------------------------------


def edit_manifest(work: Bench) -> None:
    work.declare(schema("ticket", description="Edited again"), widget("calls"))


def declare_more(work: Bench) -> None:
    work.declare(schema("ticket", description="Edited"), widget("calls"), schema("more"))


def move_by_hand(work: Bench) -> None:
    work.org.alter("schemas", "ticket", {"description": "By hand"})


def remove_by_hand(work: Bench) -> None:
    work.org.remove("schemas", "ticket")


def publish_by_hand(work: Bench) -> None:
    version = work.objects("schemas")[0]["version"]
    work.org.alter("schemas", "ticket", {"version": version + 1})


def apply_in_another_run(work: Bench) -> None:
    work.declare(schema("ticket", description="Another run's"), widget("calls"))
    work.apply()
    work.declare(schema("ticket", description="Edited"), widget("calls"))


def apply_the_same_in_another_run(work: Bench) -> None:
    work.declare(schema("ticket", description="Edited"))
    work.apply(targets=("Schema/ticket",))
    work.declare(schema("ticket", description="Edited"), widget("calls"))


def rename_dashboard(work: Bench) -> None:
    board = next(found for found in work.objects("dashboards") if found["name"] == "Support Overview")
    work.org.alter("dashboards", board["id"], {"name": "Old"})
    other = next(found for found in work.objects("dashboards") if found["name"] == "Wallboard")
    work.org.alter("dashboards", other["id"], {"name": "Support Overview"})


def lose_dashboard(work: Bench) -> None:
    board = next(found for found in work.objects("dashboards") if found["name"] == "Support Overview")
    work.org.alter("dashboards", board["id"], {"name": "Old"})


@pytest.mark.parametrize(
    "happens",
    [
        edit_manifest,
        declare_more,
        move_by_hand,
        remove_by_hand,
        publish_by_hand,
        apply_in_another_run,
        apply_the_same_in_another_run,
        rename_dashboard,
        lose_dashboard,
    ],
)
def test_basis_that_moved_is_stale(work: Bench, happens: Callable[[Bench], None]) -> None:
    work.declare(schema("ticket"), widget("calls"))
    work.converge()
    work.declare(schema("ticket", description="Edited"), widget("calls"))
    saved = work.save()

    happens(work)

    assert_stale(work, saved)


@pytest.fixture
def removing(work: Bench) -> SavedPlan:
    """A saved plan that deletes a channel."""
    work.declare(channel("web"), schema("keeper"))
    work.converge()
    work.declare(schema("keeper"))
    return work.save()


def test_delete_of_what_others_changed_meanwhile_is_stale(work: Bench, removing: SavedPlan) -> None:
    work.org.alter("channels", work.objects("channels")[0]["id"], {"description": "By hand"})

    assert_stale(work, removing)


def test_delete_of_what_another_run_recorded_meanwhile_is_stale(work: Bench, removing: SavedPlan) -> None:
    work.declare(channel("web", metadata={"labels": {"team": "care"}}), schema("keeper"))
    work.converge()
    work.declare(schema("keeper"))

    assert "another run" in problems(assert_stale(work, removing))[-1]


def test_variable_that_changed_is_stale(work: Bench) -> None:
    work.configure(vars={"text": "one"})
    work.declare(schema("ticket", description="${var.text}"))
    saved = work.save()
    work.configure(vars={"text": "two"})

    assert_stale(work, saved)


def test_object_made_by_others_meanwhile_is_stale(work: Bench) -> None:
    work.declare(schema("ticket"))
    saved = work.save()
    other = work.folder / "other"
    other.mkdir()
    theirs = Bench(other, work.org)
    theirs.configure()
    theirs.declare(schema("ticket", description="Theirs"))
    theirs.converge()

    assert_stale(work, saved)


def test_plan_of_another_org_is_stale(work: Bench) -> None:
    work.declare(schema("ticket"))
    saved = work.save()

    assert_stale(work, replace(saved, plan=replace(saved.plan, org_id="another")))


def test_plan_of_another_state_is_stale(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()
    work.declare(schema("ticket", description="Edited"))
    saved = work.save()

    basis = replace(saved.plan.basis, state_lineage="another")
    assert_stale(work, replace(saved, plan=replace(saved.plan, basis=basis)))


def test_same_drift_twice_is_two_plans(work: Bench) -> None:
    """They have one fingerprint, and the second is not recorded."""
    work.declare(channel("web"))
    remote_id = str(result_of(work.converge(), "Channel/web").remote_id)
    saved = []
    for _ in range(2):
        work.org.alter("channels", remote_id, {"description": "By hand"})
        saved.append(work.save())
        assert work.apply(saved=saved[-1]).status == "applied"

    assert saved[0].plan.fingerprint == saved[1].plan.fingerprint
    work.assert_settled()


# -- what does not ---------------------------------------------------------------------------------------


def test_unrelated_changes_do_not_matter(work: Bench) -> None:
    work.declare(schema("ticket"), channel("web"), matrix("support"))
    work.converge()
    edited = schema("ticket", description="Edited")
    work.declare(edited, channel("web"), matrix("support"))
    saved = work.save()
    work.org.alter("members", f"{SUPPORT}/{ADA}", {"score": 0.1})
    work.org.alter("channels", work.objects("channels")[0]["id"], {"description": "By hand"})
    work.org.alter("schemas", "ticket", {"name": "Ticket"})

    report = work.apply(saved=saved)

    assert (report.status, outcomes(report)) == ("applied", {"Schema/ticket": "succeeded"})


def test_unmanaged_field_does_not_matter(work: Bench) -> None:
    work.declare(channel("web"))
    remote_id = str(result_of(work.converge(), "Channel/web").remote_id)
    work.declare(channel("web", description="Edited"))
    saved = work.save()
    availability: Any = {"default": {"status": "unavailable"}}
    work.org.alter("channels", remote_id, {"availability": availability})

    report = work.apply(saved=saved)

    assert report.status == "applied"
    assert work.objects("channels")[0]["availability"] == availability


# -- half-way --------------------------------------------------------------------------------------------


def test_plan_that_stopped_half_way_skips_what_is_recorded(work: Bench) -> None:
    work.declare(schema("a"), schema("b", [reference("a", "a")]), schema("c", [reference("b", "b")]))
    saved = work.save()
    work.org.inject(Fault(method="POST", path=SCHEMAS, status=400, after=1))
    first = work.apply(saved=saved)
    work.org.forget_requests()

    second = work.apply(saved=saved)

    assert outcomes(first) == {"Schema/a": "succeeded", "Schema/b": "failed", "Schema/c": "skipped"}
    assert outcomes(second) == {"Schema/b": "succeeded", "Schema/c": "succeeded"}
    bodies: list[Any] = [request.body for request in work.mutations() if request.method == "POST"]
    assert [body["externalId"] for body in bodies] == ["b", "c"]
    work.assert_settled()


def test_reference_that_became_known_does_not_matter(work: Bench) -> None:
    config = {
        "metrics": [{"name": "nOffered", "type": "count"}],
        "filters": [{"name": "mediaType", "type": "dimension", "values": ["voice", {"$ref": "Widget/a"}]}],
    }
    work.declare(widget("a"), widget("b", config=config))
    saved = work.save()
    work.org.inject(Fault(method="POST", path="*/widgets", status=400, after=1))
    work.apply(saved=saved)

    assert outcomes(work.apply(saved=saved)) == {"Widget/b": "succeeded"}
    work.assert_settled()


def test_change_that_was_begun_goes_on(work: Bench) -> None:
    """The draft was made, its publishing failed: the plan of now says update, and means the same."""
    work.declare(schema("ticket"), schema("other"))
    saved = work.save()
    work.org.inject(Fault(method="PATCH", path=f"{SCHEMAS}/ticket", status=400))
    work.apply(saved=saved)

    report = work.apply(saved=saved)

    assert outcomes(report) == {"Schema/ticket": "succeeded"}
    work.assert_settled()


def test_create_whose_answer_was_lost_goes_on(work: Bench) -> None:
    work.declare(widget("calls"))
    saved = work.save()
    work.org.inject(Fault(method="POST", path="*/widgets", drop="after", times=5))
    first = work.apply(saved=saved)

    second = work.apply(saved=saved)

    assert (outcomes(first), second.status) == ({"Widget/calls": "unknown"}, "applied")
    assert len(work.objects("widgets")) == 1
    work.assert_settled()


def test_half_a_matrix_goes_on_by_its_plan(work: Bench) -> None:
    work.declare(matrix("support", overflowThreshold=0.6))
    saved = work.save()
    assert apply_and_die(work, Death("StepStarted", 3))

    report = work.apply(saved=saved)

    assert (report.status, outcomes(report)) == ("applied", {"WeightMatrix/support": "succeeded"})
    work.assert_settled()


def test_update_whose_answer_was_lost_goes_on_by_its_plan(work: Bench) -> None:
    work.declare(channel("web"))
    work.converge()
    work.declare(channel("web", description="Edited"))
    saved = work.save()
    work.org.inject(Fault(method="PUT", path="*", drop="after"))
    assert apply_and_die(work, Death("Retrying", 1))

    assert work.apply(saved=saved).status == "applied"
    work.assert_settled()


# -- permissions -----------------------------------------------------------------------------------------


def test_plan_that_is_not_applyable_is_refused(work: Bench) -> None:
    work.declare(widget("calls", config={"metrics": [{"name": "nNobodyKnows", "type": "count"}]}))
    saved = work.save()
    work.org.forget_requests()

    report = work.apply(saved=saved)

    assert (saved.plan.applyable, report.status, work.sent()) == (False, "refused", [])
    assert problems(report)[0].startswith("widget.query")


def test_saved_plan_carries_the_permission_for_a_new_state(work: Bench) -> None:
    work.declare(schema("ticket"))
    on_a_runner = replace(work, is_terminal=False)
    with pytest.raises(StateError) as caught:
        on_a_runner.plan()
    with pytest.raises(StateError):
        on_a_runner.apply()
    saved = on_a_runner.save(new_state=True)

    report = on_a_runner.apply(saved=saved)

    assert caught.value.code == "state.missing"
    assert report.status == "applied"


def test_state_that_is_missing_is_named_with_the_ways_out(work: Bench) -> None:
    work.declare(schema("ticket"))
    on_a_runner = replace(work, is_terminal=False)

    with pytest.raises(StateError) as caught:
        on_a_runner.apply(destroy=True, new_state=True)

    told = f"{caught.value.message} {caught.value.hint}"
    for word in ("postgresql://", "state pull FILE", "state push FILE"):
        assert word in told
    assert not (work.folder / "state").exists()


def test_protected_org_wants_a_saved_plan_or_its_fingerprint(work: Bench) -> None:
    work.configure(org={"protected": True})
    work.declare(schema("ticket"))

    refused = work.apply()
    by_fingerprint = work.apply(expect=work.plan().fingerprint)
    work.declare(schema("ticket", description="Edited"))
    by_plan = work.apply(saved=work.save())

    assert (refused.status, by_fingerprint.status, by_plan.status) == ("refused", "applied", "applied")
    assert problems(refused)[0].startswith("plan.protected")


def test_other_fingerprint_than_expected_is_stale(work: Bench) -> None:
    work.declare(schema("ticket"))

    report = work.apply(expect="0" * 64)

    assert (report.status, work.sent(), report.plan is not None) == ("stale", [], True)
    assert work.plan().fingerprint in problems(report)[0]


def test_plan_of_another_folder_is_applied_from_there(work: Bench) -> None:
    work.declare(schema("ticket"), schema("kept"))
    work.converge()
    part = work.folder / "part"
    part.mkdir()
    (part / "one.json").write_text(json.dumps(schema("one")))
    saved = work.save(part)

    report = work.apply(saved=saved)

    assert (saved.plan.complete, report.status) == (False, "applied")
    assert outcomes(report) == {"Schema/one": "succeeded"}
    assert len(work.prior().entries) == 3


def test_saved_plan_holds_no_secret(work: Bench) -> None:
    work.environ["BI_TEXT"] = "hunter2-is-secret"
    work.configure(environment=["BI_TEXT"])
    work.declare(schema("ticket", description="${env.BI_TEXT}"))
    saved = work.save()

    report = work.apply(saved=saved)

    assert report.status == "applied"
    assert work.objects("schemas")[0]["description"] == "hunter2-is-secret"
    kept = b"".join(file.read_bytes() for file in (work.folder / "state").iterdir())
    assert b"hunter2" not in kept
    assert "hunter2" not in repr(saved.plan)
    work.environ["BI_TEXT"] = "another"
    assert_stale(work, saved)


def test_plan_with_a_secret_holds_after_a_first_run_that_never_reached_the_org(work: Bench) -> None:
    work.environ["BI_TEXT"] = "hunter2-is-secret"
    work.configure(environment=["BI_TEXT"])
    work.declare(schema("ticket", description="${env.BI_TEXT}"))
    work.org.inject(Fault(path="/oauth/token", status=401))
    with pytest.raises(AuthFailed):
        work.apply()
    saved = work.save()

    report = work.apply(saved=saved)

    assert (report.status, report.plan_fingerprint) == ("applied", saved.plan.fingerprint)


def test_two_orgs_have_two_states(work: Bench, tmp_path: Path) -> None:
    work.declare(schema("ticket"))
    work.converge()
    bound = work.prior().identity
    assert bound is not None
    assert (bound.org_id, f"http://{bound.api_host}") == (work.org.org_id, work.org.base_url)
    saved = work.save()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with bench(elsewhere) as other:
        work.org = other.org
        work.configure()

        for attempt in (work.apply, work.plan, lambda: work.apply(saved=saved)):
            with pytest.raises(StateError) as caught:
                attempt()
            assert caught.value.code == "state.other-org"
        assert work.sent() == []
