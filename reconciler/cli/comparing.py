"""`compare`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options
from reconciler.cli.options import PlanFormat
from reconciler.cli.plans import show_plan
from reconciler.cli.projects import surroundings
from reconciler.cli.terminal import Terminal
from reconciler.errors import ExitCode

if TYPE_CHECKING:
    from reconciler.commands.project import Project


def compare(
    ctx: typer.Context,
    one: Annotated[str, typer.Argument(metavar="ORG_A", help="An org of the configuration.")],
    other: Annotated[str, typer.Argument(metavar="ORG_B", help="Another one.")],
    format: options.AnyPlan = PlanFormat.TEXT,
) -> int:
    """Show what would make ORG_A like ORG_B, by names; sends nothing that changes either.

    Exit codes: 0 they are alike, 2 they differ, 1 error, 64 usage, 78 bad configuration, 130 interrupted.
    """
    import asyncio

    from reconciler.commands.compare import compare as find_differences

    terminal: Terminal = ctx.obj
    ours, theirs = _project(terminal, one), _project(terminal, other)
    with terminal.watching() as observer:
        found = asyncio.run(find_differences(ours, theirs, observer))
    show_plan(found, terminal, format, show_requests=False)
    return ExitCode.CHANGES if found.changes else ExitCode.OK


def _project(terminal: Terminal, org: str) -> Project:
    """The project as if this org had been chosen; each has a state of its own."""
    from reconciler.commands.project import open_project

    return open_project(replace(terminal.common, org=org, state=None), surroundings())
