"""Changes that are more than an edit: replaced half-way, left alone, renamed, adopted with drift, lagging."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.sandbox import Fault
from tests.simulated.apply.bench import (
    Bench,
    change_of,
    decisions,
    outcomes,
    problems,
    result_of,
)
from tests.simulated.apply.manifests import ADA, SUPPORT, channel, matrix, schema, weights, widget


def only(work: Bench, collection: str) -> dict[str, Any]:
    """The one object of a collection."""
    (found,) = work.objects(collection)
    return found


# -- replacement -----------------------------------------------------------------------------------------


def test_replacement_that_stops_after_the_delete_is_made_next_time(work: Bench) -> None:
    work.declare(widget("calls"))
    work.converge()
    work.declare(widget("calls", dashboardId={"$lookup": "Dashboard/Wallboard"}))
    work.org.inject(Fault(method="POST", path="*/widgets", status=400))

    report = work.apply()

    assert outcomes(report) == {"Widget/calls": "failed"}
    assert work.objects("widgets") == []
    assert decisions(work.plan()) == {"Widget/calls": ("create", "drifted")}
    work.converge()


def test_replacement_whose_create_is_lost_leaves_one(work: Bench) -> None:
    work.declare(widget("calls"))
    work.converge()
    work.declare(widget("calls", dashboardId={"$lookup": "Dashboard/Wallboard"}))
    work.org.inject(Fault(method="POST", path="*/widgets", drop="after", times=5))

    report = work.apply()

    assert outcomes(report) == {"Widget/calls": "unknown"}
    work.converge()
    only(work, "widgets")


# -- what is left alone ----------------------------------------------------------------------------------


def test_ignored_field_is_left_and_the_run_converges(work: Bench) -> None:
    lifecycle = {"ignoreChanges": ["/description"]}
    work.declare(channel("web", lifecycle=lifecycle))
    work.converge()
    work.org.alter("channels", only(work, "channels")["id"], {"description": "By hand"})
    work.assert_settled()
    work.declare(channel("web", lifecycle=lifecycle, defaultLanguage="de-DE"))

    work.converge()

    assert (only(work, "channels")["description"], only(work, "channels")["defaultLanguage"]) == (
        *("By hand", "de-DE"),
    )


@pytest.fixture
def torn(work: Bench) -> Bench:
    """A channel whose description both sides have changed."""
    work.declare(channel("web"))
    work.converge()
    work.org.alter("channels", only(work, "channels")["id"], {"description": "Theirs"})
    work.declare(channel("web", description="Ours", defaultLanguage="de-DE"))
    work.org.forget_requests()
    return work


def test_conflict_is_refused_with_nothing_sent(torn: Bench) -> None:
    report = torn.apply()

    assert (report.status, torn.sent()) == ("refused", [])
    assert problems(report)[0].startswith("plan.conflict")


def test_ours_wins_on_request(torn: Bench) -> None:
    report = torn.apply(on_conflict="ours")

    assert (report.status, report.converged) == ("applied", True)
    assert only(torn, "channels")["description"] == "Ours"
    torn.assert_settled()


def test_theirs_is_left_and_stays_a_conflict(torn: Bench) -> None:
    report = torn.apply(on_conflict="theirs")

    assert (report.status, report.converged) == ("applied", True)
    assert (only(torn, "channels")["description"], only(torn, "channels")["defaultLanguage"]) == (
        *("Theirs", "de-DE"),
    )
    assert [found.code for found in torn.plan().diagnostics] == ["plan.conflict"]


def test_field_that_was_left_is_drift_once_the_manifest_gives_way(torn: Bench) -> None:
    torn.apply(on_conflict="theirs")
    torn.declare(channel("web", defaultLanguage="de-DE"))

    planned = torn.plan()

    assert decisions(planned) == {"Channel/web": ("update", "drifted")}
    torn.converge()
    assert only(torn, "channels")["description"] == "Messages of web"


# -- names -----------------------------------------------------------------------------------------------


def test_changed_name_renames_the_object(work: Bench) -> None:
    work.declare(channel("web"))
    first = result_of(work.converge(), "Channel/web").remote_id
    work.declare(channel("web", name="Renamed"))

    report = work.converge()

    assert result_of(report, "Channel/web").remote_id == first
    assert only(work, "channels")["name"] == "Renamed"


def test_declared_rename_keeps_the_object_and_its_history(work: Bench) -> None:
    work.declare(channel("web"))
    first = result_of(work.converge(), "Channel/web").remote_id
    work.declare(channel("site", name="web", description="Edited", metadata={"formerly": ["web"]}))

    assert decisions(work.plan()) == {"Channel/site": ("update", "renamed")}
    report = work.converge()

    assert result_of(report, "Channel/site").remote_id == first
    assert list(map(str, work.prior().entries)) == ["Channel/site"]


def test_undeclared_rename_is_refused(work: Bench) -> None:
    work.declare(channel("web"))
    work.converge()
    work.declare(channel("site", name="web"))
    work.org.forget_requests()

    report = work.apply()

    assert (report.status, work.sent()) == ("refused", [])
    assert problems(report)[0].startswith("manifest.duplicate-identity")


# -- only the record -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "envelope",
    [
        {"lifecycle": {"preventDestroy": True}},
        {"lifecycle": {"onRemove": "forget"}},
        {"metadata": {"labels": {"team": "care"}}},
    ],
    ids=["preventDestroy", "onRemove", "labels"],
)
def test_lifecycle_and_labels_move_the_record_only(work: Bench, envelope: dict[str, Any]) -> None:
    work.declare(channel("web"))
    work.converge()
    work.declare(channel("web", **envelope))
    work.org.forget_requests()

    planned = work.plan()
    work.apply()

    assert change_of(planned, "Channel/web").requests == 0
    assert work.sent() == []
    work.assert_settled()


def test_what_the_server_made_of_our_write_stays_agreed(work: Bench) -> None:
    """The pair sent and answered outlives a change that sends nothing."""
    work.declare(widget("calls"))
    remote_id = str(result_of(work.converge(), "Widget/calls").remote_id)
    work.declare(widget("calls", type="chart"))
    answer = {**work.objects("widgets")[0], "type": "table"}
    work.org.inject(Fault(method="PUT", path="*", body=json.dumps(answer)))
    work.apply()
    work.org.alter("widgets", remote_id, {"type": "table"})
    work.assert_settled()

    work.declare(widget("calls", type="chart", metadata={"labels": {"team": "care"}}))
    work.apply()
    work.assert_settled()

    work.org.alter("widgets", remote_id, {"type": "metric"})
    work.declare(widget("calls", type="metric", metadata={"labels": {"team": "care"}}))
    work.apply()
    work.assert_settled()


def test_removal_obeys_the_last_recorded_lifecycle(work: Bench) -> None:
    keeper = schema("keeper")
    work.declare(channel("web", lifecycle={"onRemove": "forget"}), keeper)
    work.converge()
    work.declare(keeper)

    assert decisions(work.plan()) == {"Channel/web": ("forget", "removed_from_manifests")}
    work.converge()
    only(work, "channels")


def test_key_taken_out_of_a_manifest_is_left_in_the_org(work: Bench) -> None:
    availability = {"default": {"status": "available"}}
    work.declare(channel("web", availability=availability))
    work.converge()
    work.declare(channel("web"))
    work.org.forget_requests()

    work.apply()

    assert work.sent() == []
    assert only(work, "channels")["availability"]["default"] == availability["default"]
    work.assert_settled()


def test_agreed_change_moves_the_base(work: Bench) -> None:
    work.declare(channel("web"))
    work.converge()
    work.org.alter("channels", only(work, "channels")["id"], {"description": "Both"})
    work.declare(channel("web", description="Both"))

    assert work.plan().changes == ()
    work.apply()

    entry = work.entry("Channel/web")
    assert entry is not None
    assert entry.base["description"] == "Both"


# -- adoption --------------------------------------------------------------------------------------------


def test_adoption_carries_the_fields_that_it_alters(work: Bench) -> None:
    work.declare(channel("web"))
    first = result_of(work.converge(), "Channel/web").remote_id
    work.lose_state()
    work.declare(channel("web", description="Edited"))

    changed = change_of(work.plan(adopt=("Channel/*",)), "Channel/web")
    report = work.converge(adopt=("Channel/*",))

    assert "/description" in [field.path for field in changed.fields]
    assert result_of(report, "Channel/web").remote_id == first
    assert only(work, "channels")["description"] == "Edited"


def test_adoption_by_lifecycle_needs_no_option(work: Bench) -> None:
    work.declare(channel("web"))
    work.converge()
    work.lose_state()
    work.declare(channel("web", lifecycle={"adopt": True}))

    work.converge()

    only(work, "channels")


# -- two things at once ----------------------------------------------------------------------------------


def test_unlisted_member_stays_out_of_a_put_right(work: Bench) -> None:
    work.declare(matrix("support", members=weights(ada=0.2)))
    work.converge()
    for user, score in ((ADA, 0.1), (seed(work, 1), 0.05)):
        work.org.alter("members", f"{SUPPORT}/{user}", {"score": score})

    planned = work.plan()
    work.converge()

    assert [field.path for field in planned.changes[0].fields] == [f"/members/{ADA}/weight"]


def seed(work: Bench, number: int) -> str:
    """A member of the support queue that the matrix does not list."""
    members = work.objects("members")
    users = [str(found["user"]["id"]) for found in members if found["queueId"] == SUPPORT]
    return [user for user in users if user != ADA][number]


def test_token_that_is_revoked_meanwhile_is_renewed(work: Bench) -> None:
    work.declare(schema("a"), schema("b"))
    work.org.inject(Fault(method="PATCH", path="*", revoke_token=True))

    work.converge()


# -- listings that lag -----------------------------------------------------------------------------------


def test_listing_that_lags_behind_a_create(work: Bench) -> None:
    work.org.lag_listings(600)
    work.declare(channel("web"))

    work.converge()


def test_listing_that_lags_behind_a_delete(work: Bench) -> None:
    """What we deleted a short while ago is no match for the new resource of its name."""
    keeper = schema("keeper")
    work.declare(channel("web"), keeper)
    work.converge()
    work.org.lag_listings(600)
    work.declare(keeper)
    work.converge()
    work.declare(channel("web"), keeper)

    assert decisions(work.plan()) == {"Channel/web": ("create", "new")}
    work.converge()
