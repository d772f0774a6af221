"""`adopt`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options
from reconciler.cli.asking import ask, is_attended
from reconciler.cli.options import ReportFormat
from reconciler.cli.projects import open_project
from reconciler.cli.streams import write
from reconciler.cli.terminal import Terminal, write_json
from reconciler.errors import ExitCode, Refused

if TYPE_CHECKING:
    from reconciler.commands.adopt import Adoption


def adopt(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="What a manifest declares.")],
    remote_id: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="The object; the one with the same natural key when left out."),
    ] = None,
    writes: Annotated[
        bool,
        typer.Option("--write", help="Take what the org has otherwise into the manifest, keeping comments."),
    ] = False,
    auto_approve: options.AutoApprove = False,
    format: options.AnyReport = ReportFormat.TEXT,
    lock_timeout: options.LockTimeout = 0.0,
    new_state: options.NewState = False,
) -> int:
    """Bind an address to an object that the org has, as it is; sends nothing that changes the org.

    Exit codes: 0 done, 1 error, 3 refused (no such object, another's, or a place that cannot be edited),
    64 usage, 65 invalid manifests, 75 locked, 78 bad configuration or state, 130 interrupted.
    """
    import asyncio

    from reconciler.commands.adopt import AdoptRequest
    from reconciler.commands.adopt import adopt as bind

    terminal: Terminal = ctx.obj
    approve = None if auto_approve else _approve
    request = AdoptRequest(address, remote_id, writes, new_state, lock_timeout, approve)
    with terminal.watching() as observer:
        found = asyncio.run(bind(open_project(terminal), request, observer))
    if format is ReportFormat.JSON:
        from reconciler.reports.json_documents import plain_document

        document = plain_document(found)
        write_json({"format": document.pop("format"), **document})
    else:
        _show(found, writes=writes)
    return ExitCode.REFUSED if writes and found.obstacles else ExitCode.OK


def _approve(question: str) -> bool:
    if not question:
        return True
    if not is_attended():
        raise Refused("there is no terminal to ask at; nothing was written", hint="pass --auto-approve (-y)")
    return ask(f"{question[0].upper()}{question[1:]}?")


def _show(found: Adoption, *, writes: bool) -> None:
    from reconciler.reports.inert import inert

    if found.is_bound:
        write(f"{found.address} is bound to {found.remote_id}.")
    elif not (writes and found.obstacles):
        write(f"{found.address} is managed as {found.remote_id}.")
    if found.patch:
        write("\n".join(inert(line) for line in found.patch.splitlines()))
    if found.obstacles and writes:
        write("Nothing was written: these places have to be changed by hand.")
        for obstacle in found.obstacles:
            write(f"  {inert(obstacle)}")
    elif found.is_written:
        fields = "field" if len(found.fields) == 1 else "fields"
        write(f"{len(found.fields)} {fields} taken over from the org.")
    elif found.fields:
        differ = "field differs" if len(found.fields) == 1 else "fields differ"
        write(f"{len(found.fields)} {differ}; --write takes the org's values into the manifest.")
