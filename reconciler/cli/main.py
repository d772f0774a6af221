"""`main`: arguments in, exit code out. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.cli.arguments import arrange, command_of, common_value, wants_json
from reconciler.errors import ExitCode, Interrupted, ReconcilerError

if TYPE_CHECKING:
    from types import FrameType

    from reconciler.settings import Settings

VERSION_ALONE = (["version"], ["--version"])
"""What scripts ask most often: answered without loading the parser."""

_STOPPING = (signal.SIGINT, signal.SIGTERM)


def run(arguments: Sequence[str] | None = None) -> None:
    """The command `reconciler`: runs it and ends the process with its exit code."""
    from reconciler.cli.streams import close_quietly, prepare_streams

    prepare_streams()
    # What a plan is made of lives to the end: looking for garbage in it time and again is a tenth of the run.
    gc.set_threshold(50_000, 20)
    try:
        code = main(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:  # one more, before the first was told
        code = ExitCode.INTERRUPTED
    _hear_no_more()
    close_quietly()
    sys.exit(code)


def main(given: Sequence[str], settings: Settings | None = None) -> int:
    """Runs one command line; every failure is told, none is a traceback.

    Args:
        settings: other numbers than the usual ones, for whoever calls this program from their own.
    """
    with _interruptible():
        try:
            return _invoke(given, settings)
        except ReconcilerError as error:
            return _tell(error, given)
        except KeyboardInterrupt:
            return _tell(Interrupted("interrupted; nothing more was sent"), given)
        except BrokenPipeError:
            return ExitCode.OK
        except Exception as error:  # noqa: BLE001  # the last resort: a defect of ours is told as one
            return _tell_defect(error, given)


def _invoke(given: Sequence[str], settings: Settings | None) -> int:
    if list(given) in VERSION_ALONE:
        from reconciler.cli.versions import show_version

        show_version()
        return ExitCode.OK
    from reconciler.cli.app import invoke

    return invoke(arrange(given), settings)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends a command like Ctrl-C; whoever called gets their own way with both back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _STOPPING}
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Does what Ctrl-C does now, also where the process was started deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def _hear_no_more() -> None:
    """What is left is to tell how the command ended: whoever is impatient must not cut that off."""
    if threading.current_thread() is threading.main_thread():
        for number in _STOPPING:
            signal.signal(number, signal.SIG_IGN)


def _tell(error: ReconcilerError, given: Sequence[str]) -> int:
    _hear_no_more()
    from reconciler.cli.failures import Telling, tell_failure

    telling = Telling(
        command_of(given),
        as_json=wants_json(given),
        color=common_value("--color", given, os.environ),
        config=common_value("--config", given, os.environ),
    )
    return tell_failure(error, telling)


def _tell_defect(error: Exception, given: Sequence[str]) -> int:
    if os.environ.get("RECONCILER_TRACEBACK"):
        raise error
    found = ReconcilerError(
        f"internal error: {type(error).__name__}: {error}",
        code="internal",
        hint="a defect of reconciler: RECONCILER_TRACEBACK=1 shows where; running again goes on",
    )
    return _tell(found, given)
