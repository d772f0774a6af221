"""Change windows: outside of them nothing is sent, and the refusal says when it may be (`safety.windows`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.commands.clocks import SystemClock
from reconciler.model.audit import Phase
from reconciler.sandbox import Fault
from tests.simulated.apply.bench import Bench, Document, problems
from tests.simulated.apply.children import Death, apply_and_die
from tests.simulated.apply.manifests import schema, widget

NIGHTS: Document = {"windows": [{"allow": "Mon-Fri 20:00-06:00", "timezone": "Europe/Berlin"}]}
OPENING = "the next one opens Mon 2026-01-05 20:00 Europe/Berlin (2026-01-05T19:00Z)"


class Noon(SystemClock):
    """It is noon, on a Monday."""

    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime(2026, 1, 5, 12, tzinfo=UTC)


class Night(SystemClock):
    """It is the night after."""

    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime(2026, 1, 5, 23, tzinfo=UTC)


@pytest.fixture
def at_noon(work: Bench) -> Bench:
    """A new schema, at noon, where only nights are for changes."""
    work.configure(safety=NIGHTS)
    work.clock = Noon()
    work.declare(schema("ticket"))
    return work


def test_plan_warns_and_can_be_applied_later(at_noon: Bench) -> None:
    saved = at_noon.save()

    (warning,) = saved.plan.diagnostics
    assert (warning.severity, warning.code, saved.plan.applyable) == ("warning", "plan.guard", True)
    assert OPENING in warning.message
    at_noon.clock = Night()
    assert at_noon.apply(saved=saved).status == "applied"


def test_apply_is_refused_until_the_next_opening(at_noon: Bench) -> None:
    report = at_noon.apply()

    assert report.status == "refused"
    assert at_noon.sent() == []
    assert [OPENING in found for found in problems(report)] == [True]
    (record,) = at_noon.audit(phase=Phase.REFUSED)
    assert OPENING in record["detail"]["message"]
    at_noon.clock = Night()
    at_noon.converge()


@pytest.mark.parametrize("how", ["saved", "expect"])
def test_approval_does_not_open_a_window(at_noon: Bench, how: str) -> None:
    saved = at_noon.save()
    approved: dict[str, Any] = {"saved": {"saved": saved}, "expect": {"expect": saved.plan.fingerprint}}

    assert at_noon.apply(**approved[how]).status == "refused"
    assert at_noon.sent() == []


def test_one_plan_is_let_through_by_its_fingerprint(at_noon: Bench) -> None:
    fingerprint = at_noon.plan().fingerprint

    assert at_noon.apply(allow_unsafe=("0" * 64,)).status == "refused"
    assert at_noon.apply(allow_unsafe=(fingerprint,)).status == "applied"
    (record,) = at_noon.audit(phase=Phase.RUN_STARTED)
    assert record["detail"]["allow_unsafe"] == fingerprint


def test_nothing_to_do_is_no_refusal(at_noon: Bench) -> None:
    at_noon.clock = Night()
    at_noon.converge()
    at_noon.clock = Noon()

    assert at_noon.plan().diagnostics == ()
    assert at_noon.apply().status == "applied"


def test_open_intents_wait_for_the_window_too(work: Bench) -> None:
    work.declare(widget("calls"))
    work.org.inject(Fault(method="POST", path="*/widgets", drop="before"))
    assert apply_and_die(work, Death("Retrying", 1))
    work.configure(safety=NIGHTS)
    work.clock = Noon()
    work.org.forget_requests()

    assert work.apply().status == "refused"
    assert work.sent() == []
    assert len(work.prior().open_intents) == 1
