"""The plan as a page, from the command line."""

from __future__ import annotations

import pytest

from tests.cli.commands import run
from tests.cli.folders import INVALID, Folder


@pytest.mark.usefixtures("folder")
def test_plan_is_written_as_a_page_and_saved_all_the_same() -> None:
    ran = run("plan", "--format", "html", "--out", "p.json", "--detailed-exitcode")

    assert ran.code == 2
    assert ran.out.startswith("<!doctype html>\n")
    assert "<title>Plan for sandbox: 2 to add, 0 to change, 0 to destroy; 0 unchanged</title>" in ran.out
    assert '<code id="command">reconciler apply p.json</code>' in ran.out
    assert run("show", "p.json", "--format", "html").out == ran.out


@pytest.mark.usefixtures("folder")
def test_requests_are_unfolded_when_asked_for() -> None:
    shown = [run("plan", "--format", "html", *more).out for more in ((), ("--show-requests",))]

    assert ['<details class="fold" open>' in page for page in shown] == [False, True]


def test_refused_plan_is_still_a_page(applied: Folder) -> None:
    run("state", "rm", "Schema/lone", "-y")

    ran = run("plan", "--format", "html")

    assert applied.path("reconciler.yaml").exists()
    assert ran.code == 3
    assert "Blocked by plan.unowned-match: nothing can be applied yet." in ran.out


def test_no_plan_is_no_page(folder: Folder) -> None:
    folder.write(broken=INVALID)

    ran = run("plan", "--format", "html")

    assert (ran.code, ran.out) == (65, "")
    assert "manifest.unknown-field" in ran.err
