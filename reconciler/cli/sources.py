"""The lines that messages speak of, read from the manifests again.

Never a line of the configuration: credentials may stand in it, beside what is wrong.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


class SourceLines:
    """Reads lines of files, each file once where they are asked for in order.

    Args:
        config: the configuration file as named; None: the nearest one, or none.
    """

    def __init__(self, config: Path | None) -> None:
        self._config = config or _nearest_configuration()
        self._root = self._config.parent if self._config else Path.cwd()
        self._file = ""
        self._lines: Iterator[tuple[int, str]] = iter(())
        self._last = (0, "")

    def line(self, file: str, number: int) -> str | None:
        """One line, 1-based; None when it cannot be had, or is not to be shown."""
        if file != self._file or number < self._last[0]:
            self._file, self._lines, self._last = file, self._read(file), (0, "")
        with suppress(OSError, ValueError, StopIteration):
            while self._last[0] < number:
                self._last = next(self._lines)
            return self._last[1]
        return None

    def _read(self, file: str) -> Iterator[tuple[int, str]]:
        path = self._root / file
        # Asked before it is opened: opening a pipe would wait for whoever writes to it.
        if not stat.S_ISREG(path.stat().st_mode) or self._is_configuration(path):
            return
        with path.open(encoding="utf-8") as stream:
            yield from ((number, text.rstrip("\n")) for number, text in enumerate(stream, 1))

    def _is_configuration(self, path: Path) -> bool:
        return self._config is not None and path.samefile(self._config)


def root_of(config: Path | None) -> Path:
    """What the files that messages name are relative to.

    Args:
        config: the configuration file as named; None: the nearest one, or none.
    """
    found = config or _nearest_configuration()
    return found.parent if found else Path.cwd()


def _nearest_configuration() -> Path | None:
    from reconciler.manifests.files import CONFIGURATION_NAME

    here = Path.cwd()
    folders = (here, *here.parents)
    return next((path for folder in folders if (path := folder / CONFIGURATION_NAME).is_file()), None)
