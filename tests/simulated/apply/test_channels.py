"""Channels, end to end: activation that fails or is late, and the fallback (platform-api.md, section 5)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.plan import Plan
from reconciler.sandbox import Fault
from tests.simulated.apply.bench import (
    AT_ONCE,
    Bench,
    bench,
    change_of,
    decisions,
    outcomes,
    problems,
    result_of,
)
from tests.simulated.apply.manifests import OVERFLOW, SUPPORT, channel

CHANNELS = "/api/v2/wi/engagements/configurations"
IMPATIENT = {"timeoutSeconds": 0.05, "pollSeconds": 0.01}
TO_OVERFLOW = {"queueId": OVERFLOW}


# -- activation ------------------------------------------------------------------------------------------


def test_failed_activation_is_unsettled_with_the_reason(work: Bench) -> None:
    work.declare(channel("web"))
    work.org.inject(Fault(path=f"{CHANNELS}*", activation="fail", message="no licence left"))

    report = work.apply()

    assert (report.status, report.converged) == ("unsettled", False)
    assert outcomes(report) == {"Channel/web": "unsettled"}
    assert "no licence left" in problems(report)[0]
    assert result_of(report, "Channel/web").detail["status"] == "failed"


def test_failed_activation_is_sent_again(work: Bench) -> None:
    work.declare(channel("web"))
    work.org.inject(Fault(path=f"{CHANNELS}*", activation="fail"))
    remote_id = result_of(work.apply(), "Channel/web").remote_id

    planned = work.plan()
    work.org.forget_requests()
    work.apply()

    changed = change_of(planned, "Channel/web")
    assert decisions(planned) == {"Channel/web": ("update", "unsettled")}
    assert [(field.path, field.before, field.after) for field in changed.fields] == [
        ("/status", "failed", "settled")
    ]
    assert (changed.requests, planned.drift) == (1, ())
    assert work.sent() == [f"PUT {CHANNELS}/{remote_id}"]
    work.assert_settled()


def test_late_activation_that_came_about_only_moves_the_record(work: Bench) -> None:
    work.declare(channel("web", activation=IMPATIENT))
    work.org.inject(Fault(path=f"{CHANNELS}*", activation="hang"))
    late = work.apply()
    remote_id = str(result_of(late, "Channel/web").remote_id)
    work.org.alter("channels", remote_id, {"status": "active"})

    planned = work.plan()
    work.org.forget_requests()
    report = work.apply()

    assert (late.status, outcomes(late)) == ("unsettled", {"Channel/web": "unsettled"})
    assert decisions(planned) == {"Channel/web": ("update", "unsettled")}
    assert change_of(planned, "Channel/web").requests == 0
    assert (report.status, report.converged, work.sent()) == ("applied", True, [])
    work.assert_settled()


def test_activation_that_comes_between_plan_and_apply_sends_nothing(work: Bench) -> None:
    work.declare(channel("web", activation=IMPATIENT))
    work.org.inject(Fault(path=f"{CHANNELS}*", activation="fail"))
    remote_id = str(result_of(work.apply(), "Channel/web").remote_id)
    work.org.forget_requests()

    def meanwhile(_: Plan) -> bool:
        work.org.alter("channels", remote_id, {"status": "active"})
        return True

    report = work.apply(approve=meanwhile)

    assert (outcomes(report), work.sent()) == ({"Channel/web": "succeeded"}, [])
    work.assert_settled()


def test_deadline_is_kept_though_polls_are_rare(work: Bench) -> None:
    work.declare(channel("web", activation={"timeoutSeconds": 0.05, "pollSeconds": 60}))
    work.org.inject(Fault(path=f"{CHANNELS}*", activation="hang"))

    report = work.apply()

    detail: Any = result_of(report, "Channel/web").detail
    assert 0 < detail["waited_s"] < 5


def test_activation_is_awaited(tmp_path: Path) -> None:
    with bench(tmp_path, replace(AT_ONCE, activation_s=0.1)) as slow:
        slow.declare(channel("web"))

        slow.converge()


def test_poll_that_gets_no_answer_is_asked_again(work: Bench) -> None:
    work.declare(channel("web"))
    work.org.inject(Fault(method="GET", path=f"{CHANNELS}/*", status=503, times=5))

    work.converge()


# -- fallback --------------------------------------------------------------------------------------------


def staff(work: Bench, agents: int, wait: int = 0) -> None:
    """Puts so many agents at the support queue."""
    work.org.alter("queues", SUPPORT, {"agentsAvailable": agents, "longestWait": wait})


def target(work: Bench) -> str:
    """Where the channel points."""
    found: str = work.objects("channels")[0]["routingTarget"]["id"]
    return found


@pytest.fixture
def short(work: Bench) -> Bench:
    """A channel with a fallback, whose queue has lost its agents."""
    work.declare(channel("web", fallback=TO_OVERFLOW))
    work.converge()
    staff(work, 1)
    return work


def check(planned: Plan) -> tuple[str, str]:
    """What the fallback's check says."""
    found = next(check for check in planned.checks if check.name == "channel.fallback")
    return found.status.value, found.message


