"""`validate`, `graph`, `schema`, `version`, `completion`: nothing here speaks to an org."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

from reconciler import __version__
from reconciler.cli import options
from reconciler.cli.options import ReportFormat
from reconciler.cli.terminal import Terminal, diagnostics_as_text, write, write_json
from reconciler.errors import ExitCode


class ValidateFormat(StrEnum):
    """How problems are shown."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


AnyProblems: TypeAlias = Annotated[ValidateFormat, typer.Option("--format", help="How to show problems.")]


def validate(
    ctx: typer.Context,
    folder: options.Folder = None,
    format: AnyProblems = ValidateFormat.TEXT,
) -> int:
    """Check the manifests, offline. Exit codes: 0 valid, 65 invalid, 78 bad configuration."""
    from reconciler import reports
    from reconciler.commands.validate import validate as check

    terminal: Terminal = ctx.obj
    found = check(terminal.common, folder)
    match format:
        case ValidateFormat.JSON:
            write_json(reports.validation_document(found.diagnostics, resources=found.resources))
        case ValidateFormat.GITHUB:
            write(reports.diagnostics_github(found.diagnostics))
        case ValidateFormat.TEXT:
            write(diagnostics_as_text(found.diagnostics, color=terminal.stdout_color))
            write(found.summary)
    return ExitCode.OK if found.is_valid else ExitCode.INVALID


def version(
    format: options.AnyReport = ReportFormat.TEXT,
) -> int:
    """Show the version."""
    if format is ReportFormat.JSON:
        import json

        write(json.dumps({"format": "reconciler.version/1", "version": __version__}))
    else:
        write(f"reconciler {__version__}")
    return ExitCode.OK
