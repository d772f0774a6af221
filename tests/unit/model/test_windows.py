"""Change windows: wall-clock times of a zone, past midnight, and over the changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.model.windows import closed_message, is_open, next_opening, parse_window

NIGHTS = parse_window("Mon-Fri 20:00-06:00", "Europe/Berlin")


def utc(text: str) -> datetime:
    """A moment, as in `2026-01-05 18:59`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-05 18:59", False),  # a Monday in winter: 19:59 in Berlin
        ("2026-01-05 19:00", True),
        ("2026-01-06 04:59", True),
        ("2026-01-06 05:00", False),
        ("2026-07-06 17:59", False),  # and one in summer
        ("2026-07-06 18:00", True),
        ("2026-01-10 04:59", True),  # Friday's night ends on Saturday
        ("2026-01-10 19:30", False),
        ("2026-01-12 01:00", False),  # Sunday's night has none
    ],
)
def test_night_of_a_zone(moment: str, expected: bool) -> None:
    assert is_open([NIGHTS], utc(moment)) is expected


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("daily 02:00-04:00", "2026-01-05 03:59", "2026-01-05 04:00"),
        ("Sat,Sun", "2026-01-11 23:59", "2026-01-12 00:00"),
        ("Fri-Mon 00:00-24:00", "2026-01-12 12:00", "2026-01-13 00:00"),
        ("sun 23:00 - 01:00", "2026-01-12 00:59", "2026-01-12 01:00"),
        ("Wed 09:00-09:00", "2026-01-08 08:59", "2026-01-08 09:00"),
    ],
)
def test_days_and_times(text: str, inside: str, outside: str) -> None:
    window = parse_window(text)

    assert is_open([window], utc(inside))
    assert not is_open([window], utc(outside))


def test_no_windows_are_always_open() -> None:
    assert is_open([], utc("2026-01-05 12:00"))
    assert next_opening([], utc("2026-01-05 12:00")) is None


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-01-05 12:00", "2026-01-05 19:00"),
        ("2026-01-10 12:00", "2026-01-12 19:00"),
        ("2026-03-27 21:00", "2026-03-30 18:00"),  # the clock goes forward on Sunday in between
    ],
)
def test_next_opening(moment: str, opens: str) -> None:
    found = next_opening([NIGHTS], utc(moment))

    assert found is not None
    assert found[0].astimezone(UTC) == utc(opens)


def test_start_that_the_clock_skips_is_the_moment_after() -> None:
    skipped = parse_window("Sun 02:30-05:00", "Europe/Berlin")

    assert not is_open([skipped], utc("2026-03-29 00:59"))
    assert is_open([skipped], utc("2026-03-29 01:30"))


def test_earliest_of_several_windows_counts() -> None:
    found = next_opening([NIGHTS, parse_window("Mon 13:00-14:00")], utc("2026-01-05 12:00"))

    assert found is not None
    assert (found[0], found[1].text) == (utc("2026-01-05 13:00"), "Mon 13:00-14:00")


def test_message_names_windows_and_the_next_opening_in_both_times() -> None:
    assert closed_message([NIGHTS], utc("2026-01-05 12:00")) == (
        "now is outside of safety.windows (Mon-Fri 20:00-06:00 Europe/Berlin); "
        "the next one opens Mon 2026-01-05 20:00 Europe/Berlin (2026-01-05T19:00Z)"
    )


@pytest.mark.parametrize(
    ("text", "zone", "why"),
    [
        ("at night", "UTC", "no window"),
        ("", "UTC", "no window"),
        ("Mon-Fry 20:00-06:00", "UTC", "'Fry' is no day"),
        ("Mon 20:00-24:01", "UTC", "24:01 is no time"),
        ("Mon 20:60-21:00", "UTC", "20:60 is no time"),
        ("Mon 20:00", "UTC", "no window"),
        ("Mon 20:00-21:00", "Mars/Olympus", "no time zone"),
        ("Mon 20:00-21:00", "../../etc/passwd", "no time zone"),
    ],
)
def test_what_is_no_window_is_refused(text: str, zone: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_window(text, zone)
