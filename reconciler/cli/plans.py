"""Plans on the command line: the project they are made for, shown, saved and read again."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.options import Choices, PlanFormat
from reconciler.cli.terminal import Terminal, write, write_json
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.commands.project import Project
    from reconciler.commands.saved import SavedPlan
    from reconciler.model.plan import Plan
    from reconciler.planning.inputs import PlanOptions


def open_project(terminal: Terminal) -> Project:
    """The project of the common options."""
    from reconciler.commands.project import open_project as open_
    from reconciler.commands.surroundings import Surroundings

    is_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    return open_(terminal.common, Surroundings(Path.cwd(), os.environ, is_terminal))


def plan_options(choices: Choices) -> PlanOptions:
    """What the command line says, as planning takes it.

    Raises:
        UsageError: a selector is not `label=value`.
    """
    from reconciler.planning.inputs import OnConflict, PlanOptions

    selectors = {}
    for selector in choices.selectors or ():
        label, equals, value = selector.partition("=")
        if not equals:
            raise UsageError(f"--selector {selector}: write label=value")
        selectors[label] = value
    return PlanOptions(
        targets=tuple(choices.targets or ()),
        excludes=tuple(choices.excludes or ()),
        selectors=selectors,
        adopt=tuple(choices.adopt or ()),
        on_conflict=OnConflict(choices.on_conflict.value),
        fallback=choices.fallback,
        destroy=choices.destroy,
        new_state=choices.new_state,
        allow_unsafe=choices.allow_unsafe,
    )


def show_plan(shown: Plan, terminal: Terminal, how: PlanFormat, *, show_requests: bool) -> None:
    """The plan on stdout."""
    from reconciler import reports

    match how:
        case PlanFormat.JSON:
            write_json(reports.plan_document(shown))
        case PlanFormat.MARKDOWN:
            write(reports.plan_markdown(shown))
        case PlanFormat.TEXT:
            write(
                reports.plan_text(
                    shown,
                    color=terminal.stdout_color,
                    show_requests=show_requests,
                    verbose=terminal.verbose > 0,
                )
            )


def save_plan(saved: Plan, out: Path) -> None:
    """Writes a plan file, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    from reconciler.reports import plan_document, to_text

    beside = out.with_name(out.name + ".part")
    try:
        beside.write_text(to_text(plan_document(saved)), encoding="utf-8")
        beside.replace(out)
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error


def read_plan(planfile: Path) -> SavedPlan:
    """A saved plan.

    Raises:
        UsageError: there is no such file.
        ConfigError: `plan.format`.
    """
    from reconciler.commands.saved import SavedPlan
    from reconciler.reports import plan_from_document

    try:
        text = planfile.read_bytes()
    except OSError as error:
        raise UsageError(f"{planfile}: {error.strerror}") from error
    return SavedPlan(plan_from_document(text), str(planfile))
