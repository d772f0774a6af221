"""The terminal: where results, progress and logs go, and whether they are coloured."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

from reconciler.cli.streams import write_utf8

if TYPE_CHECKING:
    from reconciler.commands.surroundings import CommonOptions
    from reconciler.model.ports import Observer
    from reconciler.model.values import JsonValue
    from reconciler.settings import Settings


class ColorChoice(StrEnum):
    """When to colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Habits:
    """What the environment says of the screen.

    Args:
        has_color: `NO_COLOR` is not set, and the terminal is not `dumb`.
        moves: the cursor can be moved, and somebody sees it: not `dumb`, and no pipeline's log.
    """

    has_color: bool = True
    moves: bool = True


def habits_of(environ: Mapping[str, str]) -> Habits:
    """What the variables that programs agree on say."""
    is_dumb = environ.get("TERM") == "dumb"
    is_pipeline = environ.get("CI", "").lower() not in ("", "0", "false")
    return Habits(has_color=not (is_dumb or environ.get("NO_COLOR")), moves=not (is_dumb or is_pipeline))


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the common options say about the screen, and what the process was given.

    Args:
        given: the words of the common options that say what is worked on, as they were typed.
        settings: other numbers than the usual ones.
    """

    common: CommonOptions
    color: ColorChoice = ColorChoice.AUTO
    verbose: int = 0
    quiet: bool = False
    habits: Habits = Habits()
    given: tuple[str, ...] = ()
    settings: Settings | None = None

    @property
    def stdout_color(self) -> bool:
        """Whether results are coloured."""
        return self._is_coloured(sys.stdout.isatty())

    @property
    def stderr_color(self) -> bool:
        """Whether progress is coloured."""
        return self._is_coloured(sys.stderr.isatty())

    def _is_coloured(self, is_terminal: bool) -> bool:
        return is_coloured(self.color, is_terminal=is_terminal, habits=self.habits)

    def watching(self) -> AbstractContextManager[Observer]:
        """Shows a run on stderr: live on a terminal, a line a change elsewhere, nothing with -q."""
        from reconciler.reports import watch
        from reconciler.reports.progress import Display

        live = Display.LIVE if self.habits.moves and sys.stderr.isatty() else Display.PLAIN
        return watch(sys.stderr, Display.NONE if self.quiet else live, color=self.stderr_color)


def is_coloured(choice: ColorChoice, *, is_terminal: bool, habits: Habits) -> bool:
    """Whether a stream is coloured: what was chosen wins over the environment."""
    if choice is ColorChoice.AUTO:
        return is_terminal and habits.has_color
    return choice is ColorChoice.ALWAYS


def write_json(document: JsonValue) -> None:
    """A JSON document, on stdout."""
    from reconciler.reports import to_text

    write_utf8(to_text(document))


def set_up_logging(verbose: int, log_format: LogFormat) -> None:
    """Logs to stderr: warnings, with -v what a colleague wants to know, with -vv one line a request."""
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    handler = StderrHandler()
    if log_format is LogFormat.JSON:
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    # The embedded org's server complains of requests that the end of a command cuts off.
    handler.addFilter(lambda record: not record.name.startswith("uvicorn"))
    # Libraries stay quiet: what they would say at these levels is for their own authors.
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("reconciler").setLevel(level)


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to stderr as it is at the time: a live display may stand in front of it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record."""
        self.setStream(sys.stderr)
        super().emit(record)


class JsonFormatter(logging.Formatter):
    """A log line as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; what a record says of a request are members of their own."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        error = {"exception": self.formatException(record.exc_info)} if record.exc_info else {}
        return json.dumps(
            {
                "time": time.replace("+00:00", "Z"),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": record.getMessage(),
                **getattr(record, "request", {}),
                **error,
            },
            ensure_ascii=False,
        )
