"""Lines that stay at the bottom of a terminal."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from rich.text import Text

from reconciler.reports.lines import line
from reconciler.reports.region import Above, Region, Size
from tests.unit.reports.screens import Glass

LONG = "x" * 70


class Sketch:
    """What a region is to show."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)

    def __call__(self, _size: Size) -> Sequence[Text]:
        return [line(text) for text in self.lines]


@contextmanager
def shown(glass: Glass, sketch: Sketch) -> Iterator[Region]:
    """A region on the screen; its thread is as good as asleep."""
    region = Region(glass, sketch)
    region.start()
    try:
        yield region
    finally:
        region.stop()


def test_lines_scroll_by_above_and_the_region_stays() -> None:
    glass, sketch = Glass(), Sketch("one", "two")
    with shown(glass, sketch) as region:
        region.scroll([line("first")])
        sketch.lines = ["three"]
        region.scroll([line("second"), line("third")])

        assert glass.shown == ["first", "second", "third", "three"]
    assert glass.shown == ["first", "second", "third"]


def test_nothing_has_to_be_put_back_at_any_moment() -> None:
    glass = Glass()
    with shown(glass, Sketch("one", LONG)) as region:
        region.scroll([line("first")])

        assert glass.is_as_before


def test_rows_are_never_wider_than_the_terminal() -> None:
    glass = Glass(columns=20)
    with shown(glass, Sketch(LONG, "客户" * 10)):
        assert glass.shown == ["x" * 18 + "…", "客户" * 4 + "客…"]


def test_lines_that_scroll_by_are_broken_by_the_terminal_and_not_cut() -> None:
    glass = Glass(columns=40)
    with shown(glass, Sketch("below")) as region:
        region.scroll([line(LONG)])

    assert glass.shown == ["x" * 40, "x" * 30]


@pytest.mark.parametrize("columns", [8, 11, 40, 79, 80, 81, 200])
def test_resize_leaves_nothing_behind(columns: int) -> None:
    glass, sketch = Glass(), Sketch(LONG, "short", LONG + "!")
    with shown(glass, sketch) as region:
        region.scroll([line("first")])
        glass.resize(columns, 24)
        sketch.lines = ["a", "b"]
        region.refresh()

        assert "".join(glass.shown) == "firstab"
    assert "".join(glass.shown) == "first"


def test_resize_to_and_fro_between_two_frames_leaves_nothing_behind() -> None:
    glass, sketch = Glass(), Sketch(LONG, LONG)
    with shown(glass, sketch) as region:
        for columns in (30, 100, 25, 60):
            glass.resize(columns, 24)
            region.refresh()
            glass.resize(columns // 2, 24)
            glass.resize(columns, 24)
        region.scroll([line("first")])

    assert glass.shown == ["first"]


def test_frame_that_says_the_same_is_not_written() -> None:
    glass = Glass()
    with shown(glass, Sketch("one")) as region:
        before = len(glass.writes)
        region.refresh()

        assert len(glass.writes) == before


def test_frame_is_one_write() -> None:
    glass = Glass()
    with shown(glass, Sketch("one", "two")) as region:
        before = len(glass.writes)
        region.scroll([line("first"), line("second")])

        assert len(glass.writes) == before + 1


def test_what_a_shell_wrote_meanwhile_stays() -> None:
    glass, sketch = Glass(), Sketch("one", "two")
    with shown(glass, sketch) as region:
        glass.write("\n[1]+ Stopped\n$ fg\n")
        region.lose()
        region.refresh()

        assert glass.shown == ["one", "two", "[1]+ Stopped", "$ fg", "one", "two"]


def test_started_twice_and_stopped_twice_is_once() -> None:
    glass = Glass()
    with shown(glass, Sketch("one")) as region:
        region.start()
        seen = [region.is_up]
        region.stop()
        seen.append(region.is_up)

    assert (seen, glass.shown) == ([True, False], [])


def test_region_goes_on_by_itself() -> None:
    seen_twice, calls = threading.Event(), list[int]()

    def draw(_size: Size) -> Sequence[Text]:
        calls.append(len(calls))
        if len(calls) > 1:
            seen_twice.set()
        return [line(str(len(calls)))]

    region = Region(Glass(), draw)
    region.start()
    try:
        assert seen_twice.wait(30)
    finally:
        region.stop()


def test_other_writers_to_the_stream_scroll_by_above() -> None:
    glass = Glass()
    with shown(glass, Sketch("below")) as region:
        above = Above(region, glass)
        above.write("half a ")
        assert glass.shown == ["below"]
        above.write("line\nand ")
        assert glass.shown == ["half a line", "below"]
        region.stop()
        above.write("more\nPrompt: ")

    assert glass.shown == ["half a line", "and more", "Prompt:"]


def test_no_ellipsis_where_it_cannot_be_written() -> None:
    class Ascii(Glass):
        encoding = "ascii"

    glass = Ascii(columns=20)
    with shown(glass, Sketch(LONG)):
        assert glass.shown == ["x" * 19]


def test_stream_stands_for_a_terminal() -> None:
    region = Region(Glass(), Sketch())
    above = Above(region, Glass())

    assert (above.isatty(), above.writable(), isinstance(above, io.TextIOBase)) == (True, True, True)
