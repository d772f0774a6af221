"""`main`: arguments in, exit code out. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise

import typer

from reconciler.cli.app import app
from reconciler.errors import ExitCode, Interrupted, ReconcilerError, UsageError

GROUPS = frozenset({"state", "audit", "sandbox"})
"""Commands with commands of their own."""

VALUED = frozenset({"--config", "--org", "--state", "--var", "--color", "--log-format"})
SWITCHES = frozenset({"-v", "-vv", "--verbose", "-q", "--quiet"})


def run(arguments: Sequence[str] | None = None) -> None:
    """The command `reconciler`: runs it and ends the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    code = main(given)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def main(given: Sequence[str]) -> int:
    """Runs one command line; every failure is told, none is a traceback."""
    try:
        return _invoke(given)
    except ReconcilerError as error:
        return _tell(error, given)
    except typer.TyperException as error:
        return _tell(UsageError(error.format_message(), hint="see --help"), given)
    except (KeyboardInterrupt, typer.Abort):
        return _tell(Interrupted("interrupted; nothing more was sent"), given)
    except BrokenPipeError:
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001  # the last resort: a defect of ours is told as one
        return _tell_defect(error, given)


def _invoke(given: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    result = app(hoist_common(given), standalone_mode=False)
    return result if isinstance(result, int) else ExitCode.OK


def hoist_common(given: Sequence[str]) -> list[str]:
    """The common options before the command, where they are declared, wherever they were written."""
    common: list[str] = []
    rest: list[str] = []
    tokens = iter(given)
    for token in tokens:
        if token == "--":
            rest += [token, *tokens]
        elif token in VALUED:
            common += [token, *_next(tokens)]
        elif token in SWITCHES or token.split("=", 1)[0] in VALUED:
            common.append(token)
        else:
            rest.append(token)
    return common + rest


def _next(tokens: Iterator[str]) -> list[str]:
    found = next(tokens, None)
    return [] if found is None else [found]


def _tell(error: ReconcilerError, given: Sequence[str]) -> int:
    from reconciler.cli.terminal import tell_failure

    color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    return tell_failure(error, command=_command(given), as_json=_wants_json(given), color=color)


def _tell_defect(error: Exception, given: Sequence[str]) -> int:
    if os.environ.get("RECONCILER_TRACEBACK"):
        raise error
    found = ReconcilerError(
        f"internal error: {type(error).__name__}: {error}",
        code="internal",
        hint="a defect of reconciler: RECONCILER_TRACEBACK=1 shows where; running again goes on",
    )
    return _tell(found, given)


def _command(given: Sequence[str]) -> str:
    words = [token for token in hoist_common(given) if not token.startswith("-")]
    words = [word for word in words if word not in _common_values(given)]
    return " ".join(words[: 2 if words and words[0] in GROUPS else 1])


def _common_values(given: Sequence[str]) -> set[str]:
    return {value for option, value in pairwise(given) if option in VALUED}


def _wants_json(given: Sequence[str]) -> bool:
    pairs = pairwise(given)
    return "--format=json" in given or ("--format", "json") in pairs
