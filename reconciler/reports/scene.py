"""What is going on in a run now: moved by its events, drawn by a display.

Knows no terminal and no clock but the one it is given.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from rich.cells import cell_len
from rich.text import Text

from reconciler.model.events import (
    ChangeFinished,
    ChangeStarted,
    ChangeWaiting,
    Event,
    LockAwaited,
    PlanMade,
    ReadAnswered,
    ReadsPlanned,
    Retrying,
    RunStarted,
    StepStarted,
    Stopping,
    Throttled,
    WindowSeen,
)
from reconciler.model.outcome import Result
from reconciler.reports.lines import line
from reconciler.reports.results import symbol_of
from reconciler.reports.wording import counted, duration

MOST_SHOWN = 10
"""Changes of one sort on the live display; the rest are counted."""

_SMALLEST = 4
"""Rows that are drawn on however low a terminal."""

_INDENT = 9
"""Cells before an address: time and symbol."""

Monotonic = Callable[[], float]
"""Seconds from an arbitrary start."""


@dataclass(slots=True)
class Running:
    """A change under way."""

    action: str
    since: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The rate limit's window, as the newest answer told it."""

    remaining: int
    allowed: int
    ends_at: float


@dataclass(slots=True)
class Scene:
    """What is going on now: the live display's model, which knows no terminal.

    What an event and a drawing cost does not grow with the run.

    Args:
        blocked: for each change that waits for others those that are not done yet.
        users: for each change those that wait for it.
    """

    monotonic: Monotonic = time.monotonic
    reads_planned: int = 0
    reads_answered: int = 0
    changes: int = 0
    done: int = 0
    started: float = field(init=False)
    awaited: str | None = None
    window: Window | None = None
    throttled_until: float = -math.inf
    running: dict[str, Running] = field(default_factory=dict)
    blocked: dict[str, list[str]] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.started = self.monotonic()

    def take(self, event: Event) -> None:
        """Moves with an event."""
        match event:
            case LockAwaited(said):
                self.awaited = said
            case ReadsPlanned() | ReadAnswered():
                self._read(event)
            case WindowSeen(remaining, allowed, reset_s):
                self.window = Window(remaining, allowed, self.monotonic() + reset_s)
            case Throttled(seconds):
                self.throttled_until = max(self.throttled_until, self.monotonic() + seconds)
            case PlanMade() | Stopping() | Retrying():
                pass
            case _:
                self._apply(event)

    def _read(self, event: ReadsPlanned | ReadAnswered) -> None:
        self.awaited = None
        if isinstance(event, ReadsPlanned):
            self.reads_planned += event.count
        else:
            self.reads_answered += 1

    def _apply(
        self, event: RunStarted | ChangeStarted | StepStarted | ChangeWaiting | ChangeFinished
    ) -> None:
        match event:
            case RunStarted(_, changes, needs, _):
                self.changes, self.started = changes, self.monotonic()
                self._block(needs)
            case ChangeStarted(address, action):
                self.running[str(address)] = Running(action, self.monotonic())
            case StepStarted(address, label, number, steps):
                self._note(str(address), f"{label} ({number}/{steps})" if steps > 1 else label)
            case ChangeWaiting(address, note, _, deadline_s):
                self._note(str(address), f"waits up to {deadline_s:.0f} s: {note}")
            case ChangeFinished(result, done, total):
                self._finish(result, done, total)

    def lines(self, rows: int = 24, columns: int = 80) -> list[Text]:
        """What a person wants to know now, as much of it as a screen of this size holds."""
        head = line((self._headline(), "bold"))
        foot = [*self._queue_line(), *self._footer()]
        room = max(_SMALLEST, rows - 2) - 1 - len(foot)
        below = min(len(self.blocked), 2, room // 2)
        running = _bounded(
            sorted(self.running), lambda address: self._running_line(address, columns), "run", room - below
        )
        waiting = _bounded(self.blocked, self._waiting_line, "wait for others", room - len(running))
        return [head, *running, *waiting, *foot]

    def _headline(self) -> str:
        elapsed = _elapsed(self.monotonic() - self.started)
        if self.awaited is not None:
            return f"Waiting, {elapsed}: {self.awaited}"
        if not self.changes:
            return f"Reading the org: {self.reads_answered} of {self.reads_planned} answers, {elapsed}"
        said = f"Applied {self.done} of {counted(self.changes, 'change')}, {elapsed}"
        return said if self.done < self.changes else f"{said}; reading them again"

    def _footer(self) -> Iterator[Text]:
        """The rate limit: how long it holds everybody up, else what is left of it."""
        left_s = self.throttled_until - self.monotonic()
        if left_s > 0:
            yield line((_throttled(left_s), "yellow"))
        elif self.window is not None:
            yield line((self._window_line(self.window), "dim"))

    def _window_line(self, window: Window) -> str:
        left_s = window.ends_at - self.monotonic()
        if left_s <= 0:
            return f"{window.allowed} of {window.allowed} requests left"
        return f"{window.remaining} of {window.allowed} requests left for {duration(left_s)}"

    def _block(self, needs: Mapping[str, Sequence[str]]) -> None:
        for address, needed in sorted(needs.items()):
            if missing := [other for other in dict.fromkeys(needed) if other in needs]:
                self.blocked[address] = missing
            for other in missing:
                self.users.setdefault(other, []).append(address)

    def _note(self, address: str, note: str) -> None:
        if address in self.running:
            self.running[address].note = note

    def _finish(self, result: Result, done: int, total: int) -> None:
        self.running.pop(result.address, None)
        self.blocked.pop(result.address, None)
        for user in self.users.pop(result.address, ()):
            if user in self.blocked:
                self.blocked[user].remove(result.address)
                if not self.blocked[user]:
                    del self.blocked[user]
        self.done, self.changes = done, total

    def _running_line(self, address: str, columns: int) -> Text:
        """Time, name and what is done now: a long name leaves room for the rest."""
        change = self.running[address]
        elapsed = _elapsed(self.monotonic() - change.since)
        room = columns - _INDENT - 3 - cell_len(change.note)
        name = _shortened(address, max(room, columns // 2))
        return line((f"{elapsed:>6} ", "dim"), symbol_of(change.action), f" {name}  {change.note}")

    def _waiting_line(self, address: str) -> Text:
        """Whom a change waits for."""
        return line((f"{' ' * _INDENT}{address} waits for {_some(self.blocked[address])}", "dim"))

    def _queue_line(self) -> Iterator[Text]:
        """How many changes wait for nobody, and are more than `--parallelism` lets run."""
        queued = self.changes - self.done - len(self.running) - len(self.blocked)
        if queued > 0:
            yield line((f"{' ' * _INDENT}{queued} more in the queue", "dim"))


class Notices:
    """What makes a run take longer, each said once: waiting, throttling, repeats."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._waiting: set[str] = set()
        self._repeated: set[tuple[str, str]] = set()
        self._awaited = False
        self._throttled_until = -math.inf

    def lines(self, event: Event) -> list[Text]:
        """The lines of an event that are worth keeping; none when it has been said already."""
        match event:
            case ChangeWaiting() if str(event.address) not in self._waiting:
                self._waiting.add(str(event.address))
                return [line(f"  {event.address} waits up to {event.deadline_s:.0f} s: {event.note}")]
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

    def passing(self, event: Event) -> list[Text]:
        """The lines of what a live display shows while it lasts, for where there is none."""
        match event:
            case LockAwaited() if not self._awaited:
                self._awaited = True
                return [line((f"  waiting: {event.said}", "yellow"))]
            case Throttled() if self._monotonic() >= self._throttled_until:
                self._throttled_until = self._monotonic() + event.seconds
                return [line(("  " + _throttled(event.seconds), "yellow"))]
            case _:
                return []


def _throttled(seconds: float) -> str:
    return f"throttled, going on in {duration(seconds)}"


def _elapsed(seconds: float) -> str:
    """`34 s`, `2 min 05 s`, `1 h 02 min`."""
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def _shortened(name: str, cells: int) -> str:
    """Names are told apart by their beginnings and by their ends."""
    if len(name) <= cells:
        return name
    head = cells // 2
    return f"{name[:head]}…{name[len(name) - (cells - head - 1) :]}"


def _some(addresses: Sequence[str]) -> str:
    more = len(addresses) - 3
    return ", ".join(addresses[:3]) + (f" and {more} more" if more > 0 else "")


def _bounded(addresses: Collection[str], draw: Callable[[str], Text], verb: str, room: int) -> list[Text]:
    """As many as there is room for; the last line counts the rest."""
    most = min(MOST_SHOWN + 1, room)
    if len(addresses) <= most:
        return [draw(address) for address in addresses]
    shown = max(0, min(MOST_SHOWN, most - 1))
    more = line((f"{' ' * _INDENT}{len(addresses) - shown} more {verb}", "dim"))
    return [*(draw(address) for address in islice(addresses, shown)), more][: max(0, room)]
