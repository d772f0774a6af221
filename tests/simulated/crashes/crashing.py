"""Running into a crash, again and again from the same ground, and on from there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.request import urlopen

from reconciler.commands.apply import ApplyRequest
from reconciler.commands.plan import PlanRequest
from reconciler.commands.saved import SavedPlan
from reconciler.sandbox import Fault
from reconciler.settings import Settings
from tests.simulated.apply.bench import QUICK, Bench, plan_options, problems
from tests.simulated.apply.children import Run, apply_run, dies, rehearsed
from tests.simulated.crashes.grounds import Ground
from tests.simulated.crashes.laws import (
    Outcome,
    assert_as_undisturbed,
    assert_plan_only_shows,
    assert_went_forward,
)
from tests.simulated.crashes.points import Course, Moment, Point
from tests.simulated.crashes.scenarios import Scenario
from tests.simulated.crashes.witness import witnessed


@dataclass(frozen=True, slots=True)
class Crashes:
    """The crashes of one apply, all of which begin on the same ground.

    Args:
        ground: where the apply begins.
        course: what it passes undisturbed.
        start: where the scenario began; the same ground, unless an earlier run has died already.
        wanted: what the scenario leaves undisturbed.
        seen: the grounds that a next run began on; on one that is the same it would do the same.
    """

    work: Bench
    request: ApplyRequest
    ground: Ground
    course: Course
    start: Ground
    wanted: Outcome
    seen: set[str] = field(default_factory=set)

    def die(self, point: Point, settings: Settings = QUICK) -> None:
        """Begins anew, and dies at a point."""
        self.ground.restore(self.work)
        die_at(self.work, self.request, point, settings)

    def go_on(self) -> None:
        """Applies again: the same saved plan, where one was applied."""
        if self.request.saved is None:
            self._go_on_planning()
        else:
            self._go_on_with(self.request.saved)
        assert_as_undisturbed(self.work, self.start, self.wanted)

    def _go_on_planning(self) -> None:
        assert_plan_only_shows(self.work, adopt=self._adopt)
        assert_went_forward(self.work, self.work.apply(adopt=self._adopt))

    def _go_on_with(self, saved: SavedPlan) -> None:
        """A plan whose changes are all recorded has nothing left to say."""
        self.work.org.forget_requests()
        report = self.work.apply(saved=saved)
        if report.status == "stale":
            assert "all of its changes are recorded already" in problems(report)[0]
            assert self.work.sent() == []
        else:
            assert_went_forward(self.work, report)

    def is_new(self) -> bool:
        """Whether no earlier crash has left this ground."""
        trace = Ground.of(self.work).trace(self.start)
        is_new = trace not in self.seen
        self.seen.add(trace)
        return is_new

    def of_the_next_run(self) -> Crashes:
        """The crashes of the run that goes on from here."""
        ground = Ground.of(self.work)
        course = rehearsed(passed, Run.of(self.work), self.request)
        return replace(self, ground=ground, course=course, seen=set())

    @property
    def _adopt(self) -> tuple[str, ...]:
        return self.request.plan.options.adopt


def crashes_of(scenario: Scenario, work: Bench, *, is_saved: bool = False) -> Crashes:
    """Runs undisturbed once, to learn what there is to die at.

    Args:
        is_saved: whether a saved plan is applied.
    """
    scenario.lay_out(work)
    options = plan_options(adopt=scenario.adopt)
    saved = work.save(adopt=scenario.adopt) if is_saved else None
    request = ApplyRequest(PlanRequest(options), saved, parallelism=scenario.parallelism)
    start = Ground.of(work)
    course = rehearsed(passed, Run.of(work), request)
    wanted = Outcome.of(work, start)
    assert_as_undisturbed(work, start, wanted)
    return Crashes(work, request, start, course, start, wanted)


def passed(run: Run, request: ApplyRequest) -> Course:
    """What an apply in this process passes."""
    with witnessed() as witness:
        apply_run(run, request=request)
    return witness.course()


def die_at(work: Bench, request: ApplyRequest, point: Point, settings: Settings) -> None:
    """Applies in a child that dies at a point."""
    if point.moment.is_in_the_org:
        fault = Fault(drop="before" if point.moment is Moment.UNDONE else "after")
        work.org.inject(replace(fault, after=point.number - 1))
    assert dies(run_and_die, Run.of(work, settings=settings), request, point), "the run came to its end"
    work.org.clear_faults()
    _let_the_org_come_to_rest(work)


def _let_the_org_come_to_rest(work: Bench) -> None:
    """What the dead have sent is read before a connection that is made after their death is answered."""
    with urlopen(f"{work.org.base_url}/sandbox/requests") as answer:  # noqa: S310  # on loopback
        answer.read()


def run_and_die(run: Run, request: ApplyRequest, point: Point) -> None:
    """Applies in this process, up to a point."""
    with witnessed(point):
        apply_run(run, request=request)


@contextmanager
def told(what: str) -> Iterator[None]:
    """A failure within says when it came."""
    try:
        yield
    except Exception as error:
        error.add_note(f"when the run died {what}")
        raise
