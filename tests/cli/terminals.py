"""A terminal with a person at it: a command on a pty, answered when it asks."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path

from tests.cli.commands import COMMAND, Ran

DEADLINE_S = 30.0
CTRL_C = "\x03"


def run_at_terminal(
    *arguments: str,
    cwd: Path,
    answer: str = "",
    asked: str = "Only 'yes' is taken as consent: ",
    size: tuple[int, int] = (0, 0),
) -> Ran:
    """Runs a command on a terminal, and types an answer once it asks.

    Args:
        answer: typed as it is; `CTRL_C` is the key.
        asked: what must be on the screen before the answer is typed.
        size: of the terminal, columns and rows; 0 where it does not say.

    Returns:
        Its exit code, and everything that was on the screen as `out`.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509  # no thread of a test holds a lock here
    )
    os.close(theirs)
    try:
        screen = _read_until(ours, lambda text: asked in text)
        os.write(ours, answer.encode())
        screen += _read_until(ours, lambda _: False)
        return Ran(process.wait(DEADLINE_S), screen, "")
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _take_terminal() -> None:
    """Makes the pty the new session's terminal, so that its Ctrl-C is a signal."""
    os.close(os.open(os.ttyname(0), os.O_RDWR))


def _read_until(ours: int, is_enough: Callable[[str], bool]) -> str:
    """The screen until enough was seen, or the command has closed it."""
    seen, deadline = b"", time.monotonic() + DEADLINE_S
    while not is_enough(seen.decode(errors="replace")):
        left = deadline - time.monotonic()
        assert left > 0, seen.decode(errors="replace")
        if not select.select([ours], [], [], left)[0]:
            continue
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    return seen.decode(errors="replace").replace("\r\n", "\n")
