"""What a person watching a run sees."""

from __future__ import annotations

import io
import signal
import sys

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action
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
from reconciler.model.outcome import Outcome
from reconciler.reports import watch
from reconciler.reports.progress import Display, LiveDisplay
from reconciler.reports.scene import Scene
from tests.unit.reports.builders import result
from tests.unit.reports.screens import Glass

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
    WindowSeen(120, 300, 30),
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
  throttled, going on in 12 s
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


def test_results_stand_below_each_other_however_many_there_are() -> None:
    finished = [ChangeFinished(result("Widget/a", Action.UPDATE), number, 100) for number in (9, 10, 100)]

    assert shown(Display.PLAIN, [*finished]).splitlines() == [
        "[  9/100]  ~ Widget/a  succeeded  (412 ms)",
        "[ 10/100]  ~ Widget/a  succeeded  (412 ms)",
        "[100/100]  ~ Widget/a  succeeded  (412 ms)",
    ]


def test_quiet_progress_is_nothing() -> None:
    assert shown(Display.NONE, EVENTS) == ""


def on_screen(written: str) -> list[str]:
    """What stays on a terminal of what was written to it."""
    glass = Glass()
    glass.write(written)
    assert glass.is_as_before
    return glass.shown


def test_live_results_stay_and_the_display_goes() -> None:
    written = shown(Display.LIVE, EVENTS)

    assert on_screen(written) == [
        "  Widget/a waits up to 300 s: ACTIVATING",
        "  repeating GET /widgets in 0.5 s (try 2): 503",
        "[1/2]  ~ Widget/a  succeeded  (412 ms)",
        "[2/2]  + Widget/b  skipped",
    ]
    assert "Applied 2 of 2 changes, 0 s" in written


def test_second_throttling_is_said_when_the_first_is_over() -> None:
    stream, hands = io.StringIO(), Hands()
    with watch(stream, Display.PLAIN, monotonic=hands) as observer:
        observer.notify(Throttled(12))
        hands.now = 12.0
        observer.notify(Throttled(3))

    assert stream.getvalue() == "  throttled, going on in 12 s\n  throttled, going on in 3 s\n"


def lines(scene: Scene, rows: int = 24, columns: int = 80) -> list[str]:
    return [text.plain.rstrip() for text in scene.lines(rows, columns)]


def scene_of(*events: Event, hands: Hands | None = None) -> Scene:
    scene = Scene(monotonic=hands or Hands())
    for event in events:
        scene.take(event)
    return scene


def test_scene_says_what_runs_and_what_waits_for_whom() -> None:
    hands = Hands()
    needs = {"Widget/a": (), "Widget/b": ("Widget/a", "Schema/not-in-plan")}
    scene = scene_of(RunStarted("run-1", 2, needs), *EVENTS[3:5], hands=hands)
    hands.now = 3.0

    assert lines(scene) == [
        "Applied 0 of 2 changes, 3 s",
        "   3 s ~ Widget/a  update (1/2)",
        "         Widget/b waits for Widget/a",
    ]

    scene.take(ChangeFinished(result("Widget/a", Action.UPDATE), 1, 2))
    scene.take(ChangeStarted(B, "create"))

    assert lines(scene) == ["Applied 1 of 2 changes, 3 s", "   0 s + Widget/b"]


@pytest.mark.parametrize(
    ("now", "footer"),
    [
        (0.0, "120 of 300 requests left for 30 s"),
        (29.5, "120 of 300 requests left for 1 s"),
        (30.0, "300 of 300 requests left"),
    ],
)
def test_scene_tells_what_is_left_of_the_window(now: float, footer: str) -> None:
    hands = Hands()
    scene = scene_of(ReadsPlanned(2), WindowSeen(120, 300, 30), hands=hands)
    hands.now = now

    assert lines(scene)[1:] == [footer]


def test_scene_counts_down_while_throttled_and_then_tells_the_window_again() -> None:
    hands = Hands()
    scene = scene_of(RunStarted("run-1", 1), WindowSeen(0, 300, 12), Throttled(13), hands=hands)
    seen = []
    for hands.now in (0.0, 1.0, 12.5, 13.0):
        seen.append(lines(scene)[-1])

    assert seen == [
        "throttled, going on in 13 s",
        "throttled, going on in 12 s",
        "throttled, going on in 1 s",
        "300 of 300 requests left",
    ]


def test_live_display_leaves_no_line_of_what_passes() -> None:
    hands = Hands()
    stream = io.StringIO()
    with watch(stream, Display.LIVE, monotonic=hands) as observer:
        observer.notify(Throttled(12))
        observer.notify(LockAwaited("locked by alex"))

    assert on_screen(stream.getvalue()) == []


