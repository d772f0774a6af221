"""`state list`, `state show`, `state rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options
from reconciler.cli.asking import confirm
from reconciler.cli.options import ReportFormat
from reconciler.cli.projects import open_project
from reconciler.cli.streams import write
from reconciler.cli.terminal import Terminal, write_json
from reconciler.errors import ExitCode

if TYPE_CHECKING:
    from reconciler.model.state import PriorEntry

ManagedAddress = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="Of a managed resource: Kind/name.", show_default=False)
]


def list_(ctx: typer.Context, format: options.AnyReport = ReportFormat.TEXT) -> int:
    """List what prior state holds.

    Exit codes: 0 done, 78 no state or bad configuration.
    """
    from reconciler import reports
    from reconciler.commands.state import read_state

    prior = read_state(open_project(ctx.obj))
    if format is ReportFormat.JSON:
        write_json(reports.state_document(prior))
    else:
        write(reports.state_text(prior))
    return ExitCode.OK


def show(ctx: typer.Context, address: ManagedAddress, format: options.AnyReport = ReportFormat.TEXT) -> int:
    """Show one entry whole: what was last applied.

    Exit codes: 0 done, 64 no such address, 78 no state or bad configuration.
    """
    from reconciler.commands.state import read_entry

    _show(read_entry(open_project(ctx.obj), address), format)
    return ExitCode.OK


def rm(
    ctx: typer.Context,
    address: ManagedAddress,
    format: options.AnyReport = ReportFormat.TEXT,
    auto_approve: options.AutoApprove = False,
    lock_timeout: options.LockTimeout = 0.0,
) -> int:
    """Drop an entry from prior state; leaves the org as it is. Asks first on a terminal.

    Exit codes: 0 done, 3 not approved, 64 no such address, 75 locked, 78 no state or bad configuration.
    """
    from reconciler.commands.state import Removal, remove_entry

    terminal: Terminal = ctx.obj
    project = open_project(terminal)

    def approve(entry: PriorEntry) -> bool:
        question = f"Forget {entry.address} ({entry.remote_id}) of org {project.org.name}?"
        return confirm(question, auto_approve=auto_approve, nothing="nothing was removed")

    removed = remove_entry(project, Removal(address, approve, lock_timeout))
    if format is ReportFormat.JSON:
        _show(removed, format)
    else:
        write(f"Forgotten: {removed.address} ({removed.remote_id}). The org was left as it is.")
    return ExitCode.OK


def _show(entry: PriorEntry, how: ReportFormat) -> None:
    from reconciler.reports.entries import entry_document, entry_text

    if how is ReportFormat.JSON:
        write_json(entry_document(entry))
    else:
        write(entry_text(entry))
