"""What a person watching a run sees: a live display on a terminal, a line a change elsewhere.

Everything goes to one stream (stderr), so that results on stdout stay clean. Nothing here ends or slows a
run: a stream that is gone is written to no more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from threading import RLock
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from reconciler.model.events import (
    ChangeFinished,
    ChangeStarted,
    ChangeWaiting,
    Event,
    ReadAnswered,
    ReadsPlanned,
    Retrying,
    RunStarted,
    StepStarted,
    Throttled,
)
from reconciler.model.outcome import Result
from reconciler.model.ports import Observer
from reconciler.reports.lines import line, render
from reconciler.reports.runs import result_lines, symbol_of
from reconciler.reports.wording import counted

MOST_SHOWN = 10
"""Changes of one sort on the live display; the rest are counted."""

Monotonic = Callable[[], float]


class Display(Enum):
    """How much of a run is shown."""

    NONE = "none"
    PLAIN = "plain"
    LIVE = "live"


@contextmanager
def watch(
    stream: TextIO,
    display: Display,
    *,
    color: bool = False,
    waits_for: Mapping[str, Sequence[str]] | None = None,
    monotonic: Monotonic = time.monotonic,
) -> Iterator[Observer]:
    """Shows a run while the block lasts.

    Args:
        stream: stderr, as a rule.
        waits_for: address -> addresses whose changes come first, for the live display.
        monotonic: seconds from an arbitrary start.
    """
    match display:
        case Display.NONE:
            yield Silent()
        case Display.PLAIN:
            yield Plain(_Stream(stream), color=color, monotonic=monotonic)
        case Display.LIVE:
            shown = LiveDisplay(_Stream(stream), Scene(dict(waits_for or {}), monotonic), color=color)
            with shown.live:
                yield shown


class Silent:
    """Shows nothing."""

    def notify(self, event: Event) -> None:
        """Takes an event."""


class Plain:
    """A line for each change as it ends, and for what makes a run take longer."""

    def __init__(
        self, stream: _Stream, *, color: bool = False, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._stream = stream
        self._color = color
        self._notices = Notices(monotonic)

    def notify(self, event: Event) -> None:
        """Writes the lines that an event is worth."""
        lines = list(self._lines(event))
        if lines:
            self._stream.write(render(lines, color=self._color))
            self._stream.flush()

    def _lines(self, event: Event) -> Iterable[Text]:
        if isinstance(event, RunStarted):
            return [line(f"Applying {counted(event.changes, 'change')} in run {event.run_id}")]
        if isinstance(event, ChangeFinished):
            return finished_lines(event)
        return self._notices.lines(event)


class Notices:
    """What makes a run take longer, each said once: waiting, throttling, repeats."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._waiting: set[str] = set()
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
            case Retrying():
                what = f"{event.method} {event.path}"
                said = f"  repeating {what} in {event.seconds:.1f} s (try {event.attempt}): {event.reason}"
                return [line((said, "yellow"))]
            case _:
                return []


def finished_lines(event: ChangeFinished) -> list[Text]:
    """A change's result, with how many are done."""
    first, *rest = result_lines(event.result)
    return [line((f"[{event.done}/{event.total}]", "dim")).append_text(first), *rest]


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
            case Throttled() | Retrying():
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


class LiveDisplay:
    """Results scroll by; below them stays what is going on, with the time it has taken."""

    def __init__(self, stream: _Stream, scene: Scene, *, color: bool = False) -> None:
        self._scene = scene
        self._notices = Notices(scene.monotonic)
        self._lock = RLock()
        console = Console(
            file=stream,  # type: ignore[arg-type]
            force_terminal=True,
            color_system="standard" if color else None,
            markup=False,
            emoji=False,
            highlight=False,
        )
        self.live = Live(console=console, get_renderable=self._render, transient=True, refresh_per_second=4)

    def notify(self, event: Event) -> None:
        """Takes an event; the display follows by itself."""
        with self._lock:
            self._scene.take(event)
        lines = finished_lines(event) if isinstance(event, ChangeFinished) else self._notices.lines(event)
        for text in lines:
            self.live.console.print(text, soft_wrap=True)

    def _render(self) -> Group:
        with self._lock:
            return Group(*self._scene.lines())


class _Stream:
    """Writes for as long as somebody takes it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._gone = False

    @property
    def encoding(self) -> str:
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, text: str) -> int:
        if self._gone:
            return len(text)
        try:
            self._stream.write(text.encode(self.encoding, "backslashreplace").decode(self.encoding))
        except (OSError, ValueError):
            self._gone = True
        return len(text)

    def flush(self) -> None:
        if self._gone:
            return
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._gone = True


def _bounded(lines: list[Text], verb: str) -> list[Text]:
    if len(lines) <= MOST_SHOWN:
        return lines
    return [*lines[:MOST_SHOWN], line((f"    {len(lines) - MOST_SHOWN} more {verb}", "dim"))]
