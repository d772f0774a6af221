"""`drift`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.github import report_drift
from reconciler.cli.options import Choices, ConflictChoice, PlanFormat
from reconciler.cli.plans import plan_options, show_plan
from reconciler.cli.projects import open_project
from reconciler.cli.terminal import Terminal
from reconciler.errors import ExitCode


class DriftFormat(StrEnum):
    """How drift is shown."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def drift(
    ctx: typer.Context,
    format: Annotated[
        DriftFormat, typer.Option("--format", help="How to show what moved.")
    ] = DriftFormat.TEXT,
    target: options.Targets = None,
    exclude: options.Excludes = None,
    selector: options.Selectors = None,
) -> int:
    """Show what moved in the org since the last apply, of what is managed; sends nothing that changes it.

    Exit codes: 0 nothing moved, 2 something did, 1 error, 64 usage, 78 bad configuration or state,
    130 interrupted.
    """
    import asyncio

    from reconciler.commands.drift import find_drift

    terminal: Terminal = ctx.obj
    choices = Choices(target, exclude, selector, None, ConflictChoice.REFUSE, False, None, False, False)
    project = open_project(terminal)
    with terminal.watching() as observer:
        found = asyncio.run(find_drift(project, plan_options(choices), observer))
    report_drift(found)
    show_plan(found, terminal, PlanFormat(format.value), show_requests=False)
    return ExitCode.CHANGES if found.drift else ExitCode.OK
