"""How a failure is told: one JSON document on stdout, or text on stderr, with the lines that it speaks of."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.github import annotate
from reconciler.cli.sources import SourceLines
from reconciler.cli.streams import UNWRITABLE, tell
from reconciler.cli.terminal import ColorChoice, habits_of, is_coloured, write_json
from reconciler.errors import ExitCode, ReconcilerError

if TYPE_CHECKING:
    from reconciler.model.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Telling:
    """What is known of a command line that may not have been understood.

    Args:
        color: as written; what is no choice counts as none.
        config: as written: messages name files relative to its folder.
    """

    command: str
    as_json: bool
    color: str | None = None
    config: str | None = None


def tell_failure(error: ReconcilerError, telling: Telling) -> ExitCode:
    """Says what failed and, where somebody has noted it, what to run next; returns the exit code."""
    from reconciler.model.diagnostics import diagnostics_of

    found = diagnostics_of(error)
    if telling.as_json and error.code != UNWRITABLE:
        from reconciler.reports import error_document

        write_json(error_document(telling.command, exit_code=error.exit_code, diagnostics=found))
    else:
        choice = ColorChoice(telling.color) if telling.color in set(ColorChoice) else ColorChoice.AUTO
        color = is_coloured(choice, is_terminal=sys.stderr.isatty(), habits=habits_of(os.environ))
        text = diagnostics_as_text(
            found, color=color, config=Path(telling.config) if telling.config else None
        )
        tell(text + "".join(f"{note}\n" for note in getattr(error, "__notes__", ())))
    annotate(found, Path(telling.config) if telling.config else None)
    return error.exit_code


def diagnostics_as_text(found: Sequence[Diagnostic], *, color: bool, config: Path | None) -> str:
    """Diagnostics with the source line that each speaks of.

    Args:
        config: the configuration file as named; None: the nearest one, or none.
    """
    from reconciler.reports import diagnostics_text

    text = diagnostics_text(found, color=color, source_line=SourceLines(config).line)
    return text if text.endswith("\n") else text + "\n"
