"""The command line: every command with its options. Commands import what they need when they run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import inspecting, planning
from reconciler.cli.options import COMMON
from reconciler.cli.terminal import ColorChoice, LogFormat, Terminal, set_up_logging

app = typer.Typer(
    name="reconciler",
    help="Infrastructure as code for contact-centre orgs: manifests, a reviewed plan, an audited apply.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def common(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", envvar="RECONCILER_CONFIG", metavar="FILE", help="The configuration file."),
    ] = None,
    org: Annotated[
        str | None,
        typer.Option("--org", envvar="RECONCILER_ORG", metavar="NAME", help="The org; else defaultOrg."),
    ] = None,
    state: Annotated[
        str | None,
        typer.Option("--state", envvar="RECONCILER_STATE", metavar="DIR|URL", help="Where the state is."),
    ] = None,
    var: Annotated[
        list[str] | None,
        typer.Option("--var", metavar="K=V", help="A variable, read as a YAML scalar; repeatable."),
    ] = None,
    color: Annotated[
        ColorChoice, typer.Option("--color", envvar="RECONCILER_COLOR", help="When to colour.")
    ] = ColorChoice.AUTO,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose", "-v", count=True, envvar="RECONCILER_VERBOSE", help="Say more; -vv: each request."
        ),
    ] = 0,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", envvar="RECONCILER_QUIET", help="No progress.")
    ] = False,
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", envvar="RECONCILER_LOG_FORMAT", help="How log lines look.")
    ] = LogFormat.TEXT,
) -> None:
    """Common options, before or after the command."""
    from reconciler.commands.surroundings import CommonOptions

    set_up_logging(verbose, log_format)
    from_environment = os.environ.get("RECONCILER_VAR", "").splitlines()
    variables = tuple(line for line in from_environment if line.strip()) + tuple(var or ())
    ctx.obj = Terminal(
        CommonOptions(config, org, state, variables),
        color,
        verbose,
        quiet,
        no_color=bool(os.environ.get("NO_COLOR")),
    )


def _register(function: object, name: str) -> None:
    app.command(name, epilog=COMMON)(function)  # type: ignore[type-var]


_register(inspecting.validate, "validate")
_register(planning.plan, "plan")
_register(planning.apply, "apply")
_register(planning.destroy, "destroy")
_register(planning.show, "show")
_register(inspecting.version, "version")
