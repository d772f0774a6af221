"""`audit`: the trail listed, filtered, checked and exported."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta

import pytest

from tests.cli.commands import run
from tests.cli.folders import Folder


def test_list_is_a_table(applied: Folder) -> None:
    lines = run("audit", "list").out.splitlines()

    columns = " ".join(lines[0].split())
    assert columns == "SEQ TIME RUN PHASE ADDRESS ACTION OUTCOME HTTP MS ACTOR WHAT"
    assert "run_started" in lines[1]
    assert "run_finished" in lines[-2]
    assert lines[-1] == f"{len(lines) - 2} records"
    assert applied.path("state").is_dir()


@pytest.mark.usefixtures("applied")
def test_filters_let_through_what_they_name() -> None:
    everything = run("audit", "list", "--format", "json").lines
    run_id, moment = everything[0]["run_id"], everything[-1]["timestamp"]

    assert _listed("--phase", "result") == [r for r in everything if r["phase"] == "result"]
    assert _listed("--outcome", "succeeded") == [r for r in everything if r["outcome"] == "succeeded"]
    assert _listed("--address", "Schema/lone") == [r for r in everything if r["address"] == "Schema/lone"]
    assert _listed("--run", run_id) == everything
    assert _listed("--run", "none") == []
    assert _listed("--last", "2") == everything[-2:]
    assert _listed("--since", moment) == [r for r in everything if r["timestamp"] >= moment]
    assert _listed("--until", moment) == [r for r in everything if r["timestamp"] < moment]
    assert _listed("--since", moment[:10]) == everything
    assert _listed("--until", moment[:10]) == []
    assert (
        _listed("--phase", "result", "--last", "1") == [r for r in everything if r["phase"] == "result"][-1:]
    )


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(
    ("since", "has_any"),
    [
        ("2001-01-31", True),
        ("2001-01-31T10:30Z", True),
        ("2001-01-31 10:30:00", True),
        ("2001-01-31T10:30:00+01:00", True),
        ("9001-01-31T10:30:00-11:00", False),
        ("9001", False),
    ],
)
def test_times_are_utc_or_say_their_zone(since: str, has_any: bool) -> None:
    assert bool(_listed("--since", since)) is has_any


@pytest.mark.usefixtures("applied")
def test_zone_is_taken_into_account() -> None:
    first = run("audit", "list", "--format", "json").lines[0]["timestamp"]
    east = _shifted(first, hours=2)

    assert len(_listed("--since", f"{east}+02:00")) == len(_listed())
    assert _listed("--until", f"{east}+02:00") == []


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize("time", ["yesterday", "2026-13-01T00:00:00+00:00", "10:30", "2026-1-1"])
def test_time_that_is_none_is_refused(time: str) -> None:
    ran = run("audit", "list", "--until", time)

    assert (ran.code, "--until" in ran.err) == (64, True)


def test_export_is_the_trail_in_full(applied: Folder) -> None:
    ran = run("audit", "export", "--out", "trail.jsonl")

    assert (ran.code, ran.out) == (0, "")
    text = applied.path("trail.jsonl").read_text(encoding="utf-8")
    assert text == run("audit", "export").out
    assert [json.loads(line) for line in text.splitlines()] == run("audit", "list", "--format", "json").lines


def test_export_of_a_missing_trail_leaves_no_file(folder: Folder) -> None:
    assert run("audit", "export", "--out", "trail.jsonl").code == 78
    assert list(folder.root.glob("trail*")) == []


def test_verify_names_the_first_broken_record(applied: Folder) -> None:
    with sqlite3.connect(applied.path("state", "reconciler.sqlite3")) as connection:
        connection.execute("UPDATE audit SET record = replace(record, 'sandbox', 'sindbox') WHERE seq >= 3")
    connection.close()

    ran = run("audit", "verify")

    assert (ran.code, ran.out) == (
        1,
        "Broken: record 3 was changed: its content does not match its hash.\n",
    )
    assert run("audit", "verify", "--format", "json").document == {
        "format": "reconciler.audit-verification/1",
        "valid": False,
        "records": 2,
        "first_broken_seq": 3,
        "message": "record 3 was changed: its content does not match its hash",
    }


@pytest.mark.usefixtures("applied")
def test_verify_tells_how_many_records_hold() -> None:
    count = len(run("audit", "list", "--format", "json").lines)

    assert run("audit", "verify").out == f"Valid: {count} records, unbroken.\n"


def _listed(*filters: str) -> list[object]:
    return run("audit", "list", "--format", "json", *filters).lines


def _shifted(timestamp: str, *, hours: int) -> str:
    moment = datetime.fromisoformat(timestamp.rstrip("Z")) + timedelta(hours=hours)
    return moment.isoformat(timespec="milliseconds")
