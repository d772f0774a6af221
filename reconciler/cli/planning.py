"""`plan`, `apply`, `destroy`, `show`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options
from reconciler.cli.github import report_plan
from reconciler.cli.options import Choices, ConflictChoice, PlanFormat, ReportFormat, ShowFormat
from reconciler.cli.plans import plan_options, read_plan, save_plan, show_plan, show_saved
from reconciler.cli.projects import open_project
from reconciler.cli.running import Asking, carry_out, exit_code_of, noted
from reconciler.cli.suggesting import Approval, Given, Pace, allowing, words_of
from reconciler.cli.terminal import Terminal
from reconciler.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from reconciler.commands.saved import SavedPlan

__all__ = ["apply", "destroy", "exit_code_of", "plan", "show"]


def plan(
    ctx: typer.Context,
    folder: options.Folder = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Save the plan, for review and apply.")
    ] = None,
    format: options.AnyPlan = PlanFormat.TEXT,
    target: options.Targets = None,
    exclude: options.Excludes = None,
    selector: options.Selectors = None,
    adopt: options.Adopt = None,
    on_conflict: options.OnConflict = ConflictChoice.REFUSE,
    fallback: options.Fallback = False,
    allow_unsafe: options.AllowUnsafe = None,
    allow_from_commit: options.AllowFromCommit = False,
    destroy: options.Destroy = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes.")
    ] = False,
    show_requests: options.ShowRequests = False,
    new_state: options.NewState = False,
) -> int:
    """Show what apply would do; sends nothing that changes the org.

    Exit codes: 0 done, 1 error, 2 changes (with --detailed-exitcode), 3 an apply would be refused,
    64 usage, 65 invalid manifests, 78 bad configuration or state, 130 interrupted.
    """
    import asyncio

    from reconciler.commands.plan import PlanRequest
    from reconciler.commands.plan import plan as make_plan

    terminal: Terminal = ctx.obj
    choices = Choices(
        target,
        exclude,
        selector,
        adopt,
        on_conflict,
        fallback,
        allow_unsafe,
        destroy,
        new_state,
        allow_from_commit,
    )
    _refuse_loose_glob(choices, folder)
    project = open_project(terminal)
    request = PlanRequest(plan_options(choices), folder, choices.allow_from_commit)
    with terminal.watching() as observer:
        planned = asyncio.run(make_plan(project, request, observer)).plan
    if out is not None:
        save_plan(planned, out)
    report_plan(planned, terminal.common.config)
    show_plan(planned, terminal, format, show_requests=show_requests, planfile=out)
    if not planned.applyable:
        return ExitCode.REFUSED
    return ExitCode.CHANGES if detailed_exitcode and planned.summary.changes else ExitCode.OK


def apply(
    ctx: typer.Context,
    what: Annotated[
        Path | None,
        typer.Argument(
            metavar="PLANFILE|DIR", help="A saved plan, or manifests; the configured folder when left out."
        ),
    ] = None,
    format: options.AnyReport = ReportFormat.TEXT,
    auto_approve: options.AutoApprove = False,
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="FINGERPRINT", help="Apply only a plan with this fingerprint."),
    ] = None,
    parallelism: options.Parallelism = 10,
    lock_timeout: options.LockTimeout = 0.0,
    target: options.Targets = None,
    exclude: options.Excludes = None,
    selector: options.Selectors = None,
    adopt: options.Adopt = None,
    on_conflict: options.OnConflict = ConflictChoice.REFUSE,
    fallback: options.Fallback = False,
    allow_unsafe: options.AllowUnsafe = None,
    allow_from_commit: options.AllowFromCommit = False,
    destroy: options.Destroy = False,
    detailed_exitcode: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="Taken as by plan; an apply has exit codes of its own."),
    ] = False,
    show_requests: options.ShowRequests = False,
    new_state: options.NewState = False,
) -> int:
    """Plan and carry it out, or carry out a saved plan; asks first on a terminal.

    Exit codes: 0 done, 1 error, 3 refused, 4 stale, 5 applied in part (run again to go on),
    6 not settled, 64 usage, 65 invalid manifests, 75 locked, 78 bad configuration or state,
    130 interrupted.
    """
    del detailed_exitcode  # taken because every option of plan is; an apply has its own exit codes
    terminal: Terminal = ctx.obj
    choices = Choices(
        target,
        exclude,
        selector,
        adopt,
        on_conflict,
        fallback,
        allow_unsafe,
        destroy,
        new_state,
        allow_from_commit,
    )
    asking = Asking(terminal, auto_approve, expect, format, show_requests)
    if what is not None and what.is_file():
        _refuse_planning_options(choices, expect)
        return _apply_saved(what, asking, Pace(parallelism, lock_timeout))
    _refuse_loose_glob(choices, what)
    if what is not None and not what.exists():
        raise UsageError(f"{what}: there is neither a plan file nor a folder of this name")
    return _apply_folder(choices, what, asking, Pace(parallelism, lock_timeout))


def destroy(
    ctx: typer.Context,
    format: options.AnyReport = ReportFormat.TEXT,
    auto_approve: options.AutoApprove = False,
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="FINGERPRINT", help="Destroy only by a plan with this fingerprint."),
    ] = None,
    parallelism: options.Parallelism = 10,
    lock_timeout: options.LockTimeout = 0.0,
    target: options.Targets = None,
    exclude: options.Excludes = None,
    selector: options.Selectors = None,
    allow_unsafe: options.AllowUnsafe = None,
    allow_from_commit: options.AllowFromCommit = False,
    show_requests: options.ShowRequests = False,
) -> int:
    """Delete all that prior state holds; asks first on a terminal.

    Exit codes: as those of apply.
    """
    choices = Choices(
        target,
        exclude,
        selector,
        None,
        ConflictChoice.REFUSE,
        False,
        allow_unsafe,
        True,
        False,
        allow_from_commit,
    )
    asking = Asking(ctx.obj, auto_approve, expect, format, show_requests)
    return _apply_folder(choices, None, asking, Pace(parallelism, lock_timeout), "destroy")


def show(
    ctx: typer.Context,
    planfile: Annotated[Path, typer.Argument(metavar="PLANFILE", help="A saved plan.")],
    format: options.AnySavedPlan = ShowFormat.TEXT,
    show_requests: options.ShowRequests = False,
) -> int:
    """Show a saved plan, offline.

    Exit codes: 0 done, 64 no such file, 78 it is no plan that can be read.
    """
    saved = read_plan(planfile).plan
    show_saved(saved, ctx.obj, format, show_requests=show_requests, planfile=planfile)
    return ExitCode.OK


# -- applying --------------------------------------------------------------------------------------------


def _apply_folder(
    choices: Choices, folder: Path | None, asking: Asking, pace: Pace, command: str = "apply"
) -> int:
    from reconciler.commands.apply import ApplyRequest
    from reconciler.commands.plan import PlanRequest

    options = plan_options(choices)
    request = ApplyRequest(
        plan=PlanRequest(options, folder, choices.allow_from_commit),
        expect=asking.expect,
        approve=asking.approve,
        parallelism=pace.parallelism,
        lock_timeout_s=pace.lock_timeout_s,
    )
    from_commit = ("--allow-from-commit",) if choices.allow_from_commit else ()
    given = Given(
        command,
        asking.approval,
        str(folder) if folder else None,
        asking.terminal.given,
        words_of(replace(options, destroy=options.destroy and command == "apply")),
        (*allowing(options.allow_unsafe), *from_commit),
        pace,
    )
    return carry_out(request, asking, given)


def _apply_saved(planfile: Path, asking: Asking, pace: Pace) -> int:
    from reconciler.commands.apply import ApplyRequest
    from reconciler.commands.plan import PlanRequest

    given = Given("apply", Approval.FILE, str(planfile), asking.terminal.given, pace=pace)
    with noted(given):
        saved = read_plan(planfile)
    request = ApplyRequest(
        plan=PlanRequest(saved.options, None),
        saved=saved,
        parallelism=pace.parallelism,
        lock_timeout_s=pace.lock_timeout_s,
    )
    # A trailer may have allowed other plans, too.
    allowed = allowing({saved.plan.fingerprint}.intersection(saved.options.allow_unsafe))
    shaped = replace(given, shape=words_of(saved.options), allowed=allowed)
    return carry_out(request, asking, replace(shaped, folder=_folder_of(saved, asking.terminal)))


def _folder_of(saved: SavedPlan, terminal: Terminal) -> str | None:
    """Where a saved plan's manifests are, seen from here; None: in the configured folder."""
    if saved.folder is None:
        return None
    return os.path.relpath(open_project(terminal).configuration.root / saved.folder)


def _refuse_planning_options(choices: Choices, expect: str | None) -> None:
    given = [
        choices.targets,
        choices.excludes,
        choices.selectors,
        choices.adopt,
        choices.fallback,
        choices.allow_unsafe,
        choices.allow_from_commit,
        choices.destroy,
        choices.new_state,
        choices.on_conflict is not ConflictChoice.REFUSE,
        expect,
    ]
    if any(given):
        raise UsageError(
            "a saved plan is applied as it is: it takes no planning options", hint="plan again with them"
        )


def _refuse_loose_glob(choices: Choices, folder: Path | None) -> None:
    """A glob that was meant for --adopt, and was taken for the folder."""
    if choices.adopt and folder is not None and not folder.exists():
        raise UsageError(
            f"there is no folder {folder}", hint=f"--adopt takes its glob joined: --adopt={folder}"
        )
