"""Disks that fill up, fail or become read-only, and spoilt stores: before an apply, and during one."""

from __future__ import annotations

import os
import resource
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.commands import Ran
from tests.cli.runners.disks import Disk, mounted
from tests.cli.runners.forked import ran
from tests.cli.runners.orders import order, suspended
from tests.simulated.apply.bench import Bench, bench
from tests.simulated.apply.manifests import schema
from tests.simulated.store.test_runs import NAMES, assert_coherent

APPLY = ("apply", "-y", "--format", "json", "--parallelism", "2")
READING, CREATING = ("GET", "*schemas/s0"), ("POST", "*schemas")
DATABASE = "reconciler.sqlite3"


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Bench]:
    """A project whose first schema is applied; it is to be changed, and five are to be made."""
    with bench(tmp_path) as made:
        yield prepared(made)


def prepared(made: Bench) -> Bench:
    made.declare(schema(NAMES[0], description="before"))
    made.converge()
    made.declare(*(schema(name, description="after") for name in NAMES))
    made.org.forget_requests()
    return made


def assert_ended_well(ended: Ran, code: str, *said: str) -> None:
    """It says what is wrong and what to do."""
    assert (ended.code, ended.codes) == (78, [code])
    (found,) = ended.document["diagnostics"]
    assert [part for part in said if part not in f"{found['message']} {found['hint']}"] == []
    assert "Traceback" not in ended.err


def assert_recorded_before_it_was_sent(work: Bench) -> None:
    details = [record["detail"] for record in work.audit(phase="intent")]
    recorded = Counter(f"{detail['method']} {detail['path']}" for detail in details)
    assert Counter(work.sent()) - recorded == Counter()


# -- room that runs out ----------------------------------------------------------------------------------

SIZES = list(range(60, 260, 4))
"""KiB that a file may have: from hardly more than the database has before, to nearly what it takes."""


@pytest.mark.parametrize(
    "size", [pytest.param(size, marks=[] if size in (100, 180) else pytest.mark.soak) for size in SIZES]
)
def test_apply_whose_disk_fills_up_anywhere_is_made_up_for(work: Bench, size: int) -> None:
    ended = ran(replace(order(work, *APPLY), largest_file=size * 1024))

    assert_ended_well(ended, "state.unavailable", "cannot be written", "make room on its disk")
    assert_recorded_before_it_was_sent(work)
    assert work.apply().converged
    assert_coherent(work, NAMES)


def without_room(pid: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


needs_prlimit = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="a limit can be set from outside on Linux only"
)


@needs_prlimit
def test_intent_that_cannot_be_recorded_is_not_sent(work: Bench) -> None:
    work.declare(schema(NAMES[0], description="after"))
    with suspended(work, order(work, *APPLY), method=READING[0], path=READING[1]) as running:
        without_room(running.pid)
        running.wake()
        ended = running.ended()

    assert_ended_well(ended, "state.unavailable", "cannot be written")
    assert (work.sent(), work.prior().open_intents) == ([], ())
    assert work.apply().converged


@needs_prlimit
def test_result_that_cannot_be_recorded_is_looked_up_by_the_next_apply(work: Bench) -> None:
    work.declare(schema(NAMES[0], description="before"), schema(NAMES[1]))
    with suspended(work, order(work, *APPLY), method=CREATING[0], path=CREATING[1]) as running:
        without_room(running.pid)
        running.wake()
        ended = running.ended()

    assert_ended_well(ended, "state.unavailable", "cannot be written")
    assert [path for path in work.sent() if path.startswith("POST")] == ["POST /api/v2/customobjects/schemas"]
    assert [str(intent.address) for intent in work.prior().open_intents] == [f"Schema/{NAMES[1]}"]
    assert work.apply().converged
    assert_coherent(work, NAMES[:2])


# -- real disks ------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A small disk for the state."""
    with mounted(tmp_path) as made:
        if made is None:
            pytest.skip("only root may mount a disk")
        yield made


Spoil = Callable[[Disk], None]


@pytest.mark.parametrize(
    ("spoil", "mend", "at"),
    [
        pytest.param(Disk.fill, Disk.make_room, CREATING, id="full, after a request"),
        pytest.param(Disk.fail, Disk.repair, READING, id="read-only, before a request"),
        pytest.param(Disk.fill, Disk.make_room, READING, id="full, before one", marks=pytest.mark.soak),
        pytest.param(Disk.fail, Disk.repair, CREATING, id="read-only, after one", marks=pytest.mark.soak),
    ],
)
def test_apply_whose_disk_fails_in_the_middle_is_made_up_for(
    disk: Disk, tmp_path: Path, spoil: Spoil, mend: Spoil, at: tuple[str, str]
) -> None:
    (tmp_path / "project").mkdir()
    with bench(tmp_path / "project") as work:
        work.configure(state=str(disk.folder / "state"))
        prepared(work)
        with suspended(work, order(work, *APPLY), method=at[0], path=at[1]) as running:
            sent = len(work.sent())
            spoil(disk)
            running.wake()
            ended = running.ended()

        assert_ended_well(ended, "state.unavailable", "cannot be", "disk")
        assert len(work.sent()) <= sent + 1
        sent = len(work.sent())
        disk.fill()  # the room, too, that the log took until the run had ended
        refused = ran(order(work, *APPLY))
        assert_ended_well(refused, "state.unavailable")
        assert len(work.sent()) == sent
        mend(disk)
        assert work.apply().converged
        assert_coherent(work, NAMES)


