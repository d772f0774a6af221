"""`state`: list, show, mv, rm, pull, push, unlock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options
from reconciler.cli.asking import confirm
from reconciler.cli.options import ReportFormat
from reconciler.cli.projects import open_project
from reconciler.cli.streams import write
from reconciler.cli.terminal import Terminal, write_json
from reconciler.errors import ExitCode, Refused

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.state import Prior, PriorEntry

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


def mv(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(metavar="OLD", help="As the state has it.", show_default=False)],
    new: Annotated[str, typer.Argument(metavar="NEW", help="As it is called now.", show_default=False)],
    format: options.AnyReport = ReportFormat.TEXT,
    auto_approve: options.AutoApprove = False,
    lock_timeout: options.LockTimeout = 0.0,
) -> int:
    """Give an entry another address, as a renamed manifest has it; leaves the org as it is. Asks first.

    Exit codes: 0 done, 3 not approved or taken, 64 no such address, 75 locked,
    78 no state or bad configuration.
    """
    from reconciler.commands.state import Move, move_entry

    terminal: Terminal = ctx.obj
    project = open_project(terminal)

    def approve(entry: PriorEntry, address: Address) -> bool:
        question = f"Move {entry.address} ({entry.remote_id}) to {address} in org {project.org.name}?"
        return confirm(question, auto_approve=auto_approve, nothing="nothing was moved")

    entry, address = move_entry(project, Move(old, new, approve, lock_timeout))
    if format is ReportFormat.JSON:
        _show(replace(entry, address=address), format)
    else:
        write(f"Moved: {entry.address} ({entry.remote_id}) is {address} now. The org was left as it is.")
    return ExitCode.OK


def pull(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.", show_default=False)],
) -> int:
    """Write the whole state, audit trail included, to a file that only its owner may read.

    Exit codes: 0 done, 78 no state or bad configuration.
    """
    from reconciler.commands.state import pull as write_file

    prior = write_file(open_project(ctx.obj), file)
    write(f"Pulled: {_counted(prior)} to {file}.")
    return ExitCode.OK


def push(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of state pull.", show_default=False)],
    lock_timeout: options.LockTimeout = 0.0,
) -> int:
    """Fill the state from a file; refuses another history, and one that is not newer.

    Exit codes: 0 done, 75 locked, 78 refused or bad configuration.
    """
    from reconciler.commands.state import push as fill

    prior = fill(open_project(ctx.obj), file, lock_timeout_s=lock_timeout)
    write(f"Pushed: {_counted(prior)} from {file}.")
    return ExitCode.OK


def unlock(ctx: typer.Context, auto_approve: options.AutoApprove = False) -> int:
    """Take the lock from a run that is gone; shows whom it takes it from, and asks first.

    Exit codes: 0 done, 3 not approved, 75 it has changed hands meanwhile, 78 no state or bad configuration.
    """
    from reconciler.commands.state import lock_holder
    from reconciler.commands.state import unlock as take_lock

    project = open_project(ctx.obj)
    holder = lock_holder(project)
    if holder is None:
        write("Nobody holds the lock.")
        return ExitCode.OK
    question = f"Take the lock of org {project.org.name} from {holder}?"
    if not confirm(question, auto_approve=auto_approve, nothing="nothing was unlocked"):
        raise Refused("not approved; nothing was unlocked")
    taken = take_lock(project, holder)
    write(f"Unlocked: it was held by {taken}." if taken else "Nobody holds the lock any more.")
    return ExitCode.OK


def _counted(prior: Prior) -> str:
    serial = prior.identity.serial if prior.identity else 0
    return f"{len(prior.entries)} resources at serial {serial}"


def _show(entry: PriorEntry, how: ReportFormat) -> None:
    from reconciler.reports.entries import entry_document, entry_text

    if how is ReportFormat.JSON:
        write_json(entry_document(entry))
    else:
        write(entry_text(entry))
