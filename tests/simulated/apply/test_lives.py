"""The life of one resource of each kind: made, kept, edited, put right, removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.simulated.apply.bench import Bench, change_of, decisions, outcomes, result_of
from tests.simulated.apply.manifests import (
    ADA,
    BEN,
    SALES,
    SUPPORT,
    channel,
    matrix,
    schema,
    text_field,
    weights,
    widget,
)

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Life:
    """One kind's example.

    Args:
        moved: what an admin does to the object behind our back: collection, id, patch.
    """

    first: Document
    edited: Document
    collection: str
    drift: Mapping[str, Any]

    @property
    def address(self) -> str:
        return f"{self.first['kind']}/{self.first['metadata']['name']}"


LIVES = [
    Life(
        schema("ticket"),
        schema("ticket", [text_field("subject"), text_field("body")]),
        "schemas",
        {"name": "Renamed by hand"},
    ),
    Life(widget("calls"), widget("calls", visualization={"type": "bar"}), "widgets", {"type": "chart"}),
    Life(channel("web"), channel("web", description="Edited"), "channels", {"description": "By hand"}),
]


@pytest.fixture(params=LIVES, ids=lambda life: str(life.first["kind"]))
def life(request: pytest.FixtureRequest) -> Life:
    """Each kind that owns objects."""
    found: Life = request.param
    return found


def test_first_apply_creates_and_the_second_plan_is_empty(work: Bench, life: Life) -> None:
    work.declare(life.first)

    planned = work.plan()
    report = work.converge()

    assert decisions(planned) == {life.address: ("create", "new")}
    assert outcomes(report) == {life.address: "succeeded"}
    assert len(work.objects(life.collection)) == 1


def test_edit_updates_the_object_in_place(work: Bench, life: Life) -> None:
    work.declare(life.first)
    created = work.converge()
    work.declare(life.edited)

    assert decisions(work.plan()) == {life.address: ("update", "edited")}
    edited = work.converge()

    same = {result_of(report, life.address).remote_id for report in (created, edited)}
    assert len(same) == 1
    assert len(work.objects(life.collection)) == 1


def test_drift_is_shown_and_put_right(work: Bench, life: Life) -> None:
    work.declare(life.first)
    remote_id = str(result_of(work.converge(), life.address).remote_id)
    work.org.alter(life.collection, remote_id, life.drift)

    planned = work.plan()

    assert decisions(planned) == {life.address: ("update", "drifted")}
    assert [found.address for found in planned.drift] == [life.address]
    work.converge()


def test_removed_manifest_removes_the_object(work: Bench, life: Life) -> None:
    keeper = schema("keeper")
    work.declare(life.first, keeper)
    work.converge()
    work.declare(keeper)

    planned = work.plan()
    work.converge()

    assert decisions(planned) == {life.address: ("delete", "removed_from_manifests")}
    assert work.entry(life.address) is None
    left = [found for found in work.objects(life.collection) if found.get("status") != "DEPRECATED"]
    assert len(left) == (1 if life.collection == "schemas" else 0)


def test_foreign_object_is_refused_and_adopted_on_request(work: Bench, life: Life) -> None:
    work.declare(life.first)
    work.converge()
    work.lose_state()
    work.declare(life.edited)

    refused = work.apply()
    assert (refused.status, work.entry(life.address)) == ("refused", None)
    assert decisions(refused.plan) == {life.address: ("adopt", "unowned_match")}  # type: ignore[arg-type]

    report = work.converge(adopt=(life.address,))

    assert outcomes(report) == {life.address: "succeeded"}
    assert len(work.objects(life.collection)) == 1


def test_object_gone_from_the_org_is_made_again(work: Bench, life: Life) -> None:
    work.declare(life.first)
    remote_id = str(result_of(work.converge(), life.address).remote_id)
    work.org.remove(life.collection, remote_id)

    assert decisions(work.plan()) == {life.address: ("create", "drifted")}
    work.converge()

    assert len(work.objects(life.collection)) == 1


def test_destroy_takes_all_of_it_away(work: Bench, life: Life) -> None:
    work.declare(life.first)
    work.converge()

    report = work.apply(destroy=True)

    assert (report.status, report.converged) == ("applied", True)
    assert work.prior().entries == {}


def test_details_are_those_of_the_kind(work: Bench) -> None:
    work.declare(schema("ticket"), widget("calls"), channel("web"), matrix("support", overflowThreshold=0.7))

    report = work.converge()

    details = {result.address: dict(result.detail) for result in report.results}
    waited = details["Channel/web"].pop("waited_s")
    assert isinstance(waited, float)
    dashboard = work.objects("widgets")[0]["dashboardId"]
    assert details == {
        "Channel/web": {"status": "active"},
        "Schema/ticket": {"version": 1, "status": "PUBLISHED"},
        "Widget/calls": {"widget_name": "calls", "dashboard_id": dashboard, "render_status": "rendered"},
        "WeightMatrix/support": {
            "queue_id": SUPPORT,
            "requested_weights": {ADA: 0.2, BEN: 0.2},
            "applied_weights": {ADA: 0.2, BEN: 0.2},
            "overflow_threshold": 0.7,
            "balance_accuracy": 100.0,
        },
    }
    assert report.metrics["render_success_rate"] == 100
    assert report.metrics["balance_accuracy"] == 100


# -- what replaces ---------------------------------------------------------------------------------------


def test_widget_on_another_dashboard_is_replaced(work: Bench) -> None:
    work.declare(widget("calls"))
    first = result_of(work.converge(), "Widget/calls").remote_id
    work.declare(widget("calls", dashboardId={"$lookup": "Dashboard/Wallboard"}))

    assert decisions(work.plan()) == {"Widget/calls": ("replace", "immutable_field")}
    work.org.forget_requests()
    second = result_of(work.apply(), "Widget/calls").remote_id

    assert [sent.split()[0] for sent in work.sent()] == ["DELETE", "POST", "POST"]
    assert first != second
    assert [found["id"] for found in work.objects("widgets")] == [second]
    work.assert_settled()


def test_schema_with_another_external_id_is_replaced(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()
    work.declare(schema("ticket", externalId="case"))

    report = work.converge()

    assert result_of(report, "Schema/ticket").action == "replace"
    states = {found["externalId"]: found["status"] for found in work.objects("schemas")}
    assert states == {"ticket": "DEPRECATED", "case": "PUBLISHED"}


def test_matrix_of_another_queue_lets_go_of_the_first(work: Bench) -> None:
    work.declare(matrix("support"))
    work.converge()
    gina = {"userId": {"$lookup": "User/gina.garcia@example.com"}, "weight": 0.3}
    work.declare(matrix("support", queueId=SALES, members=[gina]))

    work.converge()

    entry = work.entry("WeightMatrix/support")
    assert entry is not None
    assert entry.remote_id == SALES


# -- the matrix, which owns settings only ----------------------------------------------------------------


def test_matrix_is_an_update_and_its_removal_forgets(work: Bench) -> None:
    keeper = schema("keeper")
    work.declare(matrix("support"), keeper)
    assert decisions(work.plan())["WeightMatrix/support"] == ("update", "new")
    work.converge()
    scores = {found["user"]["id"]: found["score"] for found in work.objects("members")}
    work.declare(keeper)

    planned = work.plan()
    work.org.forget_requests()
    work.converge()

    assert decisions(planned) == {"WeightMatrix/support": ("forget", "removed_from_manifests")}
    assert {found["user"]["id"]: found["score"] for found in work.objects("members")} == scores


def test_matrix_drift_is_put_right(work: Bench) -> None:
    work.declare(matrix("support"))
    work.converge()
    work.org.alter("members", f"{SUPPORT}/{ADA}", {"score": 0.15})

    assert decisions(work.plan()) == {"WeightMatrix/support": ("update", "drifted")}
    work.converge()


def test_matrix_edit_touches_only_what_it_names(work: Bench) -> None:
    work.declare(matrix("support"))
    work.converge()
    work.declare(matrix("support", members=weights(ada=0.1, ben=0.2)))

    changed = change_of(work.plan(), "WeightMatrix/support")
    assert [field.path for field in changed.fields] == [f"/members/{ADA}/weight"]
    work.org.forget_requests()
    work.apply()

    assert work.sent() == [f"PATCH /api/v2/routing/queues/{SUPPORT}/members/{ADA}"]
    work.assert_settled()
