"""Change windows: when an org may be changed (`safety.windows`).

Times are wall-clock times of the window's zone, so that a night shift starts at eight in summer and winter.
A window that ends before it begins goes on past midnight, and belongs to the day on which it begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_GRAMMAR = re.compile(r"(?P<days>\S+)(?:\s+(?P<start>\d\d:\d\d)\s*-\s*(?P<end>\d\d:\d\d))?")
_DAY = timedelta(days=1)
_WEEK = 8
"""Days after which every window has opened once."""


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    """One window of every week.

    Args:
        text: as written, for messages.
        days: weekdays on which it begins, Monday is 0.
        start, end: minutes from midnight; an end that is not later than the start is of the next day.
    """

    text: str
    days: frozenset[int]
    start: int
    end: int
    zone: ZoneInfo

    def openings(self, around: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Start and end, in UTC, of the openings that begin from the day before a moment on, for a week."""
        today = around.astimezone(self.zone).date()
        for number in range(-1, _WEEK):
            day = today + number * _DAY
            if day.weekday() in self.days:
                last = day if self.end > self.start else day + _DAY
                yield self._moment(day, self.start), self._moment(last, self.end)

    def _moment(self, day: date, minutes: int) -> datetime:
        whole, rest = divmod(minutes, 24 * 60)
        wall = datetime.combine(day + whole * _DAY, time(*divmod(rest, 60)), self.zone)
        return wall.astimezone(UTC)


def parse_window(text: str, zone: str = "UTC") -> ChangeWindow:
    """Reads a window such as `Mon-Fri 20:00-06:00`, `Sat,Sun` or `daily 02:00-04:00`.

    Args:
        zone: a name of the time zone database, such as Europe/Berlin.

    Raises:
        ValueError: it is none; the message says why.
    """
    found = _GRAMMAR.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:80]!r} is no window: write days and times, as in Mon-Fri 20:00-06:00")
    return ChangeWindow(
        " ".join(text.split()),
        frozenset(_days(found["days"])),
        _minutes(found["start"] or "00:00"),
        _minutes(found["end"] or "24:00"),
        _zone(zone),
    )


def is_open(windows: Iterable[ChangeWindow], moment: datetime) -> bool:
    """Whether changes may be made at a moment; always where there are no windows."""
    windows = tuple(windows)
    spans = (span for window in windows for span in window.openings(moment))
    return not windows or any(start <= moment < end for start, end in spans)


def next_opening(windows: Iterable[ChangeWindow], moment: datetime) -> tuple[datetime, ChangeWindow] | None:
    """The first moment after this one at which a window opens, in the window's zone; None without windows."""
    found = [(start, window) for window in windows for start, _ in window.openings(moment) if start > moment]
    if not found:
        return None
    start, window = min(found, key=lambda pair: pair[0])
    return start.astimezone(window.zone), window


def closed_message(windows: Iterable[ChangeWindow], moment: datetime) -> str:
    """What to tell outside of all windows: which they are, and when the next one opens."""
    windows = tuple(windows)
    told = ", ".join(f"{window.text} {window.zone.key}" for window in windows)
    found = next_opening(windows, moment)
    if found is None:
        return f"now is outside of safety.windows ({told})"
    local, utc = found[0], found[0].astimezone(UTC)
    when = f"{DAYS[local.weekday()]} {local:%Y-%m-%d %H:%M} {found[1].zone.key}"
    also = "" if found[1].zone.key == "UTC" else f" ({utc:%Y-%m-%dT%H:%MZ})"
    return f"now is outside of safety.windows ({told}); the next one opens {when}{also}"


def _days(text: str) -> Iterator[int]:
    if text.lower() == "daily":
        yield from range(7)
        return
    for part in text.split(","):
        first, dash, last = part.partition("-")
        start = _day(first)
        span = (_day(last) - start) % 7 if dash else 0
        yield from ((start + number) % 7 for number in range(span + 1))


def _day(text: str) -> int:
    names = [name.lower() for name in DAYS]
    if text.lower() not in names:
        raise ValueError(f"{text[:20]!r} is no day: write {', '.join(DAYS)}, or daily")
    return names.index(text.lower())


def _minutes(text: str) -> int:
    hours, minutes = int(text[:2]), int(text[3:])
    if hours * 60 + minutes > 24 * 60 or minutes > 59:
        raise ValueError(f"{text} is no time of day: write 00:00 to 24:00")
    return hours * 60 + minutes


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"{name[:60]!r} is no time zone: write its name, as in Europe/Berlin, or UTC"
        ) from error
