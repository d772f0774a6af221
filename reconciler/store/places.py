"""Whether a store's file is still the one that was opened, and whole.

SQLite goes on writing to a file that was moved, deleted or cut short, and reads what it wrote from memory:
all seems well until the next run. Knows no table.
"""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.errors import StateError
from reconciler.store.database import damaged

_HEADER_BYTES = 100
_PAGE_SIZE, _PAGE_COUNT = slice(16, 18), slice(28, 32)
"""Where the header tells them, as big-endian numbers (sqlite.org/fileformat.html, section 1.3)."""
_LARGEST_PAGE = 65536
"""A size that does not fit into its two bytes is written as 1."""


class Place:
    """A file and its write-ahead log, as they were last seen.

    Args:
        path: the file; its log lies beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _stat(path)
        self._log: os.stat_result | None = None

    def check(self) -> None:
        """Passes a file that is still there and whole.

        Raises:
            StateError: it was moved, replaced, deleted or cut short, or its log was.
        """
        self._file = self._checked_file()
        if self._log is not None and not _is_same(self._log, _stat(log_of(self._path))):
            raise StateError(
                f"the log {log_of(self._path)} was moved, replaced or deleted while this run was using it",
                code="state.unavailable",
                hint="what was recorded before is safe; leave the files of the state alone, and run again",
            )

    def confirm(self) -> None:
        """Passes a file to which was committed just now, and remembers its log.

        Raises:
            StateError: as `check`: nobody can say that the commit is there.
        """
        if self._log is None:
            self._log = _stat(log_of(self._path))
        self.check()

    def _checked_file(self) -> os.stat_result | None:
        found = _stat(self._path)
        if not _is_same(self._file, found):
            raise StateError(
                f"the store {self._path} was moved, replaced or deleted while this run was using it",
                code="state.unavailable",
                hint="put the file back and run again",
            )
        if self._file and found and found.st_size < self._file.st_size and _is_cut(self._path, found.st_size):
            raise damaged(str(self._path), "it was cut short while this run was using it")
        return found


def log_of(path: Path) -> Path:
    """Where SQLite keeps the write-ahead log of a file."""
    return path.with_name(path.name + "-wal")


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _is_same(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _is_cut(path: Path, size: int) -> bool:
    """Whether a file is shorter than its header says; one that was only packed is not."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return True
    page_size = int.from_bytes(header[_PAGE_SIZE])
    return size < int.from_bytes(header[_PAGE_COUNT]) * (_LARGEST_PAGE if page_size == 1 else page_size)
