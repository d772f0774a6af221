"""Plans on the command line: the project they are made for, shown, saved and read again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from reconciler.cli.github import seen_from_repository, where_details_are
from reconciler.cli.options import Choices, PlanFormat, ShowFormat
from reconciler.cli.sources import root_of
from reconciler.cli.streams import write
from reconciler.cli.terminal import Terminal, write_json
from reconciler.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from reconciler.commands.saved import SavedPlan
    from reconciler.model.plan import Plan
    from reconciler.planning.inputs import PlanOptions


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
        allow_unsafe=(choices.allow_unsafe,) if choices.allow_unsafe else (),
    )


def show_plan(
    shown: Plan,
    terminal: Terminal,
    how: PlanFormat,
    *,
    show_requests: bool,
    planfile: Path | None = None,
    says_next: bool = True,
) -> None:
    """The plan on stdout.

    Args:
        planfile: where it is saved.
        says_next: an apply says at its own end what to do next.
    """
    from reconciler import reports

    match how:
        case PlanFormat.JSON:
            write_json(reports.plan_document(shown))
        case PlanFormat.MARKDOWN:
            where = where_details_are(os.environ)
            write(reports.plan_markdown(shown, where=where) if where else reports.plan_markdown(shown))
        case PlanFormat.HTML:
            write(
                reports.plan_html(
                    shown,
                    planfile=str(planfile) if planfile else None,
                    common=terminal.given,
                    show_requests=show_requests,
                )
            )
        case PlanFormat.TEXT:
            write(
                reports.plan_text(
                    shown,
                    color=terminal.stdout_color,
                    show_requests=show_requests,
                    verbose=terminal.verbose > 0,
                    planfile=str(planfile) if planfile else None,
                    common=terminal.given,
                    says_next=says_next,
                )
            )


def show_saved(
    shown: Plan, terminal: Terminal, how: ShowFormat, *, show_requests: bool, planfile: Path
) -> None:
    """A saved plan on stdout, in one of the formats of plans or in a platform's own."""
    from reconciler import reports

    match how:
        case ShowFormat.GITHUB:
            folder = seen_from_repository(root_of(terminal.common.config))
            rest = "`reconciler show PLANFILE` tells all"
            write(reports.diagnostics_github(reports.all_problems(shown), folder=folder, rest=rest))
        case ShowFormat.GITLAB:
            write_json(reports.gitlab_report(shown))
        case _:
            show_plan(shown, terminal, PlanFormat(how), show_requests=show_requests, planfile=planfile)


def save_plan(saved: Plan, out: Path) -> None:
    """Writes a plan file, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    from reconciler.reports import plan_document, to_text

    with writing(out) as stream:
        stream.write(to_text(plan_document(saved)))


@contextmanager
def writing(out: Path) -> Iterator[TextIO]:
    """A file that appears when the block has ended well, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    # A device or a pipe cannot be replaced, and holds nothing that could be lost.
    is_stream = out.exists() and not out.is_file()
    beside = out if is_stream else out.with_name(f"{out.name}.part")
    try:
        with beside.open("w", encoding="utf-8") as stream:
            yield stream
        if not is_stream:
            beside.replace(out)
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error
    finally:
        if not is_stream:
            beside.unlink(missing_ok=True)


def read_plan(planfile: Path) -> SavedPlan:
    """A saved plan.

    Raises:
        UsageError: there is no such file.
        ConfigError: `plan.format`.
    """
    from reconciler.commands.saved import SavedPlan
    from reconciler.reports import plan_from_document
    from reconciler.reports.saved_plans import MAX_BYTES

    try:
        with planfile.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{planfile}: {error.strerror}") from error
    try:
        return SavedPlan(plan_from_document(text), str(planfile))
    except ConfigError as error:
        raise ConfigError(error.message, code=error.code, hint=error.hint, file=str(planfile)) from error
