"""What a person watching a run sees."""

from __future__ import annotations

import io
import re

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action
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
from reconciler.model.outcome import Outcome
from reconciler.reports import watch
from reconciler.reports.progress import Display, LiveDisplay
from reconciler.reports.scene import Scene
from tests.unit.reports.builders import result

A, B = Address("Widget", "a"), Address("Widget", "b")


class Hands:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


EVENTS: list[Event] = [
    ReadsPlanned(2),
    ReadAnswered("/widgets"),
    RunStarted("run-1", 2),
    ChangeStarted(A, "update"),
    StepStarted(A, "update", 1, 2),
    ChangeWaiting(A, "ACTIVATING", 1, 300),
    ChangeWaiting(A, "ACTIVATING", 2, 300),
    Throttled(12),
    Throttled(12),
    Retrying("GET", "/widgets", 2, "503", 0.5),
    ChangeFinished(result("Widget/a", Action.UPDATE), 1, 2),
    ChangeFinished(
        result("Widget/b", Action.CREATE, Outcome.SKIPPED, attempts=0, blocked_by="Widget/c"), 2, 2
    ),
]

PLAIN = """\
Applying 2 changes in run run-1
  Widget/a waits up to 300 s: ACTIVATING
  rate limit spent: going on in 12 s
  repeating GET /widgets in 0.5 s (try 2): 503
[1/2]  ~ Widget/a  succeeded  (412 ms)
[2/2]  + Widget/b  skipped
"""


def shown(display: Display, events: list[Event]) -> str:
    stream = io.StringIO()
    with watch(stream, display, monotonic=Hands()) as observer:
        for event in events:
            observer.notify(event)
    return stream.getvalue()


def test_plain_progress_is_a_line_a_change() -> None:
    assert shown(Display.PLAIN, EVENTS) == PLAIN


def test_quiet_progress_is_nothing() -> None:
    assert shown(Display.NONE, EVENTS) == ""


def test_live_results_scroll_by_above_the_display() -> None:
    printed = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown(Display.LIVE, EVENTS)).replace("\r", "")

    assert "[1/2]  ~ Widget/a  succeeded  (412 ms)\n" in printed
    assert "Applied 2 of 2 changes, 0 s" in printed


def test_second_throttling_is_said_when_the_first_is_over() -> None:
    stream, hands = io.StringIO(), Hands()
    with watch(stream, Display.PLAIN, monotonic=hands) as observer:
        observer.notify(Throttled(12))
        hands.now = 12.0
        observer.notify(Throttled(3))

    assert stream.getvalue() == "  rate limit spent: going on in 12 s\n  rate limit spent: going on in 3 s\n"


def lines(scene: Scene) -> list[str]:
    return [text.plain for text in scene.lines()]


def test_scene_says_what_runs_and_what_waits_for_whom() -> None:
    hands = Hands()
    scene = Scene(monotonic=hands)
    needs = {"Widget/a": (), "Widget/b": ("Widget/a", "Schema/not-in-plan")}
    for event in [PlanMade(needs), *EVENTS[2:5]]:
        scene.take(event)
    hands.now = 3.0

    assert lines(scene) == [
        "Applied 0 of 2 changes, 3 s",
        "  ~ Widget/a  update (1/2)  3 s",
        "    Widget/b waits for Widget/a",
    ]

    scene.take(ChangeFinished(result("Widget/a", Action.UPDATE), 1, 2))
    scene.take(ChangeStarted(B, "create"))

    assert lines(scene) == ["Applied 1 of 2 changes, 3 s", "  + Widget/b    0 s"]


def test_live_display_is_away_while_the_plan_is_shown_and_somebody_is_asked() -> None:
    with watch(io.StringIO(), Display.LIVE) as observer:
        assert isinstance(observer, LiveDisplay)
        seen = [observer.live.is_started]
        for event in (PlanMade(), RunStarted("run-1", 1)):
            observer.notify(event)
            seen.append(observer.live.is_started)

    assert seen == [True, False, True]


def test_repeats_of_one_request_are_said_once() -> None:
    repeats = [Retrying("GET", path, attempt, "503", 0.5) for path in ("/a", "/b") for attempt in (1, 2, 3)]

    assert shown(Display.PLAIN, [*repeats, *repeats]) == (
        "  repeating GET /a in 0.5 s (try 1): 503\n  repeating GET /b in 0.5 s (try 1): 503\n"
    )


def test_stop_says_what_still_happens() -> None:
    assert shown(Display.PLAIN, [Stopping(waits=True), Stopping(waits=False)]) == (
        "  stopping: nothing new starts; what is under way may settle; once more stops waiting\n"
        "  stopping: nothing new starts; waiting no longer\n"
    )


def test_scene_counts_reads_before_there_are_changes() -> None:
    scene = Scene(monotonic=Hands())
    for event in EVENTS[:2]:
        scene.take(event)

    assert lines(scene) == ["Reading the org: 1 of 2 answers, 0 s"]


def test_scene_counts_what_does_not_fit() -> None:
    scene = Scene(monotonic=Hands())
    scene.take(RunStarted("run-1", 30))
    for number in range(30):
        scene.take(ChangeStarted(Address("Widget", f"w{number:02}"), "create"))

    assert len(lines(scene)) == 12
    assert lines(scene)[-1] == "    20 more run"


class Gone(io.StringIO):
    """A stream whose reader has left."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("display", Display)
def test_stream_that_is_gone_ends_nothing(display: Display) -> None:
    with watch(Gone(), display) as observer:
        for event in EVENTS:
            observer.notify(event)


@pytest.mark.parametrize("display", Display)
def test_closed_stream_ends_nothing(display: Display) -> None:
    stream = io.StringIO()
    with watch(stream, display) as observer:
        stream.close()
        observer.notify(EVENTS[-1])


def test_letters_that_the_stream_cannot_carry_are_escaped() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    with watch(stream, Display.PLAIN) as observer:
        observer.notify(Retrying("GET", "/ü", 1, "…", 1))
    stream.flush()

    assert raw.getvalue() == b"  repeating GET /\\xfc in 1.0 s (try 1): \\u2026\n"
