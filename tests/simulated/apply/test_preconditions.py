"""Objects that change while they are written: 412, 404 and what is stale (platform-api.md, section 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from reconciler.commands import apply as apply_module
from reconciler.model.events import Event, Retrying, StepStarted
from reconciler.sandbox import Fault
from reconciler.sandbox.documents import JsonValue
from tests.simulated.apply.bench import Bench, outcomes, problems, result_of
from tests.simulated.apply.manifests import SUPPORT, channel, matrix, schema

CHANNELS = "/api/v2/wi/engagements/configurations"


@dataclass(slots=True)
class Meddling:
    """Somebody does something at the first event of a type."""

    event: type[Event]
    act: Callable[[], object]
    is_done: bool = False

    def notify(self, event: Event) -> None:
        if isinstance(event, self.event) and not self.is_done:
            self.is_done = True
            self.act()


@pytest.fixture
def edited(work: Bench) -> Bench:
    """A channel whose manifest was edited."""
    work.declare(channel("web"), schema("keeper"))
    work.converge()
    work.declare(channel("web", description="Edited"), schema("keeper"))
    work.org.forget_requests()
    return work


def alter(work: Bench, **patch: JsonValue) -> Callable[[], object]:
    """An admin's change of the channel."""
    return lambda: work.org.alter("channels", work.objects("channels")[0]["id"], patch)


def puts(work: Bench) -> list[int | None]:
    """The statuses of the PUTs."""
    return [request.status for request in work.mutations() if request.method == "PUT"]


def test_unmanaged_change_after_the_reread_goes_on(edited: Bench) -> None:
    availability: JsonValue = {"default": {"status": "unavailable"}}
    report = edited.apply(observer=Meddling(StepStarted, alter(edited, availability=availability)))

    assert (report.status, report.converged, puts(edited)) == ("applied", True, [412, 200])
    edited.assert_settled()


def test_managed_change_after_the_reread_is_stale(edited: Bench) -> None:
    report = edited.apply(observer=Meddling(StepStarted, alter(edited, description="By hand")))

    assert (report.status, outcomes(report), puts(edited)) == (
        *("partial", {"Channel/web": "failed"}),
        [412],
    )
    assert problems(report)[0].startswith("plan.stale")
    assert edited.objects("channels")[0]["description"] == "By hand"


def test_managed_change_before_the_reread_is_stale(edited: Bench) -> None:
    report = edited.apply(approve=lambda _: bool(alter(edited, description="By hand")()))

    assert (report.status, puts(edited)) == ("partial", [])
    assert problems(report)[0].startswith("plan.stale")


def test_review_that_took_long_is_compared_before_anything_is_sent(
    edited: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_module, "REVIEW_S", 0.0)

    unmoved = edited.plan()
    report = edited.apply(approve=lambda _: bool(alter(edited, description="By hand")()))
    assert (report.status, edited.sent()) == ("stale", [])
    assert unmoved.changes

    alter(edited, description="Messages of web")()
    assert edited.apply(approve=lambda _: True).status == "applied"


def test_object_that_never_rests_is_stale(edited: Bench) -> None:
    edited.org.inject(Fault(method="PUT", path=f"{CHANNELS}/*", status=412, times=None))

    report = edited.apply()

    assert puts(edited) == [412, 412, 412]
    assert problems(report)[0].startswith("plan.stale")


def test_lost_answer_to_a_put_succeeds(edited: Bench) -> None:
    edited.org.inject(Fault(method="PUT", path=f"{CHANNELS}/*", drop="after"))

    report = edited.apply()

    assert (report.status, report.converged, puts(edited)) == ("applied", True, [None, 412])
    assert result_of(report, "Channel/web").detail["status"] == "active"
    edited.assert_settled()


def test_object_that_is_gone_when_it_is_written_failed(edited: Bench) -> None:
    channel_id = edited.objects("channels")[0]["id"]
    report = edited.apply(observer=Meddling(StepStarted, lambda: edited.org.remove("channels", channel_id)))

    error = result_of(report, "Channel/web").error
    assert error is not None
    assert (report.status, error.diagnostic.code, error.http_status) == ("partial", "remote.not-found", 404)
    edited.converge()


def test_object_that_is_gone_before_it_is_deleted_is_done(work: Bench) -> None:
    work.declare(channel("web"), schema("keeper"))
    channel_id = str(result_of(work.converge(), "Channel/web").remote_id)
    work.declare(schema("keeper"))

    report = work.apply(observer=Meddling(StepStarted, lambda: work.org.remove("channels", channel_id)))

    assert (report.status, outcomes(report)) == ("applied", {"Channel/web": "succeeded"})
    assert work.entry("Channel/web") is None


def test_lost_answer_to_a_delete_is_done(work: Bench) -> None:
    work.declare(channel("web"), schema("keeper"))
    work.converge()
    work.declare(schema("keeper"))
    work.org.inject(Fault(method="DELETE", path=f"{CHANNELS}/*", drop="after"))

    report = work.converge()

    assert outcomes(report) == {"Channel/web": "succeeded"}


def test_delete_waits_for_no_version_that_moved(work: Bench) -> None:
    work.declare(channel("web"), schema("keeper"))
    work.converge()
    work.declare(schema("keeper"))
    availability: JsonValue = {"default": {"status": "unavailable"}}

    report = work.apply(observer=Meddling(StepStarted, alter(work, availability=availability)))

    assert (report.status, work.objects("channels")) == ("applied", [])


def test_object_that_goes_between_two_tries_of_a_delete_is_done(work: Bench) -> None:
    work.declare(channel("web"), schema("keeper"))
    channel_id = str(result_of(work.converge(), "Channel/web").remote_id)
    work.declare(schema("keeper"))
    work.org.inject(Fault(method="DELETE", path=f"{CHANNELS}/*", status=412))
    work.org.inject(Fault(method="GET", path=f"{CHANNELS}/{channel_id}", status=503, after=1))

    report = work.apply(observer=Meddling(Retrying, lambda: work.org.remove("channels", channel_id)))

    assert outcomes(report) == {"Channel/web": "succeeded"}


def test_queue_that_moves_beside_its_settings_goes_on(work: Bench) -> None:
    work.declare(matrix("support", overflowThreshold=0.6))

    report = work.apply(
        observer=Meddling(StepStarted, lambda: work.org.alter("queues", SUPPORT, {"longestWait": 99}))
    )

    patched = [request.status for request in work.mutations() if request.path.endswith(SUPPORT)]
    assert (report.status, patched) == ("applied", [412, 200])


def test_name_that_others_took_meanwhile_is_stale(work: Bench) -> None:
    work.declare(channel("web"))
    work.org.inject(Fault(method="POST", path=CHANNELS, status=409, code="duplicate", message="taken"))

    report = work.apply()

    assert (report.status, outcomes(report)) == ("partial", {"Channel/web": "failed"})
    assert problems(report)[0].startswith("plan.stale")
