"""`explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.options import ReportFormat
from reconciler.cli.projects import open_project
from reconciler.cli.streams import write
from reconciler.cli.terminal import Terminal, write_json
from reconciler.errors import ExitCode


def explain(
    ctx: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="ADDRESS[#/FIELD]", help="A resource, or one field: Widget/aht#/name.")
    ],
    format: options.AnyReport = ReportFormat.TEXT,
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither the state nor the org.")] = False,
) -> int:
    """Show where a resource's values come from (file and line, overlay, variable), and what the org has.

    Exit codes: 0 done, 1 error, 64 no such resource or field, 65 invalid manifests,
    78 bad configuration or state, 130 interrupted.
    """
    import asyncio

    from reconciler.commands.explain import explain as find_origins
    from reconciler.reports.explanations import explanation_document, explanation_text

    terminal: Terminal = ctx.obj
    project = open_project(terminal)
    with terminal.watching() as observer:
        found = asyncio.run(find_origins(project, what, observer, offline=offline))
    if format is ReportFormat.JSON:
        write_json(explanation_document(found))
    else:
        write(explanation_text(found))
    return ExitCode.OK
