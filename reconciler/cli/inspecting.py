"""`validate`, `graph`, `schema`, `version`, `completion`: nothing here speaks to an org."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from reconciler.cli import options
from reconciler.cli.failures import diagnostics_as_text
from reconciler.cli.github import seen_from_repository
from reconciler.cli.options import JsonFormat, ReportFormat
from reconciler.cli.projects import surroundings
from reconciler.cli.sources import root_of
from reconciler.cli.streams import write
from reconciler.cli.terminal import Terminal, write_json
from reconciler.cli.versions import show_version, show_version_json
from reconciler.errors import ExitCode


class ValidateFormat(StrEnum):
    """How problems are shown."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


AnyProblems: TypeAlias = Annotated[ValidateFormat, typer.Option("--format", help="How to show problems.")]


def validate(
    ctx: typer.Context,
    folder: options.Folder = None,
    format: AnyProblems = ValidateFormat.TEXT,
) -> int:
    """Check the manifests, offline.

    Exit codes: 0 valid, 65 invalid, 78 bad configuration.
    """
    from reconciler import reports
    from reconciler.commands.validate import validate as check

    terminal: Terminal = ctx.obj
    found = check(terminal.common, surroundings(), folder)
    match format:
        case ValidateFormat.JSON:
            write_json(reports.validation_document(found.diagnostics, resources=found.resources))
        case ValidateFormat.GITHUB:
            seen = seen_from_repository(root_of(terminal.common.config))
            write(reports.diagnostics_github(found.diagnostics, folder=seen))
        case ValidateFormat.TEXT:
            if found.diagnostics:
                color, config = terminal.stdout_color, terminal.common.config
                write(diagnostics_as_text(found.diagnostics, color=color, config=config))
            write(found.summary)
    return ExitCode.OK if found.is_valid else ExitCode.INVALID


class GraphFormat(StrEnum):
    """How a graph is drawn."""

    MERMAID = "mermaid"
    DOT = "dot"
    JSON = "json"


class Shell(StrEnum):
    """Shells that complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def graph(
    ctx: typer.Context,
    folder: options.Folder = None,
    format: Annotated[GraphFormat, typer.Option("--format", help="How to draw it.")] = GraphFormat.MERMAID,
    impact: Annotated[
        str | None,
        typer.Option("--impact", metavar="ADDRESS", help="Only what depends on this resource, and itself."),
    ] = None,
) -> int:
    """Draw what depends on what in the manifests, offline.

    Exit codes: 0 done, 64 no such address, 65 invalid manifests (a cycle is one), 78 bad configuration.
    """
    from reconciler.commands.graph import draw_graph
    from reconciler.reports.graphs import graph_document, graph_dot, graph_mermaid

    terminal: Terminal = ctx.obj
    drawn = draw_graph(terminal.common, surroundings(), folder, impact=impact)
    match format:
        case GraphFormat.JSON:
            write_json(graph_document(drawn))
        case GraphFormat.DOT:
            write(graph_dot(drawn))
        case GraphFormat.MERMAID:
            write(graph_mermaid(drawn))
    return ExitCode.OK


def schema(
    kind: Annotated[
        str | None, typer.Argument(metavar="KIND", help="One kind; all kinds when left out.")
    ] = None,
    format: Annotated[JsonFormat, typer.Option("--format", help="JSON.")] = JsonFormat.JSON,
) -> int:
    """Print the JSON Schema of manifests, for editors.

    Exit codes: 0 done, 64 no such kind.
    """
    from reconciler.commands.schema import schema_of

    del format  # there is one, and scripts may name it
    write_json(schema_of(kind))
    return ExitCode.OK


def version(format: options.AnyReport = ReportFormat.TEXT) -> int:
    """Show the version."""
    if format is ReportFormat.JSON:
        show_version_json()
    else:
        show_version()
    return ExitCode.OK


def completion(
    shell: Annotated[
        Shell | None,
        typer.Argument(metavar="bash|zsh|fish", help="The shell; the one of $SHELL when left out."),
    ] = None,
) -> int:
    """Print the script that completes commands and options: `source <(reconciler completion bash)`."""
    from reconciler.cli.completing import completion_script

    write(completion_script((shell or _own_shell()).value))
    return ExitCode.OK


def _own_shell() -> Shell:
    name = Path(os.environ.get("SHELL", "")).name
    return Shell(name) if name in set(Shell) else Shell.BASH
