"""`doctor`: what a run would meet, looked at without running."""

from __future__ import annotations

import typer

from reconciler.cli import options
from reconciler.cli.options import ReportFormat
from reconciler.cli.projects import surroundings
from reconciler.cli.streams import write
from reconciler.cli.terminal import Terminal, write_json


def doctor(ctx: typer.Context, format: options.AnyReport = ReportFormat.TEXT) -> int:
    """Look at credentials, org, proxy, clock, state and lock; changes nothing.

    Exit codes: 0 all is well, 1 something failed, 78 bad configuration or state.
    """
    import asyncio

    from reconciler.commands.doctor import Patient, examine
    from reconciler.reports.doctor import checkup_document, checkup_text

    terminal: Terminal = ctx.obj
    patient = Patient(terminal.common, surroundings(), _org_source(ctx))
    with terminal.watching() as observer:
        checkup = asyncio.run(examine(patient, observer))
    if format is ReportFormat.JSON:
        write_json(checkup_document(checkup))
    else:
        write(checkup_text(checkup, color=terminal.stdout_color))
    return checkup.exit_code


def _org_source(ctx: typer.Context) -> str | None:
    """What named the org: the option or its variable."""
    if ctx.parent is None or not ctx.parent.params.get("org"):
        return None
    source = ctx.parent.get_parameter_source("org")
    return "RECONCILER_ORG" if source is not None and source.name == "ENVIRONMENT" else "--org"