def test_due_fallback_warns_and_changes_nothing(short: Bench) -> None:
    planned = short.plan()

    status, message = check(planned)
    assert (planned.changes, status) == ((), "warn")
    assert "1 agent available, 2 wanted" in message


def test_fallback_on_request_makes_the_switch_and_stays(short: Bench) -> None:
    planned = short.plan(fallback=True)
    report = short.apply(fallback=True)

    assert decisions(planned) == {"Channel/web": ("update", "fallback")}
    assert planned.fingerprint == short.plan().fingerprint
    assert (report.status, report.converged, target(short)) == ("applied", True, OVERFLOW)
    short.assert_settled()
    short.apply()
    short.assert_settled()


def test_way_back_waits_for_recovery(short: Bench) -> None:
    short.apply(fallback=True)
    staff(short, 2)
    assert short.plan(fallback=True).changes == ()
    staff(short, 3)

    report = short.apply(fallback=True)

    assert (report.status, target(short)) == ("applied", SUPPORT)
    short.assert_settled()


def test_drift_after_the_way_back_is_drift(short: Bench) -> None:
    short.apply(fallback=True)
    staff(short, 3)
    short.apply(fallback=True)
    third = {"type": "queue", "id": short.objects("queues")[2]["id"]}
    short.org.alter("channels", short.objects("channels")[0]["id"], {"routingTarget": third})

    assert decisions(short.plan()) == {"Channel/web": ("update", "drifted")}


def test_queue_that_recovers_meanwhile_calls_the_switch_off(short: Bench) -> None:
    short.org.forget_requests()

    def meanwhile(_: Plan) -> bool:
        staff(short, 5)
        return True

    report = short.apply(fallback=True, approve=meanwhile)

    assert (report.status, report.converged, short.sent()) == ("applied", True, [])
    assert target(short) == SUPPORT
    assert "no longer due" in result_of(report, "Channel/web").warnings[0]
    short.assert_settled()


def test_edit_while_on_the_fallback_stays_there(short: Bench) -> None:
    short.apply(fallback=True)
    short.declare(channel("web", fallback=TO_OVERFLOW, description="Edited"))

    short.converge()

    assert target(short) == OVERFLOW


def test_saved_fallback_can_be_made_time_and_again(short: Bench) -> None:
    """Its fingerprint is that of a plan without changes, so it does not tell one from the next."""
    for agents, where in ((1, OVERFLOW), (3, SUPPORT), (1, OVERFLOW)):
        staff(short, agents)
        report = short.apply(saved=short.save(fallback=True))
        assert (report.status, target(short)) == ("applied", where)


def test_offline_fallback_comes_back(work: Bench) -> None:
    work.declare(channel("web", fallback={"offline": True}))
    work.converge()
    staff(work, 0, 500)
    work.apply(fallback=True)
    assert work.objects("channels")[0]["availability"]["default"]["status"] == "unavailable"
    work.assert_settled()
    staff(work, 4)

    work.apply(fallback=True)

    assert work.objects("channels")[0]["availability"]["default"]["status"] == "available"
    work.assert_settled()
