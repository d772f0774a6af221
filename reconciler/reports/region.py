"""Lines that stay at the bottom of a terminal while others scroll by above them.

Written by hand beside rich's `Live`, which leaves lines behind when the terminal is made narrower (they are
broken anew, and nobody counts again) and hides the cursor, which a killed process cannot bring back.

Invariants: a frame is one write; no row is wider than the terminal; nothing has to be undone at the end, so
that whatever ends the process leaves a terminal as good as before. Knows nothing of what it shows.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, RLock, Thread
from typing import Protocol

from rich.text import Text

from reconciler.reports.lines import render

REFRESH_S = 0.25
"""Elapsed times are in whole seconds; a quarter of one is soon enough for all that moves."""

_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"
"""Within a frame: where the terminal takes a letter for wider than we do, the row is cut, not broken."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a terminal, in cells."""

    columns: int
    rows: int


class Screen(Protocol):
    """A terminal to write to."""

    @property
    def encoding(self) -> str:
        """Of what is written."""

    @property
    def size(self) -> Size:
        """As it is now."""

    def write(self, text: str) -> int:
        """Writes; that nobody reads is no failure."""

    def flush(self) -> None:
        """Sends what was written."""


class Region:
    """What `draw` says, below all that is scrolled by; drawn anew as time passes."""

    def __init__(
        self, screen: Screen, draw: Callable[[Size], Sequence[Text]], *, color: bool = False
    ) -> None:
        self._screen = screen
        self._draw = draw
        self._color = color
        self._lock = RLock()
        self._ticking: Event | None = None
        self._widths: list[int] = []
        self._shown = ("", 0)

    @property
    def is_up(self) -> bool:
        """Whether it is on the screen."""
        return self._ticking is not None

    def start(self) -> None:
        """Draws it, and keeps doing so."""
        with self._lock:
            if self._ticking is None:
                self._ticking = Event()
                Thread(target=self._tick, args=(self._ticking,), daemon=True).start()
                self.refresh()

    def stop(self) -> None:
        """Takes it away; what was scrolled by stays."""
        with self._lock:
            if self._ticking is not None:
                self._ticking.set()
                self._ticking = None
                self._write(self._erasure(self._screen.size.columns))
                self.lose()

    def scroll(self, lines: Sequence[Text]) -> None:
        """Writes lines that stay, above it."""
        self.scroll_text(render(lines, color=self._color))

    def scroll_text(self, text: str) -> None:
        """The same for text as it is to be printed: whole lines."""
        with self._lock:
            self._write(self._frame(text) if self.is_up else text)

    def refresh(self) -> None:
        """Draws it anew, if anything has changed."""
        with self._lock:
            if self.is_up:
                self._write(self._frame(""))

    def lose(self) -> None:
        """Somebody else has written to the screen: what was drawn stays, the next frame comes below."""
        self._widths, self._shown = [], ("", 0)

    def _tick(self, is_over: Event) -> None:
        due = time.monotonic()
        while not is_over.wait(REFRESH_S):
            # After a stop the main thread learns first that the screen is another one: a turn is left out.
            was_stopped, due = time.monotonic() > due + 2 * REFRESH_S, time.monotonic()
            with self._lock:
                if not (is_over.is_set() or was_stopped):
                    self.refresh()

    def _frame(self, above: str) -> str:
        size = self._screen.size
        drawn = [_cut(text, size.columns, self._screen.encoding) for text in self._draw(size)]
        below = render(drawn, color=self._color).removesuffix("\n")
        if not above and (below, size.columns) == self._shown:
            return ""
        frame = f"{self._erasure(size.columns)}{above}{_NO_WRAP}{below}{_WRAP}"
        self._shown = (below, size.columns)
        self._widths = [text.cell_len for text in drawn]
        return frame

    def _erasure(self, columns: int) -> str:
        """Moves to the region's first row and clears from there.

        Terminals break lines that have become too long for them, so that a line may take several rows by now.
        """
        if not self._widths:
            return ""
        rows = sum(max(1, -(-width // columns)) for width in self._widths)
        up = f"\x1b[{rows - 1}A" if rows > 1 else ""
        return f"\r{up}\x1b[J"

    def _write(self, text: str) -> None:
        if text:
            self._screen.write(text)
            self._screen.flush()


class Above(io.TextIOBase):
    """A stream whose lines scroll by above a region: stderr for log lines, for as long as it is shown."""

    def __init__(self, region: Region, screen: Screen) -> None:
        self._region = region
        self._screen = screen
        self._begun = ""

    def isatty(self) -> bool:
        """It stands for a terminal."""
        return True

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Writes whole lines; the rest waits for its end, unless the region is away."""
        begun = self._begun + text
        whole, newline, self._begun = begun.rpartition("\n") if self._region.is_up else ("", "", "")
        if not self._region.is_up:
            self._screen.write(begun)
        elif newline:
            self._region.scroll_text(whole + newline)
        return len(text)

    def flush(self) -> None:
        """Sends what was written."""
        self._screen.flush()


def _cut(text: Text, columns: int, encoding: str) -> Text:
    """A row with a cell to spare: a full one would leave the cursor between two rows."""
    can_say_more = encoding.lower().replace("-", "").startswith("utf")
    text.truncate(max(1, columns - 1), overflow="ellipsis" if can_say_more else "crop")
    text.rstrip()
    return text
