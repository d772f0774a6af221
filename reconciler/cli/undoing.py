"""`rollback`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.options import Choices, ConflictChoice, ReportFormat
from reconciler.cli.plans import plan_options
from reconciler.cli.projects import open_project
from reconciler.cli.running import Asking, carry_out, noted
from reconciler.cli.suggesting import ROLLBACK, Given, Pace, allowing, words_of


def rollback(
    ctx: typer.Context,
    run_id: Annotated[
        str,
        typer.Argument(
            metavar="RUN_ID", help="The run, as apply and `audit list` name it; its first 8 characters do."
        ),
    ],
    format: options.AnyReport = ReportFormat.TEXT,
    auto_approve: options.AutoApprove = False,
    expect: Annotated[
        str | None,
        typer.Option(
            "--expect", metavar="FINGERPRINT", help="Roll back only by a plan with this fingerprint."
        ),
    ] = None,
    on_conflict: Annotated[
        ConflictChoice,
        typer.Option("--on-conflict", help="Where the org, or a later run, moved what this run had made."),
    ] = ConflictChoice.REFUSE,
    target: options.Targets = None,
    exclude: options.Excludes = None,
    parallelism: options.Parallelism = 10,
    lock_timeout: options.LockTimeout = 0.0,
    allow_unsafe: options.AllowUnsafe = None,
    show_requests: options.ShowRequests = False,
) -> int:
    """Undo what a run changed, and nothing else; asks first on a terminal.

    What cannot be undone is listed first. The manifests stay as they are: change them, too.

    Exit codes: as those of apply; 64 also where there is no such run, or its inverse is not kept.
    """
    from reconciler.commands.apply import ApplyRequest
    from reconciler.commands.plan import PlanRequest
    from reconciler.commands.rollback import find_run

    choices = Choices(target, exclude, None, None, on_conflict, False, allow_unsafe, False, False)
    asking = Asking(ctx.obj, auto_approve, expect, format, show_requests)
    pace, shaped = Pace(parallelism, lock_timeout), plan_options(choices)
    given = Given(
        ROLLBACK,
        asking.approval,
        run_id,
        asking.terminal.given,
        words_of(shaped),
        allowing(shaped.allow_unsafe),
        pace,
    )
    with noted(given):
        found = find_run(open_project(asking.terminal), run_id)
    asking.auto_approve |= found.changed_nothing  # then there is nothing to ask about
    request = ApplyRequest(
        plan=PlanRequest(replace(shaped, rollback=found.run_id)),
        expect=expect,
        approve=asking.approve,
        parallelism=parallelism,
        lock_timeout_s=lock_timeout,
    )
    return carry_out(request, asking, given)