# -- permissions -----------------------------------------------------------------------------------------


def set_modes(work: Bench, folder: int, file: int) -> None:
    state = work.folder / "state"
    for path in state.iterdir():
        path.chmod(file)
    state.chmod(folder)


def test_folder_that_is_made_read_only_stops_the_next_apply_and_not_this_one(work: Bench) -> None:
    obeying = replace(order(work, *APPLY), obeys_permissions=True)
    with suspended(work, obeying, method=CREATING[0], path=CREATING[1]) as running:
        set_modes(work, 0o500, 0o400)
        running.wake()
        ended = running.ended()
    sent = work.sent()
    refused = ran(obeying)
    doctor = ran(replace(obeying, arguments=("doctor", "--format", "json")))

    assert (ended.code, ended.document["converged"]) == (0, True)
    assert "audit.jsonl does not take the latest audit records" in ended.err
    assert_ended_well(refused, "state.unavailable", "cannot be opened", "belong to you")
    assert (work.sent(), doctor.document["state_writable"]) == (sent, False)
    set_modes(work, 0o700, 0o600)
    assert_coherent(work, NAMES)
    assert work.apply().status == "applied"
    assert (work.folder / "state" / "audit.jsonl").read_text().count("\n") == len(work.audit())


def test_mirror_that_cannot_be_written_fails_no_apply(work: Bench) -> None:
    mirror = work.folder / "state" / "audit.jsonl"
    mirror.unlink()
    mirror.mkdir()
    ended = ran(order(work, *APPLY))
    mirror.rmdir()

    assert (ended.code, ended.document["converged"]) == (0, True)
    assert ended.err.count("does not take the latest audit records") == 1
    assert_coherent(work, NAMES)


# -- spoilt stores ---------------------------------------------------------------------------------------


def garbage(state: Path) -> None:
    (state / DATABASE).write_bytes(b"\xa5" * (state / DATABASE).stat().st_size)


def cut(state: Path) -> None:
    os.truncate(state / DATABASE, 9000)


def delete(state: Path) -> None:
    (state / DATABASE).unlink()


IN_THE_MIDDLE: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "truncated": (cut, "state.damaged", "restore the file from a backup"),
    "removed": (delete, "state.unavailable", "put the file back"),
}


@pytest.mark.parametrize(("spoil", "code", "hint"), IN_THE_MIDDLE.values(), ids=IN_THE_MIDDLE.keys())
def test_store_that_is_spoilt_in_the_middle_ends_the_apply(
    work: Bench, tmp_path: Path, spoil: Callable[[Path], None], code: str, hint: str
) -> None:
    state = work.folder / "state"
    with suspended(work, order(work, *APPLY), method=CREATING[0], path=CREATING[1]) as running:
        shutil.copytree(state, tmp_path / "backup")
        sent = len(work.sent())
        spoil(state)
        running.wake()
        ended = running.ended()

    assert_ended_well(ended, code, hint)
    assert len(work.sent()) <= sent + 1
    shutil.rmtree(state)
    shutil.copytree(tmp_path / "backup", state)
    assert work.apply().converged
    assert_coherent(work, NAMES)


BEFORE: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "damaged": (garbage, "state.damaged", "restore the file from a backup"),
    "truncated": (cut, "state.damaged", "restore the file from a backup"),
    "empty": (lambda state: os.truncate(state / DATABASE, 0), "state.damaged", "restore the file"),
    "read-only": (lambda state: (state / DATABASE).chmod(0o400), "state.unavailable", "can be written"),
    "in a read-only folder": (lambda state: state.chmod(0o500), "state.unavailable", "can be written"),
}


@pytest.mark.parametrize(("spoil", "code", "hint"), BEFORE.values(), ids=BEFORE.keys())
def test_store_that_cannot_be_used_is_an_error_before_anything_is_sent(
    work: Bench, spoil: Callable[[Path], None], code: str, hint: str
) -> None:
    spoil(work.folder / "state")
    ended = ran(replace(order(work, *APPLY), obeys_permissions=True))
    (work.folder / "state").chmod(0o700)

    assert_ended_well(ended, code, hint)
    assert work.org.requests == ()


@pytest.mark.parametrize("options", [(), ("--new-state", "--state", "another")], ids=["used", "new"])
def test_full_disk_is_an_error_before_anything_is_sent(work: Bench, options: tuple[str, ...]) -> None:
    ended = ran(replace(order(work, *APPLY, *options), largest_file=0))

    assert_ended_well(ended, "state.unavailable", "cannot be")
    assert work.org.requests == ()
    assert not (work.folder / "another" / DATABASE).exists()
