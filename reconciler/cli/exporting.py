"""`export`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.failures import diagnostics_as_text
from reconciler.cli.projects import open_project, surroundings
from reconciler.cli.streams import write
from reconciler.cli.terminal import Terminal, write_json
from reconciler.errors import ExitCode

if TYPE_CHECKING:
    from reconciler.commands.export import ExportedFile

EXPORT_FORMAT = "reconciler.export/1"


class ExportFormat(StrEnum):
    """How manifests are shown."""

    YAML = "yaml"
    JSON = "json"


def export(
    ctx: typer.Context,
    kinds: Annotated[
        list[str] | None, typer.Argument(metavar="KIND", help="Only these kinds; all when left out.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write a file each into this folder; never over another."),
    ] = None,
    format: Annotated[
        ExportFormat, typer.Option("--format", help="How to show the manifests, or what was written.")
    ] = ExportFormat.YAML,
) -> int:
    """Say the manifests of what the org has, with names in place of ids; sends nothing that changes it.

    Exit codes: 0 done, 1 error, 64 usage, 78 bad configuration, 130 interrupted.
    """
    import asyncio

    from reconciler.commands.export import export as read_manifests
    from reconciler.commands.export import write_files

    terminal: Terminal = ctx.obj
    project = open_project(terminal)
    with terminal.watching() as observer:
        found = asyncio.run(read_manifests(project, kinds or (), observer))
    if out is not None:
        write_files(found, out)
    _show(found, out, format, terminal)
    return ExitCode.OK


def _show(found: Sequence[ExportedFile], out: Path | None, how: ExportFormat, terminal: Terminal) -> None:
    if how is ExportFormat.JSON:
        documents = [one.document for one in found]
        files = [(out / one.path).as_posix() for one in found] if out else []
        write_json({"format": EXPORT_FORMAT, "files": files, "manifests": documents})
    elif out is None:
        write("---\n".join(one.text for one in found))
    else:
        manifests = "manifest" if len(found) == 1 else "manifests"
        planning = f"`{shlex.join(('reconciler', *terminal.given, 'plan', str(out), '--adopt'))}`"
        problems = _problems(out, terminal)
        write(f"{problems}{len(found)} {manifests} written to {out}.")
        write(f"Next step: {'put these places right, then ' if problems else ''}{planning}")


def _problems(out: Path, terminal: Terminal) -> str:
    """What no manifest may say although the org has it: told at its place, and at once."""
    from reconciler.commands.validate import validate
    from reconciler.model.diagnostics import errors_in

    found = errors_in(validate(terminal.common, surroundings(), out).diagnostics)
    config = terminal.common.config
    return diagnostics_as_text(found, color=terminal.stdout_color, config=config) if found else ""
