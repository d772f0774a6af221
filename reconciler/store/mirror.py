"""`audit.jsonl`: the audit trail of all orgs of a store as lines, for log shippers.

It follows the table and is never read back as truth. Every append first looks where the file ends, so lines
that a crash or a full disk left out are made up for by the next one, and a torn last line is cut off. It is
written after the commit, under the file's own lock: two processes neither repeat nor reorder lines. That it
cannot be written stops nothing.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

MIRROR_NAME = "audit.jsonl"

PATIENCE_S = 1.0
"""Another process appends in milliseconds; one that is suspended meanwhile must not hold up everybody."""

_POLL_S = 0.01
_BLOCK = 64 * 1024
_LINES_A_WRITE = 500
_LONGEST_LINE = 16 * 1024 * 1024
"""No record of ours is; a file of longer lines is not read to its end."""
_MOST_RECORDS = 2**31
"""The table's sequence has 32 bits."""
_logger = logging.getLogger(__name__)

LinesAfter = Callable[[int], Iterator[str]]
"""Sequence -> the records after it."""
HashAt = Callable[[int], "str | None"]
"""Sequence -> that record's hash."""


class Mirror:
    """The lines of one org in the file that all orgs of the store share.

    Args:
        path: the file; made, readable by its owner only, when it is not there.
        lines_after: reads the trail.
        hash_at: reads one hash of the trail.
    """

    def __init__(self, path: Path, org: str, *, lines_after: LinesAfter, hash_at: HashAt) -> None:
        self._path = path
        self._org = org
        self._lines_after = lines_after
        self._hash_at = hash_at
        self._known: tuple[int, int, int] | None = None  # inode, size, sequence after our last append
        self._is_behind = False

    def catch_up(self) -> None:
        """Appends what the trail has and the file lacks; a failure is logged once, and made up for later."""
        try:
            with _locked_file(self._path, 0.0 if self._is_behind else PATIENCE_S) as file:
                self._append_missing(file)
            self._is_behind = False
        except OSError as error:
            if not self._is_behind:
                _logger.warning("%s does not take the latest audit records: %s", self._path, error)
            self._known, self._is_behind = None, True

    def _append_missing(self, file: BinaryIO) -> None:
        seq = self._sequence_in(file)
        lines = self._lines_after(seq)
        while batch := list(islice(lines, _LINES_A_WRITE)):
            file.write("".join(f"{line}\n" for line in batch).encode())
            seq += len(batch)
        found = os.fstat(file.fileno())
        self._known = (found.st_ino, found.st_size, seq)

    def _sequence_in(self, file: BinaryIO) -> int:
        found = os.fstat(file.fileno())
        if self._known is not None and self._known[:2] == (found.st_ino, found.st_size):
            return self._known[2]
        _cut_torn_line(file)
        seq, own_hash = self._last_line(file)
        # Lines of another chain, left by a store that was here before, are not ours to go on from.
        return seq if seq and own_hash == self._hash_at(seq) else 0

    def _last_line(self, file: BinaryIO) -> tuple[int, str]:
        for line in _lines_backwards(file):
            try:
                record = json.loads(line)
                if record["org"] == self._org and 0 < int(record["seq"]) < _MOST_RECORDS:
                    return int(record["seq"]), str(record["hash"])
            except (KeyError, TypeError, ValueError, RecursionError):
                continue
        return 0, ""


@contextmanager
def _locked_file(path: Path, patience_s: float) -> Iterator[BinaryIO]:
    # Not through a link: a state folder from elsewhere could have it lead to any file of this user.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        _lock(file, time.monotonic() + patience_s)  # closing the file lets go of it
        yield file


def _lock(file: BinaryIO, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_POLL_S)
        else:
            return


def _cut_torn_line(file: BinaryIO) -> None:
    end = file.seek(0, os.SEEK_END)
    if not end:
        return
    file.seek(end - 1)
    if file.read(1) != b"\n":
        torn = next(_lines_backwards(file))
        file.truncate(end - len(torn))


def _lines_backwards(file: BinaryIO) -> Iterator[bytes]:
    end = file.seek(0, os.SEEK_END)
    unfinished = b""
    while end:
        start = max(0, end - _BLOCK)
        file.seek(start)
        first, *others = (file.read(end - start) + unfinished).split(b"\n")
        yield from (line for line in reversed(others) if line)
        unfinished, end = first, start
        if len(unfinished) > _LONGEST_LINE:
            raise OSError(errno.EFBIG, "it has a line that no record is as long as")
    if unfinished:
        yield unfinished
