"""Disks that a test can fill and spoil: a small file system in a file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SIZE_MIB = 8


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system of its own.

    Args:
        image: the file that it is in.
        folder: where it is mounted.
    """

    image: Path
    folder: Path

    def fill(self) -> None:
        """Takes all the room that is left."""
        with suppress(OSError), (self.folder / "filler").open("ab", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)

    def make_room(self) -> None:
        """Gives it back."""
        (self.folder / "filler").unlink()

    def fail(self) -> None:
        """Becomes read-only under whoever uses it, as a kernel does with a disk that it cannot trust."""
        _run("mount", "-o", "remount,abort", self.folder)

    def repair(self) -> None:
        """What an administrator does then."""
        _run("umount", self.folder)
        # Its code says that there was something to mend.
        subprocess.run(["e2fsck", "-fy", self.image], check=False, capture_output=True)
        _run("mount", "-o", "loop", self.image, self.folder)


@contextmanager
def mounted(folder: Path) -> Iterator[Disk | None]:
    """A disk while the body lasts; None where this user may not mount one."""
    disk = Disk(folder / "disk.img", folder / "disk")
    disk.folder.mkdir()
    with disk.image.open("wb") as image:
        image.truncate(SIZE_MIB * 1024 * 1024)
    try:
        _run("mkfs.ext4", "-q", "-m", "0", disk.image)
        _run("mount", "-o", "loop", disk.image, disk.folder)
    except (OSError, subprocess.CalledProcessError):
        yield None
        return
    try:
        yield disk
    finally:
        _run("umount", disk.folder)


def _run(*words: str | os.PathLike[str]) -> None:
    subprocess.run(words, check=True, capture_output=True)
