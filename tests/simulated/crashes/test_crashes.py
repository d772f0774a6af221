"""`kill -9` at every point of an apply: on both sides of each commit, and of each request to the org.

Each death is a real one. Grounds that a next run cannot tell apart are gone on from once; `make soak` goes on
from all of them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.settings import LockSettings
from tests.simulated.apply.bench import QUICK as QUICK_RUNS
from tests.simulated.apply.bench import Bench
from tests.simulated.crashes.crashing import Crashes, crashes_of, told
from tests.simulated.crashes.points import Moment, Point
from tests.simulated.crashes.scenarios import SCENARIOS

QUICK = [name for name, scenario in SCENARIOS.items() if scenario.is_quick]
TWICE = (
    "Widget-create",
    "Widget-replace",
    "Channel-update",
    "Channel-rename",
    "Schema-create",
    "Schema-update",
    "Schema-removal",
    "WeightMatrix-update",
)
SAVED = ("Schema-update",)
ALWAYS_RENEWING = replace(QUICK_RUNS, lock=LockSettings(renewal_s=0.001))


@pytest.mark.parametrize("name", QUICK)
def test_next_run_goes_on_from_any_point(work: Bench, name: str) -> None:
    crashes = crashes_of(SCENARIOS[name], work)

    for point in crashes.course.points():
        with told(f"died {point}"):
            crashes.die(point)
            if crashes.is_new():
                crashes.go_on()


@pytest.mark.soak
@pytest.mark.parametrize("name", SCENARIOS)
def test_next_run_goes_on_from_every_point(work: Bench, name: str) -> None:
    crashes = crashes_of(SCENARIOS[name], work)

    for point in crashes.course.points():
        with told(f"died {point}"):
            crashes.die(point)
            crashes.go_on()


@pytest.mark.parametrize("moment", [Moment.RENEWING, Moment.RENEWED], ids=["before", "after"])
def test_next_run_goes_on_from_the_renewal_of_a_lease(work: Bench, moment: Moment) -> None:
    crashes = crashes_of(SCENARIOS["Widget-update"], work)

    for number in (1, 3):
        with told(f"died {moment} number {number}"):
            crashes.die(Point(moment, number, ""), ALWAYS_RENEWING)
            crashes.go_on()


@pytest.mark.parametrize("name", ["Widget-create", "WeightMatrix-update"])
def test_run_after_a_crash_of_the_next_run_goes_on(work: Bench, name: str) -> None:
    """The first dies when the org has carried out its first write, and before it is answered."""
    first = crashes_of(SCENARIOS[name], work)
    point = first.course.first_write()
    first.die(point)

    go_on_from_second_crashes(first.of_the_next_run(), point)


@pytest.mark.soak
@pytest.mark.parametrize("is_saved", [False, True], ids=["planned", "saved"])
@pytest.mark.parametrize("name", TWICE)
def test_run_after_two_crashes_goes_on_from_every_pair_of_points(
    work: Bench, name: str, is_saved: bool
) -> None:
    first = crashes_of(SCENARIOS[name], work, is_saved=is_saved)

    for point in first.course.points():
        with told(f"died {point}"):
            first.die(point)
            if first.is_new():
                go_on_from_second_crashes(first.of_the_next_run(), point)


@pytest.mark.parametrize("name", SAVED)
def test_saved_plan_is_applied_again_from_any_point(work: Bench, name: str) -> None:
    crashes = crashes_of(SCENARIOS[name], work, is_saved=True)

    for point in crashes.course.points():
        with told(f"died {point}"):
            crashes.die(point)
            if crashes.is_new():
                crashes.go_on()


@pytest.mark.soak
@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in SAVED])
def test_saved_plan_is_applied_again_from_every_point(work: Bench, name: str) -> None:
    crashes = crashes_of(SCENARIOS[name], work, is_saved=True)

    for point in crashes.course.points():
        with told(f"died {point}"):
            crashes.die(point)
            crashes.go_on()


def go_on_from_second_crashes(crashes: Crashes, first: Point) -> None:
    """Dies at every point of the run after the first crash, and goes on."""
    for point in crashes.course.points():
        with told(f"died {first}, and the next one {point}"):
            crashes.die(point)
            if crashes.is_new():
                crashes.go_on()
