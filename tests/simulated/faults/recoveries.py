"""Runs that ended in the middle of a step, and where faults meet the run that takes over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product

from reconciler.sandbox import Fault
from tests.simulated.faults.matrix import Case, families, is_possible
from tests.simulated.faults.sites import CHANNELS, QUEUES, SCHEMAS, WIDGETS, Phase, Scenario, Site, sites
from tests.simulated.faults.troubles import Course, Trouble, troubles

LISTED = {"Widget": WIDGETS, "Channel": CHANNELS, "WeightMatrix": QUEUES, "Schema": SCHEMAS}
MATRIX_STEPS = 3


@dataclass(frozen=True, slots=True)
class Interruption:
    """A run that ended while one of its requests was under way.

    Args:
        step: where.
        is_committed: whether the org had carried the request out.
    """

    step: Site
    is_committed: bool

    @property
    def name(self) -> str:
        """For a test's id."""
        return f"{self.step.name}-{'committed' if self.is_committed else 'lost'}"

    @property
    def trouble(self) -> Trouble:
        """What it ended in."""
        fault = Fault(drop="after" if self.is_committed else "before")
        return Trouble("interruption", "", Course.LASTS, (fault,))

    @property
    def is_repeated(self) -> bool:
        """Whether an intent that it left open is sent again under its key: one that makes something."""
        is_schema = self.step.kind == "Schema" and self.step.scenario is not Scenario.DELETE
        return self.step.method == "POST" or is_schema


@dataclass(frozen=True, slots=True)
class RecoveryCase:
    """One trouble at one site of the run that takes over."""

    interruption: Interruption
    case: Case

    @property
    def name(self) -> str:
        """For a test's id."""
        return f"{self.interruption.name}-{self.case.site.phase}-{self.case.trouble.name}"


def every_recovery() -> tuple[RecoveryCase, ...]:
    """All troubles in the recovery itself; elsewhere, as the main matrix has them all, one of each family."""
    places = [(each, site) for each in interruptions() for site in _sites(each)]
    return tuple(
        found
        for number, (interruption, site) in enumerate(places)
        for trouble in (troubles() if site.phase is Phase.RECOVERY else _turn(number))
        if (found := _case(interruption, site, trouble)) is not None
    )


def recoveries() -> tuple[RecoveryCase, ...]:
    """Each family in the recovery itself, each interruption, and each phase with each kind."""
    every = every_recovery()
    chosen: list[RecoveryCase] = []
    for number, group in enumerate(families()):
        chosen += _one(_in_recovery(every, group), number)
    for wanted in (2, 1):  # first what meets two new things at once
        places = groupby(every, key=lambda found: (found.interruption, found.case.site))
        for number, (_, group_at) in enumerate(places):
            able = tuple(group_at)
            chosen += _one(able, number) if _news(able[0], chosen) >= wanted else []
    return tuple(chosen)


def interruptions() -> tuple[Interruption, ...]:
    """One at each step of each kind, before and after the org's commit; a matrix is only ever updated."""
    first = ("WeightMatrix", Scenario.CREATE)
    steps = [site for site in sites() if site.phase is Phase.STEP and (site.kind, site.scenario) != first]
    return tuple(Interruption(step, is_committed) for step, is_committed in product(steps, (False, True)))


def _in_recovery(every: Sequence[RecoveryCase], group: Sequence[Trouble]) -> tuple[RecoveryCase, ...]:
    return tuple(
        found for found in every if found.case.site.phase is Phase.RECOVERY and found.case.trouble in group
    )


def _one(able: Sequence[RecoveryCase], number: int) -> Sequence[RecoveryCase]:
    """One of them, another one each time."""
    return able[number * 7 % len(able) :][:1] if able else ()


def _news(found: RecoveryCase, chosen: Sequence[RecoveryCase]) -> int:
    """How much of a case is new: its interruption, and its phase with its kind."""
    site = found.case.site
    has_met_phase = any(
        (each.case.site.kind, each.case.site.phase) == (site.kind, site.phase) for each in chosen
    )
    return (found.interruption not in {each.interruption for each in chosen}) + (not has_met_phase)


def _turn(number: int) -> Iterator[Trouble]:
    for group in families():
        yield group[number % len(group)]


def _case(interruption: Interruption, site: Site, trouble: Trouble) -> RecoveryCase | None:
    """The case, if it makes sense: an org that refuses what it took under the same key does not."""
    is_of_the_body = trouble.status in (400, 413) or trouble.variant == "duplicate"
    if site.phase is Phase.RECOVERY and interruption.is_committed and is_of_the_body:
        return None
    return RecoveryCase(interruption, Case(site, trouble)) if is_possible(site, trouble) else None


def _sites(interruption: Interruption) -> Iterator[Site]:
    """What the run that takes over comes to."""
    step, listed = interruption.step, LISTED[interruption.step.kind]
    bare = replace(step, step=0, is_guarded=False)
    if interruption.is_committed:  # what comes before everything else is the same for both
        yield replace(bare, phase=Phase.TOKEN, method="POST", path="/oauth/token")
        yield replace(bare, phase=Phase.IDENTITY, method="GET", path="/api/v2/organizations/me")
    if interruption.is_repeated:
        yield replace(bare, phase=Phase.RECOVERY, method="POST", path=listed)
    yield replace(bare, phase=Phase.LISTING, method="GET", path=listed)
    if left := _steps_left(interruption):
        yield replace(bare, phase=Phase.REREAD, method="GET")
        yield _next_step(interruption)
        yield from _after_steps(bare, left)


def _steps_left(interruption: Interruption) -> int:
    step, done = interruption.step, interruption.step.step - 1 + interruption.is_committed
    match step.kind:
        case "WeightMatrix":
            return MATRIX_STEPS - done
        case "Schema" if step.scenario is not Scenario.DELETE:
            return 2 - max(done, 1)  # the recovery makes its draft
        case _:
            return 0 if interruption.is_committed or step.method == "POST" else 1


def _next_step(interruption: Interruption) -> Site:
    step = interruption.step
    is_draft = step.kind == "Schema" and step.method == "POST"
    is_guarded = step.is_guarded and not interruption.is_committed
    return replace(step, step=1, method="PATCH" if is_draft else step.method, is_guarded=is_guarded)


def _after_steps(bare: Site, left: int) -> Iterator[Site]:
    if bare.scenario is Scenario.DELETE:
        return
    if bare.kind == "Widget":
        yield replace(bare, phase=Phase.REFRESH, method="POST", step=2)
    if bare.kind in ("Channel", "WeightMatrix"):
        yield replace(bare, phase=Phase.WAIT, method="GET", step=left)
    yield replace(bare, phase=Phase.READBACK, method="GET")
