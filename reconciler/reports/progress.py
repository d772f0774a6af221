"""What a person watching a run sees: a live display on a terminal, a line a change elsewhere.

Everything goes to one stream (stderr), so that results on stdout stay clean. Nothing here ends or slows a
run: a stream that is gone is written to no more.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr
from enum import Enum
from threading import RLock
from typing import TextIO

from rich.text import Text

from reconciler.model.events import ChangeFinished, Event, PlanMade, RunStarted
from reconciler.model.ports import Observer
from reconciler.reports.lines import line, render
from reconciler.reports.region import Above, Region, Size
from reconciler.reports.results import outcome_line
from reconciler.reports.scene import Monotonic, Notices, Scene
from reconciler.reports.wording import counted

_USUAL = Size(80, 24)


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
    monotonic: Monotonic = time.monotonic,
) -> Iterator[Observer]:
    """Shows a run while the block lasts.

    Args:
        stream: stderr, as a rule.
        monotonic: seconds from an arbitrary start.
    """
    match display:
        case Display.NONE:
            yield Silent()
        case Display.PLAIN:
            yield Plain(_Stream(stream), color=color, monotonic=monotonic)
        case Display.LIVE:
            with _live(stream, color=color, monotonic=monotonic) as shown:
                yield shown


@contextmanager
def _live(stream: TextIO, *, color: bool, monotonic: Monotonic) -> Iterator[LiveDisplay]:
    """The live display; what others write to this stream meanwhile scrolls by above it."""
    screen = _Stream(stream)
    shown = LiveDisplay(screen, Scene(monotonic=monotonic), color=color)
    with ExitStack() as held:
        if sys.stderr is stream:
            held.enter_context(redirect_stderr(Above(shown.region, screen)))
        held.enter_context(_when_continued(shown.region.lose))
        held.callback(shown.region.stop)
        shown.region.start()
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
            return [finished_line(event)]
        return (*self._notices.passing(event), *self._notices.lines(event))


def finished_line(event: ChangeFinished) -> Text:
    """A change's outcome, with how many are done; why it failed is told at the end."""
    done = f"{event.done:>{len(str(event.total))}}"
    return line((f"[{done}/{event.total}]", "dim")).append_text(outcome_line(event.result))


class LiveDisplay:
    """Results scroll by; below them stays what is going on, with the time it has taken."""

    def __init__(self, screen: _Stream, scene: Scene, *, color: bool = False) -> None:
        self._scene = scene
        self._notices = Notices(scene.monotonic)
        self._lock = RLock()
        self.region = Region(screen, self._rows, color=color)

    def notify(self, event: Event) -> None:
        """Takes an event; the display follows by itself."""
        with self._lock:
            self._scene.take(event)
        if isinstance(event, PlanMade):
            self.region.stop()  # the plan is shown now, and perhaps somebody is asked
        elif isinstance(event, RunStarted):
            self.region.start()
        lines = [finished_line(event)] if isinstance(event, ChangeFinished) else self._notices.lines(event)
        if lines:
            self.region.scroll(lines)

    def _rows(self, size: Size) -> Sequence[Text]:
        with self._lock:
            return self._scene.lines(size.rows, size.columns)


@contextmanager
def _when_continued(resumed: Callable[[], None]) -> Iterator[None]:
    """Calls back whenever a stopped process goes on: a shell has written to the screen meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGCONT, lambda *_: resumed())
    try:
        yield
    finally:
        signal.signal(signal.SIGCONT, before)


class _Stream:
    """Writes for as long as somebody takes it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._gone = False

    @property
    def encoding(self) -> str:
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def size(self) -> Size:
        """Of the terminal; what does not say counts as a usual one."""
        try:
            found = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return _USUAL
        return Size(found.columns or _USUAL.columns, found.lines or _USUAL.rows)

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
