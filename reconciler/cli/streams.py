"""stdout and stderr as a process was given them: closed, full, or read by somebody who has left.

Who reads may stop reading at any time (`reconciler plan | head -1`): that is no failure, and it never ends
a run half-way.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress

from reconciler.errors import ReconcilerError

UNWRITABLE = "output"
"""The code of a failure that stdout itself is the cause of: only stderr can tell it."""


def prepare_streams() -> None:
    """Makes both streams safe to write to: never None, and no character is an error."""
    # A process may be started with closed streams; then they are None.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write(text: str) -> None:
    """A result, on stdout.

    Raises:
        ReconcilerError: it cannot be written, as on a full disk.
    """
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
    except OSError as error:
        _silence_stdout()
        message = f"the result cannot be written: {error.strerror}"
        raise ReconcilerError(
            message, code=UNWRITABLE, hint="the command did its work; its report is lost"
        ) from error


def write_utf8(text: str) -> None:
    """The same for a document that is UTF-8 wherever it is read."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    write(text)


def tell(text: str) -> None:
    """A message, on stderr; that nobody reads it is no failure."""
    with suppress(OSError):
        sys.stderr.write(text if text.endswith("\n") else text + "\n")
        sys.stderr.flush()


def close_quietly() -> None:
    """Writes out what is left, so that the interpreter finds nothing to complain of at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        _silence_stdout()


def _silence_stdout() -> None:
    """What is written from now on goes nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _nowhere() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8")