def test_plain_progress_says_once_whose_lock_is_awaited() -> None:
    awaited = [LockAwaited(f"locked by alex, lease {left} s") for left in (60, 59)]

    assert shown(Display.PLAIN, [*awaited]) == "  waiting: locked by alex, lease 60 s\n"


def test_scene_says_whose_lock_is_awaited_until_the_org_is_read() -> None:
    hands = Hands()
    scene = scene_of(LockAwaited("the state is locked by alex"), hands=hands)
    hands.now = 61.0

    assert lines(scene) == ["Waiting, 1 min 01 s: the state is locked by alex"]
    scene.take(ReadsPlanned(3))
    assert lines(scene) == ["Reading the org: 0 of 3 answers, 1 min 01 s"]


def test_scene_says_that_what_was_applied_is_read_again() -> None:
    scene = scene_of(*EVENTS)

    assert lines(scene)[0] == "Applied 2 of 2 changes, 0 s; reading them again"


@pytest.mark.parametrize("rows", [1, 5, 6, 10, 24, 100])
def test_scene_fits_the_screen(rows: int) -> None:
    needs = {f"Widget/w{number:02}": ("Widget/w00",) if number > 30 else () for number in range(60)}
    begun = [ChangeStarted(Address("Widget", f"w{number:02}"), "create") for number in range(20)]
    said = lines(scene_of(RunStarted("run-1", 60, needs), *begun, WindowSeen(1, 2, 3)), rows)

    assert len(said) <= max(4, rows - 1)
    assert said[0] == "Applied 0 of 60 changes, 0 s"
    assert said[-2:] == ["         11 more in the queue", "1 of 2 requests left for 3 s"]


def test_long_name_leaves_room_for_what_is_done_now() -> None:
    long = Address("Schema", "a-rather-long-name-that-goes-on-and-on-and-ends-like-this")
    scene = scene_of(RunStarted("run-1", 1), ChangeStarted(long, "create"), StepStarted(long, "draft", 1, 2))

    assert lines(scene, columns=50)[1] == "   0 s + Schema/a-rath…nds-like-this  draft (1/2)"


@pytest.mark.parametrize(
    ("seconds", "said"), [(59.9, "59 s"), (60, "1 min 00 s"), (3599, "59 min 59 s"), (7380, "2 h 03 min")]
)
def test_elapsed_time_is_short(seconds: float, said: str) -> None:
    hands = Hands()
    scene = scene_of(RunStarted("run-1", 1), hands=hands)
    hands.now = seconds

    assert lines(scene)[0] == f"Applied 0 of 1 change, {said}"


def test_live_display_is_away_while_the_plan_is_shown_and_somebody_is_asked() -> None:
    with watch(io.StringIO(), Display.LIVE) as observer:
        assert isinstance(observer, LiveDisplay)
        seen = [observer.region.is_up]
        for event in (PlanMade(), RunStarted("run-1", 1)):
            observer.notify(event)
            seen.append(observer.region.is_up)

    assert seen == [True, False, True]


def test_log_lines_scroll_by_above_the_live_display(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with watch(stream, Display.LIVE) as observer:
        observer.notify(RunStarted("run-1", 1))
        sys.stderr.write("a log line\n")
        observer.notify(EVENTS[-2])

    assert sys.stderr is stream
    assert on_screen(stream.getvalue()) == ["a log line", "[1/2]  ~ Widget/a  succeeded  (412 ms)"]


def test_process_that_is_continued_goes_on_below_what_the_shell_has_written() -> None:
    stream = io.StringIO()
    before = signal.getsignal(signal.SIGCONT)
    with watch(stream, Display.LIVE) as observer:
        stream.write("\n$ fg\n")
        signal.raise_signal(signal.SIGCONT)
        observer.notify(RunStarted("run-1", 1))
        observer.notify(EVENTS[-2])

    assert on_screen(stream.getvalue())[1:3] == ["$ fg", "[1/2]  ~ Widget/a  succeeded  (412 ms)"]
    assert signal.getsignal(signal.SIGCONT) == before


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
    scene = scene_of(*EVENTS[:2])

    assert lines(scene) == ["Reading the org: 1 of 2 answers, 0 s"]


def test_scene_counts_what_does_not_fit() -> None:
    scene = scene_of(RunStarted("run-1", 30))
    for number in range(30):
        scene.take(ChangeStarted(Address("Widget", f"w{number:02}"), "create"))

    assert len(lines(scene)) == 12
    assert lines(scene)[-1] == "         20 more run"


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
