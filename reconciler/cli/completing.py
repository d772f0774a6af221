"""Completion in shells: the script, and the answers that the script asks for."""

from __future__ import annotations

import typer

PROGRAM = "reconciler"

COMPLETION_VARIABLE = "_RECONCILER_COMPLETE"
"""Set by the script: the process is to say what could come next."""


def completion_script(shell: str) -> str:
    """The script of a shell.

    Args:
        shell: `bash`, `zsh` or `fish`.
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # documented nowhere else

    return get_completion_script(prog_name=PROGRAM, complete_var=COMPLETION_VARIABLE, shell=shell)


def complete(app: typer.Typer) -> None:
    """Answers the script, and ends the process."""
    from typer.completion import completion_init  # type: ignore[attr-defined]  # the app's own flags would call it

    completion_init()
    typer.main.get_command(app).main(args=[], prog_name=PROGRAM, complete_var=COMPLETION_VARIABLE)
