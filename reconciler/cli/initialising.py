"""`init`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import ReportFormat
from reconciler.cli.streams import write
from reconciler.cli.terminal import Terminal, write_json
from reconciler.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from reconciler.commands.init import Keeping, Start

INIT_FORMAT = "reconciler.init/1"


class Pipelines(StrEnum):
    """Whose pipelines are written."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BOTH = "both"


def init(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where; here when left out.", show_default=False)
    ] = Path(),
    ci: Annotated[Pipelines, typer.Option("--ci", help="Whose pipelines.")] = Pipelines.BOTH,
    format: Annotated[
        ReportFormat, typer.Option("--format", help="How to say what was written.")
    ] = ReportFormat.TEXT,
) -> int:
    """Write a repository that plans at once: configuration, manifests, pipelines; never over a file.

    `--state` says how state survives a runner that forgets its disk: pushed (on a branch; the default),
    postgres, or runner (one whose disk is kept).

    Exit codes: 0 done, 64 usage, or files are there already.
    """
    from reconciler.commands.init import Forge, Start, start_repository

    forges = tuple(Forge) if ci is Pipelines.BOTH else (Forge(ci.value),)
    start = Start(_keeping(ctx.obj), forges)
    names = start_repository(folder, start)
    if format is ReportFormat.JSON:
        said = {"state": start.keeping.value, "ci": [forge.value for forge in forges]}
        write_json({"format": INIT_FORMAT, "folder": str(folder), **said, "files": list(names)})
    else:
        _tell(folder, start, names)
    return ExitCode.OK


def _keeping(terminal: Terminal) -> Keeping:
    """What `--state` chooses here; the variable of that name is a place, and says nothing of this.

    Raises:
        UsageError: it names something else.
    """
    from reconciler.commands.init import Keeping

    said = terminal.common.state
    if said is None or "--state" not in terminal.given:
        return Keeping.PUSHED
    if said not in set(Keeping):
        raise UsageError(
            f"--state {said}: of init, it is one of {', '.join(Keeping)}",
            hint="how state survives a runner that forgets its disk; where it is comes later, as usual",
        )
    return Keeping(said)


def _tell(folder: Path, start: Start, names: tuple[str, ...]) -> None:
    from shlex import quote

    change = f"cd {quote(str(folder))} && " if folder != Path() else ""
    lines = [f"{len(names)} files written to {folder.resolve()}:", *(f"  {name}" for name in names)]
    write("\n".join(lines))
    write(f"State is kept by `{start.keeping}`; README.md says what to set up before the first pipeline.")
    write(f"Next step: {change}reconciler plan")
