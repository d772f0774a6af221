"""A command on a terminal: what stays on the screen, and what the environment says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest

from reconciler.cli.terminal import ColorChoice, Habits, habits_of, is_coloured
from tests.cli.commands import Ran, run
from tests.cli.folders import CUSTOMER, Folder
from tests.cli.terminals import CTRL_C, run_at_terminal
from tests.cli.test_endings import FAULTS, next_command
from tests.unit.reports.screens import Glass

SLOW = "PATCH *schemas/* latency_s=1 times=always"


def screen_of(ran: Ran, columns: int = 80) -> list[str]:
    """What is left on the screen, which must be fit for a shell."""
    glass = Glass(columns)
    glass.write(ran.out)
    assert glass.is_as_before
    return glass.shown


def test_live_display_leaves_results_alone_on_the_screen(folder: Folder) -> None:
    columns = 40
    ran = run_at_terminal("apply", "-y", cwd=folder.root, size=(columns, 24))

    shown = screen_of(ran, columns)
    assert "Applied 0 of 2 changes, 0 s" in ran.out
    assert re.search(r"\d+ of 300 requests left for \d+ s", ran.out)
    assert not [row for row in shown if "Applied" in row or "requests left" in row or "Reading" in row]
    assert [row[:5] for row in shown if row.startswith("[")] == ["[1/2]", "[2/2]"]
    assert (ran.code, shown[-1]) == (0, "Apply: 2 added, 0 changed, 0 destroyed."[:columns])


@pytest.mark.usefixtures("folder")
def test_progress_elsewhere_is_a_line_a_change() -> None:
    ran = run("apply", "-y")

    assert [line.split()[0] for line in ran.err.splitlines()] == ["Applying", "[1/2]", "[2/2]"]
    assert "\x1b" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("environ", "habits"),
    [
        ({}, Habits()),
        ({"TERM": "xterm-256color", "CI": "false", "NO_COLOR": ""}, Habits()),
        ({"TERM": "dumb"}, Habits(has_color=False, moves=False)),
        ({"CI": "true"}, Habits(has_color=True, moves=False)),
        ({"CI": "1"}, Habits(has_color=True, moves=False)),
        ({"NO_COLOR": "1"}, Habits(has_color=False, moves=True)),
    ],
)
def test_environment_says_what_the_terminal_can_do(environ: Mapping[str, str], habits: Habits) -> None:
    assert habits_of(environ) == habits


@pytest.mark.parametrize(
    ("choice", "is_terminal", "has_color", "expected"),
    [
        ("auto", True, True, True),
        ("auto", True, False, False),
        ("auto", False, True, False),
        ("always", False, False, True),
        ("never", True, True, False),
    ],
)
def test_colour_that_was_chosen_wins(
    *, choice: str, is_terminal: bool, has_color: bool, expected: bool
) -> None:
    habits = Habits(has_color=has_color)

    assert is_coloured(ColorChoice(choice), is_terminal=is_terminal, habits=habits) is expected


def test_dumb_terminal_is_sent_no_escape(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")

    assert "\x1b" not in run_at_terminal("apply", "-y", cwd=folder.root).out


def test_no_color_keeps_a_live_display_plain(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    out = run_at_terminal("plan", cwd=folder.root).out

    assert "\x1b[J" in out
    assert re.findall(r"\x1b\[[0-9;]*m", out) == []


def test_log_lines_are_whole_beside_a_live_display(folder: Folder) -> None:
    ran = run_at_terminal("apply", "-yvv", "--log-format", "json", cwd=folder.root, size=(40, 24))

    glass = Glass(1000)
    glass.write(ran.out)
    lines = [json.loads(row) for row in glass.shown if row.startswith("{")]
    assert {line["path"] for line in lines if "path" in line} >= {
        "/oauth/token",
        "/api/v2/customobjects/schemas",
    }


def test_interrupted_run_leaves_its_results_and_a_fit_terminal(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FAULTS, SLOW)
    folder.write(customer=CUSTOMER)

    ran = run_at_terminal("apply", "-y", cwd=folder.root, asked="(2/2)", answer=CTRL_C)

    shown, words = screen_of(ran), next_command(ran)
    assert (ran.code, words) == (130, ["apply", "--auto-approve"])
    assert "Not begun" in shown
    assert "[1/2]  + Schema/customer  succeeded" in "\n".join(shown)
    assert [row for row in shown if "stopping" in row] != []
    assert not [row for row in shown if "Applied" in row]
    monkeypatch.delenv(FAULTS)
    assert run(*words).code == 0
