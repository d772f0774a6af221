"""`audit.jsonl` follows the trail, whatever happened to the file meanwhile."""

import fcntl
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.store import OpenMode
from tests.unit.store.builders import opened, record
from tests.unit.store.child import APPENDED
from tests.unit.store.children import child


def mirror_in(folder: Path) -> Path:
    return folder / "audit.jsonl"


def append(folder: Path, *, org: str = "dev", records: int = 1) -> None:
    with opened(folder, org=org) as store:
        for number in range(records):
            store.append([record(detail={"number": number, "text": "größer\n"})])


def mirrored(folder: Path, org: str = "dev") -> list[object]:
    lines = mirror_in(folder).read_text(encoding="utf-8").splitlines()
    return [found for line in lines if (found := json.loads(line))["org"] == org]


def trail(folder: Path, org: str = "dev") -> list[object]:
    with opened(folder, org=org, mode=OpenMode.READ) as store:
        return list(store.read_audit())


def test_each_commit_appends_its_records(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append([record(), record()])
        first = mirrored(tmp_path)
        store.append([record()])

    assert len(first) == 2
    assert mirrored(tmp_path) == trail(tmp_path)
    assert mirror_in(tmp_path).stat().st_mode & 0o777 == 0o600


def test_orgs_share_one_file(tmp_path: Path) -> None:
    append(tmp_path, org="dev", records=2)
    append(tmp_path, org="prod", records=700)
    append(tmp_path, org="dev", records=2)
    append(tmp_path, org="prod", records=1)

    assert mirrored(tmp_path, "dev") == trail(tmp_path, "dev")
    assert mirrored(tmp_path, "prod") == trail(tmp_path, "prod")


def test_two_stores_open_at_once_neither_repeat_nor_reorder_lines(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as other, opened(tmp_path, org="prod") as prod:
        for store in (one, other, prod, one, prod, other, other):
            store.append([record()])

    assert mirrored(tmp_path) == trail(tmp_path)
    assert mirrored(tmp_path, "prod") == trail(tmp_path, "prod")


def missing(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def short(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-2]))


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def without_last_newline(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def torn_in_first_line(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:10])


@pytest.mark.parametrize("damage", [missing, emptied, short, torn, without_last_newline, torn_in_first_line])
def test_the_next_opening_for_writing_makes_the_file_whole(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    append(tmp_path, records=4)
    damage(mirror_in(tmp_path))

    opened(tmp_path, mode=OpenMode.WRITE).close()

    assert mirrored(tmp_path) == trail(tmp_path)


def test_a_line_that_is_no_record_is_passed_over(tmp_path: Path) -> None:
    append(tmp_path, records=2)
    with mirror_in(tmp_path).open("a") as file:
        file.write("rotated by hand\n[]\n")

    append(tmp_path)

    lines = mirror_in(tmp_path).read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines if line.startswith("{")] == [1, 2, 3]


def test_lines_of_an_earlier_store_are_left_and_gone_on_after(tmp_path: Path) -> None:
    append(tmp_path, records=3)
    before = mirrored(tmp_path)
    (tmp_path / "reconciler.sqlite3").unlink()
    append(tmp_path, records=4)
    append(tmp_path, records=1)

    assert mirrored(tmp_path) == before + trail(tmp_path)


def test_a_file_rotated_under_a_run_is_begun_anew(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append([record()])
        mirror_in(tmp_path).rename(tmp_path / "audit.jsonl.1")
        store.append([record()])

    assert mirrored(tmp_path) == trail(tmp_path)


def test_a_mirror_that_cannot_be_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mirror_in(tmp_path).mkdir()
    with caplog.at_level(logging.WARNING), opened(tmp_path) as store:
        store.append([record()])
        store.append([record()])
    (warned,) = (told.getMessage() for told in caplog.records)
    mirror_in(tmp_path).rmdir()
    opened(tmp_path).close()

    assert "audit.jsonl does not take the latest audit records" in warned
    assert len(trail(tmp_path)) == 2
    assert mirrored(tmp_path) == trail(tmp_path)


def test_a_process_that_is_suspended_in_the_mirror_holds_up_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), opened(tmp_path) as store:
        store.append([record()])
        with mirror_in(tmp_path).open("rb") as another:
            fcntl.flock(another, fcntl.LOCK_EX)
            for _ in range(50):
                store.append([record()])
        lines = len(mirrored(tmp_path))
        store.append([record()])

    assert (lines, len(caplog.records), len(trail(tmp_path))) == (1, 1, 52)
    assert mirrored(tmp_path) == trail(tmp_path)


def test_processes_that_append_at_once_make_one_chain(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with child("append", tmp_path) as one, child("append", tmp_path) as other:
        said = [started.stdout.readline() for started in (one, other) if started.stdout]
        for started in (one, other):
            if started.stdin:
                started.stdin.close()
        codes = [started.wait(timeout=60) for started in (one, other)]

    with opened(tmp_path, mode=OpenMode.READ) as store:
        verified = store.verify_audit()
    assert (said, codes) == (["ready\n"] * 2, [0, 0])
    assert (verified.valid, verified.records) == (True, 2 * APPENDED)
    assert mirrored(tmp_path) == trail(tmp_path)
