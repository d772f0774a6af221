"""Widgets, end to end: refresh, render status, pre-flight, and what a PUT must keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Fault
from reconciler.settings import ApplySettings
from tests.simulated.apply.bench import AT_ONCE, QUICK, Bench, bench, problems, result_of
from tests.simulated.apply.manifests import widget

WIDGETS = "/api/v2/analytics/dashboards/*/widgets"


def test_create_is_refreshed_and_its_status_read_once(work: Bench) -> None:
    work.declare(widget("calls"))

    work.apply()

    created, refreshed = work.mutations()
    assert refreshed.path == f"{created.path}/{work.objects('widgets')[0]['id']}/refresh"
    after = work.org.requests[work.org.requests.index(refreshed) + 1 :]
    assert [request.method for request in after] == ["GET"]


def test_refresh_that_fails_is_a_warning(work: Bench) -> None:
    work.declare(widget("calls"))
    work.org.inject(Fault(method="POST", path=f"{WIDGETS}/*/refresh", status=400, message="busy"))

    report = work.converge()

    warned = result_of(report, "Widget/calls").warnings
    assert len(warned) == 1
    assert "refresh failed" in warned[0]


def test_lost_answer_to_a_refresh_is_a_warning(work: Bench) -> None:
    work.declare(widget("calls"))
    work.org.inject(Fault(method="POST", path=f"{WIDGETS}/*/refresh", drop="after", times=None))

    report = work.converge()

    assert result_of(report, "Widget/calls").outcome == "succeeded"
    assert work.prior().open_intents == ()


def test_render_success_rate_counts_what_is_decided(work: Bench) -> None:
    work.declare(widget("good"), widget("bad"), widget("late"))
    work.org.inject(Fault(path=f"{WIDGETS}/*/refresh", render="fail"))
    work.org.inject(Fault(path=f"{WIDGETS}/*/refresh", render="hang"))

    report = work.apply(parallelism=1)

    statuses = sorted(str(result.detail["render_status"]) for result in report.results)
    assert statuses == ["failed", "pending", "rendered"]
    assert report.metrics["render_success_rate"] == 50
    assert report.converged


def test_nothing_decided_is_no_rate(work: Bench) -> None:
    work.declare(widget("calls"))
    work.org.inject(Fault(path=f"{WIDGETS}*", render="hang", times=None))

    assert work.apply().metrics["render_success_rate"] is None


def test_rendering_gets_time_before_it_is_read(tmp_path: Path) -> None:
    with bench(tmp_path, replace(AT_ONCE, render_s=0.15)) as other:
        other.settings = replace(QUICK, apply=ApplySettings(render_wait_s=0.2))
        other.declare(widget("calls"))

        report = other.apply()

    assert result_of(report, "Widget/calls").detail["render_status"] == "rendered"


@pytest.mark.parametrize("metric", ["nNobodyKnows"])
def test_preflight_refusal_sends_nothing(work: Bench, metric: str) -> None:
    work.declare(widget("calls", config={"metrics": [{"name": metric, "type": "count"}]}))

    report = work.apply()

    assert (report.status, work.sent()) == ("refused", [])
    assert problems(report)[0].startswith("widget.query")
    assert report.plan is not None
    assert [record["outcome"] for record in work.audit(phase="refused")] == ["refused"]


def test_put_keeps_what_an_admin_changed_since_the_plan(work: Bench) -> None:
    work.declare(widget("calls"))
    remote_id = str(result_of(work.converge(), "Widget/calls").remote_id)
    work.declare(widget("calls", visualization={"type": "bar"}))
    filters: Any = [{"name": "mediaType", "type": "dimension", "values": ["voice"]}]

    def meanwhile(_: object) -> bool:
        config = {"metrics": [{"name": "nOffered", "type": "count"}], "filters": filters}
        work.org.alter("widgets", remote_id, {"config": config})
        return True

    report = work.apply(approve=meanwhile)

    assert (report.status, report.converged) == ("applied", True)
    assert work.objects("widgets")[0]["config"]["filters"] == filters
    assert work.objects("widgets")[0]["visualization"] == {"type": "bar"}
    work.assert_settled()
