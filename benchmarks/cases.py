"""What is measured: the commands, where they run, and what they are to hold."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.measuring import Run

BASELINE = (sys.executable, "-c", "pass")
RECONCILER = (sys.executable, "-m", "reconciler")
SMALL = 10
USUAL = 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """One command's least disturbed run, and how often the baseline fits into it."""

    case: "Case"
    run: Run
    times_baseline: float
    requests: int | None

    @property
    def verdict(self) -> str:
        """Return what the goal says about it."""
        if self.case.holds is None:
            return ""
        return "met" if self.case.holds(self) else "**missed**"


@dataclass(frozen=True, slots=True)
class Case:
    """One command.

    Attributes:
        name: As the table shows it.
        command: What is run.
        folder: Where.
        goal: What it is to hold, in words; empty for none.
        holds: Whether a figure does.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    goal: str = ""
    holds: Callable[[Figure], bool] | None = None


def cases(size: int, *, small: Path, large: Path, changed: Path, fresh: Path) -> Sequence[Case]:
    """Return the cases of a size; what does not depend on it is measured with the usual size only.

    Args:
        size: How many resources the large project has.
        small: A project of ten, all applied.
        large: The large project, all applied.
        changed: The large one, a hundredth of it edited.
        fresh: A project of ten against an org that has none of them.
    """
    plan = (*RECONCILER, "plan", "--format", "json")
    few = (
        Case("version", (*RECONCILER, "version"), small, "≤ 15 ×", lambda it: it.times_baseline <= 15),
        Case(
            f"validate, {SMALL}",
            (*RECONCILER, "validate"),
            small,
            "≤ 40 ×",
            lambda it: it.times_baseline <= 40,
        ),
        Case(f"plan, {SMALL}, no change", plan, small, "< 1 s", lambda it: it.run.wall_s < 1),
        Case(f"plan, {SMALL} new", (*plan, "--new-state"), fresh, "< 1 s", lambda it: it.run.wall_s < 1),
    )
    unmoved = Case(f"plan, {size:,}, no change", plan, large)
    if size == USUAL:
        unmoved = replace(unmoved, goal="< 2 s", holds=lambda it: it.run.wall_s < 2)
    many = (
        Case(f"validate, {size:,}", (*RECONCILER, "validate"), large),
        unmoved,
        Case(f"plan, {size:,}, 1 % changed", plan, changed),
    )
    return (*few, *many) if size == USUAL else many


def requests_of(output: bytes) -> int | None:
    """Return how many requests a plan says it made; None where the output is no plan."""
    try:
        document: Mapping[str, Mapping[str, int]] = json.loads(output)
    except ValueError:
        return None
    return document["requests"]["made"]
