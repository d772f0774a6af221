"""The terminal: where results, progress and logs go, and whether they are coloured."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.cli.streams import write_utf8

if TYPE_CHECKING:
    from reconciler.commands.surroundings import CommonOptions
    from reconciler.model.ports import Observer
    from reconciler.model.values import JsonValue


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
class Terminal:
    """What the common options say about the screen, and what the process was given."""

    common: CommonOptions
    color: ColorChoice = ColorChoice.AUTO
    verbose: int = 0
    quiet: bool = False
    no_color: bool = False

    @property
    def stdout_color(self) -> bool:
        """Whether results are coloured."""
        return self._is_coloured(sys.stdout.isatty())

    @property
    def stderr_color(self) -> bool:
        """Whether progress is coloured."""
        return self._is_coloured(sys.stderr.isatty())

    def _is_coloured(self, is_terminal: bool) -> bool:
        return is_coloured(self.color, is_terminal=is_terminal, no_color=self.no_color)

    def watching(self) -> AbstractContextManager[Observer]:
        """Shows a run on stderr: live on a terminal, a line a change elsewhere, nothing with -q."""
        from reconciler.reports import watch
        from reconciler.reports.progress import Display

        live = Display.LIVE if sys.stderr.isatty() else Display.PLAIN
        return watch(sys.stderr, Display.NONE if self.quiet else live, color=self.stderr_color)


def is_coloured(choice: ColorChoice, *, is_terminal: bool, no_color: bool) -> bool:
    """Whether a stream is coloured: what was chosen wins over `NO_COLOR`."""
    if choice is ColorChoice.AUTO:
        return is_terminal and not no_color
    return choice is ColorChoice.ALWAYS


def write_json(document: JsonValue) -> None:
    """A JSON document, on stdout."""
    from reconciler.reports import to_text

    write_utf8(to_text(document))


def set_up_logging(verbose: int, log_format: LogFormat) -> None:
    """Logs to stderr: warnings, with -v what a colleague wants to know, with -vv one line a request."""
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    handler = logging.StreamHandler(sys.stderr)
    if log_format is LogFormat.JSON:
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    # The embedded org's server complains of requests that the end of a command cuts off.
    handler.addFilter(lambda record: not record.name.startswith("uvicorn"))
    # Libraries stay quiet: what they would say at these levels is for their own authors.
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("reconciler").setLevel(level)


class JsonFormatter(logging.Formatter):
    """A log line as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return json.dumps(
            {
                "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": record.getMessage(),
            },
            ensure_ascii=False,
        )
