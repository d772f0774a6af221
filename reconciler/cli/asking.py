"""Asking whoever sits at the terminal: only `yes` is yes, and nobody there is no."""

from __future__ import annotations

import signal
import sys

from reconciler.errors import Refused


def is_attended() -> bool:
    """Whether a person sits there, to read a question and to answer it."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> bool:
    """Asks on stderr; Ctrl-C or SIGTERM at the prompt ends the command at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        sys.stderr.write(f"\n{question} Only 'yes' is taken as consent: ")
        sys.stderr.flush()
        return sys.stdin.readline().strip() == "yes"
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def confirm(question: str, *, auto_approve: bool, nothing: str) -> bool:
    """Whether it may be done: said beforehand, or asked now.

    Args:
        nothing: what has not happened where nobody can be asked: `nothing was removed`.

    Raises:
        Refused: it was not said beforehand, and there is no terminal to ask at.
    """
    if auto_approve:
        return True
    if not is_attended():
        raise Refused(f"there is no terminal to ask at; {nothing}", hint="pass --auto-approve (-y)")
    return ask(question)
