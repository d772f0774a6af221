"""The command line: every command with its options. Commands import what they need when they run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import (
    adopting,
    audit,
    comparing,
    doctoring,
    drifting,
    explaining,
    exporting,
    initialising,
    inspecting,
    planning,
    sandbox,
    state,
    undoing,
)
from reconciler.cli.completing import COMPLETION_VARIABLE, PROGRAM, complete
from reconciler.cli.options import COMMON
from reconciler.cli.suggesting import without_password
from reconciler.cli.terminal import ColorChoice, LogFormat, Terminal, habits_of, set_up_logging
from reconciler.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from reconciler.settings import Settings

_SETTINGS = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name=PROGRAM,
    help="Infrastructure as code for contact-centre orgs: manifests, a reviewed plan, an audited apply.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=_SETTINGS,
)


@app.callback()
def common(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            envvar="RECONCILER_CONFIG",
            metavar="FILE",
            help="The configuration; else reconciler.yaml here or above.",
        ),
    ] = None,
    org: Annotated[
        str | None,
        typer.Option("--org", envvar="RECONCILER_ORG", metavar="NAME", help="The org; else defaultOrg."),
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(
            "--state",
            envvar="RECONCILER_STATE",
            metavar="DIR|URL",
            help="Where the state is; else as configured.",
        ),
    ] = None,
    var: Annotated[
        list[str] | None,
        typer.Option(
            "--var",
            metavar="K=V",
            help="A variable, read as a YAML scalar; repeatable. [env var: RECONCILER_VAR, one a line]",
        ),
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
    ctx.obj = Terminal(
        CommonOptions(config, org, state, (*_variables_of(os.environ), *(var or ()))),
        color,
        verbose,
        quiet,
        habits_of(os.environ),
        _given(ctx, {"config": (config,), "org": (org,), "state": (state,), "var": tuple(var or ())}),
        ctx.obj,
    )


def _variables_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The variables of `RECONCILER_VAR`, one a line."""
    return tuple(line for line in environ.get("RECONCILER_VAR", "").splitlines() if line.strip())


def _given(ctx: typer.Context, values: Mapping[str, Sequence[object]]) -> tuple[str, ...]:
    """The words of options that were typed; those that the environment holds need no repeating."""
    words = []
    for name, said in values.items():
        if getattr(ctx.get_parameter_source(name), "name", "") == "COMMANDLINE":
            words += [word for value in said for word in (f"--{name}", without_password(str(value)))]
    return tuple(words)


def invoke(arguments: Sequence[str], settings: Settings | None = None) -> int:
    """Parses a command line and runs its command.

    Args:
        arguments: common options first, as `arguments.arrange` gives them.
        settings: other numbers than the usual ones, for whoever calls this program from their own.

    Returns:
        The command's exit code.

    Raises:
        UsageError: the command line cannot be understood.
        ReconcilerError: the command failed.
    """
    if COMPLETION_VARIABLE in os.environ:
        complete(app)
    command = typer.main.get_command(app)
    # Not `command.main`: it would end an interrupted run and a broken pipe in its own way, untold.
    try:
        with command.make_context(PROGRAM, list(arguments), obj=settings) as context:
            result = command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except typer.TyperException as error:
        raise _usage_error(error) from error
    return result if isinstance(result, int) else ExitCode.OK


def _usage_error(error: typer.TyperException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else PROGRAM
    # The parser's values are read by pydantic, whose own words for a wrong one these are.
    message = error.format_message().replace("Value error, ", "")
    return UsageError(message, hint=f"`{path} --help` shows what it takes")


def _register(group: typer.Typer, commands: Mapping[str, Callable[..., int]]) -> None:
    for name, function in commands.items():
        group.command(name, epilog=COMMON, context_settings=_SETTINGS)(function)


def _add_group(name: str, summary: str, commands: Mapping[str, Callable[..., int]]) -> None:
    group = typer.Typer(help=summary, rich_markup_mode=None, context_settings=_SETTINGS)
    _register(group, commands)
    app.add_typer(group, name=name)


_register(
    app,
    {
        "init": initialising.init,
        "validate": inspecting.validate,
        "plan": planning.plan,
        "apply": planning.apply,
        "destroy": planning.destroy,
        "rollback": undoing.rollback,
        "drift": drifting.drift,
        "adopt": adopting.adopt,
        "export": exporting.export,
        "compare": comparing.compare,
        "explain": explaining.explain,
        "show": planning.show,
        "graph": inspecting.graph,
    },
)
_add_group(
    "state",
    "What was last applied.",
    {
        "list": state.list_,
        "show": state.show,
        "mv": state.mv,
        "rm": state.rm,
        "pull": state.pull,
        "push": state.push,
        "unlock": state.unlock,
    },
)
_add_group(
    "audit",
    "What was done, when and by whom.",
    {"list": audit.list_, "verify": audit.verify, "export": audit.export},
)
_add_group("sandbox", "The simulated org.", {"serve": sandbox.serve, "reset": sandbox.reset})
_register(
    app,
    {
        "schema": inspecting.schema,
        "doctor": doctoring.doctor,
        "version": inspecting.version,
        "completion": inspecting.completion,
    },
)
