"""What is going on in a run now: moved by its events, drawn by a display.

Knows no terminal and no clock but the one it is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from rich.text import Text

from reconciler.model.events import (
    ChangeFinished,
    ChangeStarted,
    ChangeWaiting,
    Event,
    PlanMade,
    ReadAnswered,
    ReadsPlanned,
    Retrying,
    RunStarted,
    StepStarted,
    Stopping,
    Throttled,
)
from reconciler.model.outcome import Result
from reconciler.reports.lines import line
from reconciler.reports.runs import symbol_of
from reconciler.reports.wording import counted

MOST_SHOWN = 10
"""Changes of one sort on the live display; the rest are counted."""

Monotonic = Callable[[], float]
"""Seconds from an arbitrary start."""


@dataclass(slots=True)
class Running:
    """A change under way."""

    action: str
    since: float
    note: str = ""


@dataclass(slots=True)
class Scene:
    """What is going on now: the live display's model, which knows no terminal."""

    waits_for: dict[str, Sequence[str]] = field(default_factory=dict)
    monotonic: Monotonic = time.monotonic
    reads_planned: int = 0
    reads_answered: int = 0
    changes: int = 0
    done: int = 0
    started: float | None = None
    running: dict[str, Running] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def take(self, event: Event) -> None:
        """Moves with an event."""
        self.started = self.monotonic() if self.started is None else self.started
        match event:
            case ReadsPlanned(count):
                self.reads_planned += count
            case ReadAnswered():
                self.reads_answered += 1
            case PlanMade(needs):
                self.waits_for = dict(needs)
            case RunStarted(_, changes):
                self.changes, self.started = changes, self.monotonic()
            case ChangeStarted(address, action):
                self.running[str(address)] = Running(action, self.monotonic())
            case StepStarted(address, label, number, steps):
                self._note(str(address), f"{label} ({number}/{steps})" if steps > 1 else label)
            case ChangeWaiting(address, note, _, deadline_s):
                self._note(str(address), f"waits up to {deadline_s:.0f} s: {note}")
            case ChangeFinished(result, done, total):
                self._finish(result, done, total)
            case Stopping() | Throttled() | Retrying():
                pass

    def lines(self) -> list[Text]:
        """Reads while there are no changes yet; then what runs, and what waits for whom."""
        elapsed = f"{self.monotonic() - self.started:.0f} s" if self.started is not None else "0 s"
        if not self.changes:
            return [
                line(f"Reading the org: {self.reads_answered} of {self.reads_planned} answers, {elapsed}")
            ]
        return [
            line((f"Applied {self.done} of {counted(self.changes, 'change')}, {elapsed}", "bold")),
            *_bounded([self._running_line(address) for address in sorted(self.running)], "run"),
            *_bounded(list(self._waiting_lines()), "wait"),
        ]

    def _note(self, address: str, note: str) -> None:
        if address in self.running:
            self.running[address].note = note

    def _finish(self, result: Result, done: int, total: int) -> None:
        self.running.pop(result.address, None)
        self.settled.add(result.address)
        self.done, self.changes = done, total

    def _running_line(self, address: str) -> Text:
        change = self.running[address]
        elapsed = f"{self.monotonic() - change.since:.0f} s"
        return line("  ", symbol_of(change.action), f" {address}  {change.note}  ", (elapsed, "dim"))

    def _waiting_lines(self) -> Iterator[Text]:
        for address, needed in sorted(self.waits_for.items()):
            missing = [other for other in needed if other not in self.settled and other in self.waits_for]
            if missing and address not in self.settled and address not in self.running:
                yield line((f"    {address} waits for {', '.join(missing[:3])}", "dim"))


class Notices:
    """What makes a run take longer, each said once: waiting, throttling, repeats."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._waiting: set[str] = set()
        self._repeated: set[tuple[str, str]] = set()
        self._throttled_until = float("-inf")

    def lines(self, event: Event) -> list[Text]:
        """The lines of an event; none when it has been said already."""
        match event:
            case ChangeWaiting() if str(event.address) not in self._waiting:
                self._waiting.add(str(event.address))
                return [line(f"  {event.address} waits up to {event.deadline_s:.0f} s: {event.note}")]
            case Throttled() if self._monotonic() >= self._throttled_until:
                self._throttled_until = self._monotonic() + event.seconds
                return [line((f"  rate limit spent: going on in {event.seconds:.0f} s", "yellow"))]
            case Stopping(waits):
                more = "what is under way may settle; once more stops waiting"
                said = more if waits else "waiting no longer"
                return [line((f"  stopping: nothing new starts; {said}", "yellow"))]
            case Retrying() if (event.method, event.path) not in self._repeated:
                self._repeated.add((event.method, event.path))
                what = f"{event.method} {event.path}"
                said = f"  repeating {what} in {event.seconds:.1f} s (try {event.attempt}): {event.reason}"
                return [line((said, "yellow"))]
            case _:
                return []


def _bounded(lines: list[Text], verb: str) -> list[Text]:
    if len(lines) <= MOST_SHOWN:
        return lines
    return [*lines[:MOST_SHOWN], line((f"    {len(lines) - MOST_SHOWN} more {verb}", "dim"))]
