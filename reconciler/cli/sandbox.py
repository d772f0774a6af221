"""`sandbox serve`, `sandbox reset`."""

from __future__ import annotations

from pathlib import Path
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
    from reconciler.sandbox import SandboxOrg


def serve(
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="Where to listen; 0: a free one.")
    ] = 0,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="Keep the objects there; else in memory.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault", metavar="TEXT", help="What goes wrong: 'METHOD PATH key=value …'; repeatable."
        ),
    ] = None,
    rate_limit: Annotated[
        int, typer.Option("--rate-limit", min=0, metavar="N", help="Requests a minute; 0: no limit.")
    ] = 300,
    activation: Annotated[
        float,
        typer.Option("--activation", min=0, metavar="SECONDS", help="How long channels stay pending."),
    ] = 1.0,
    client_id: Annotated[
        str | None,
        typer.Option("--client-id", envvar="GENESYS_CLIENT_ID", metavar="ID", help="The OAuth client."),
    ] = None,
    client_secret: Annotated[
        str | None,
        typer.Option("--client-secret", envvar="GENESYS_CLIENT_SECRET", metavar="SECRET", help="Its secret."),
    ] = None,
    format: options.AnyReport = ReportFormat.TEXT,
) -> int:
    """Serve a simulated org over HTTP until SIGINT or SIGTERM; prints what leads a command to it.

    Exit codes: 0 ended by a signal, 64 an option cannot be used.
    """
    from reconciler.commands.sandbox import Serving, environment_of, serve_sandbox, served_document

    def tell(org: SandboxOrg) -> None:
        if format is ReportFormat.JSON:
            write_json(served_document(org))
            return
        write(f"The sandbox org answers at {org.base_url}; Ctrl-C ends it. To use it:")
        for name, value in environment_of(org).items():
            write(f"export {name}={_quoted(value)}")

    serve_sandbox(
        Serving(host, port, data, tuple(fault or ()), rate_limit, activation, client_id, client_secret), tell
    )
    return ExitCode.OK


def reset(
    ctx: typer.Context,
    auto_approve: options.AutoApprove = False,
    format: options.AnyReport = ReportFormat.TEXT,
) -> int:
    """Put the embedded org of the chosen sandbox back to its seeds; its id stays. Asks first on a terminal.

    Exit codes: 0 done, 3 not approved or no sandbox, 75 locked, 78 bad configuration.
    """
    from reconciler.commands.sandbox import reset_sandbox

    terminal: Terminal = ctx.obj
    project = open_project(terminal)
    question = f"Put the objects of org {project.org.name} back to the seeds?"
    org_id = reset_sandbox(
        project, lambda: confirm(question, auto_approve=auto_approve, nothing="nothing was reset")
    )
    if format is ReportFormat.JSON:
        write_json({"format": "reconciler.sandbox-reset/1", "org": project.org.name, "org_id": org_id})
    else:
        write(f"Org {project.org.name} ({org_id}) is back to its seeds.")
    return ExitCode.OK


def _quoted(value: str) -> str:
    from shlex import quote

    return quote(value)
