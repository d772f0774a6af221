"""`plan`, `apply`, `destroy`, `show`."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options
from reconciler.cli.asking import ask, is_attended
from reconciler.cli.options import Choices, ConflictChoice, PlanFormat, ReportFormat
from reconciler.cli.plans import plan_options, read_plan, save_plan, show_plan
from reconciler.cli.projects import open_project
from reconciler.cli.streams import write
from reconciler.cli.terminal import Terminal, write_json
from reconciler.errors import ExitCode, Refused, UsageError

if TYPE_CHECKING:
    from reconciler.applying.context import Stop
    from reconciler.commands.apply import ApplyRequest
    from reconciler.model.events import Event
    from reconciler.model.outcome import RunReport
    from reconciler.model.plan import Plan
    from reconciler.model.ports import Observer


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
        return _apply_saved(what, asking, parallelism, lock_timeout)
    _refuse_loose_glob(choices, what)
    if what is not None and not what.exists():
        raise UsageError(f"{what}: there is neither a plan file nor a folder of this name")
    return _apply_folder(choices, what, asking, (parallelism, lock_timeout))


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
    return _apply_folder(choices, None, asking, (parallelism, lock_timeout))


def show(
    ctx: typer.Context,
    planfile: Annotated[Path, typer.Argument(metavar="PLANFILE", help="A saved plan.")],
    format: options.AnyPlan = PlanFormat.TEXT,
    show_requests: options.ShowRequests = False,
) -> int:
    """Show a saved plan, offline.

    Exit codes: 0 done, 64 no such file, 78 it is no plan that can be read.
    """
    saved = read_plan(planfile).plan
    show_plan(saved, ctx.obj, format, show_requests=show_requests, planfile=planfile)
    return ExitCode.OK


# -- applying --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Asking:
    """How an apply is approved and shown."""

    terminal: Terminal
    auto_approve: bool
    expect: str | None
    format: ReportFormat
    show_requests: bool
    has_shown: bool = False

    def approve(self, plan: Plan) -> bool:
        """Shows the plan, and asks where nothing has approved it yet.

        Raises:
            Refused: nothing has, and there is nobody to ask.
        """
        if self.format is ReportFormat.TEXT:
            self.show(plan)
        if self.auto_approve or self.expect is not None:
            return True
        # Whoever wants JSON has not seen the plan that the question would be about.
        if not is_attended() or self.format is ReportFormat.JSON:
            raise Refused(
                "there is no terminal to ask at; nothing was sent",
                hint=f"pass --auto-approve (-y), --expect {plan.fingerprint}, or a saved plan",
            )
        return not plan.changes or ask(f"Apply these changes to org {plan.org}?")

    def show(self, plan: Plan) -> None:
        """Shows the plan once."""
        if not self.has_shown:
            show_plan(plan, self.terminal, PlanFormat.TEXT, show_requests=self.show_requests)
        self.has_shown = True


def _apply_folder(choices: Choices, folder: Path | None, asking: Asking, pace: tuple[int, float]) -> int:
    from reconciler.commands.apply import ApplyRequest
    from reconciler.commands.plan import PlanRequest

    request = ApplyRequest(
        plan=PlanRequest(plan_options(choices), folder, choices.allow_from_commit),
        expect=asking.expect,
        approve=asking.approve,
        parallelism=pace[0],
        lock_timeout_s=pace[1],
    )
    return _run(request, asking)


def _apply_saved(planfile: Path, asking: Asking, parallelism: int, lock_timeout: float) -> int:
    from reconciler.commands.apply import ApplyRequest
    from reconciler.commands.plan import PlanRequest

    saved = read_plan(planfile)
    request = ApplyRequest(
        plan=PlanRequest(saved.options, None),
        saved=saved,
        parallelism=parallelism,
        lock_timeout_s=lock_timeout,
    )
    return _run(request, asking)


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


def _run(request: ApplyRequest, asking: Asking) -> int:
    import asyncio

    from reconciler.commands.apply import apply as carry_out

    terminal = asking.terminal
    project = open_project(terminal)
    with terminal.watching() as observer:
        watched = Interruptible(observer, request.stop)
        report = asyncio.run(carry_out(project, request, watched))
    _show_run(report, asking)
    return exit_code_of(report)


def _show_run(report: RunReport, asking: Asking) -> None:
    from reconciler import reports

    if asking.format is ReportFormat.JSON:
        write_json(reports.run_document(report))
        return
    if report.plan is not None and not report.results:
        asking.show(report.plan)
    write(reports.run_text(report, color=asking.terminal.stdout_color))


def exit_code_of(report: RunReport) -> ExitCode:
    """The exit code of a run: 130 > 5 > 6 > 0."""
    from reconciler.model.outcome import RunStatus

    codes = {
        RunStatus.APPLIED: ExitCode.OK,
        RunStatus.PARTIAL: ExitCode.PARTIAL,
        RunStatus.UNSETTLED: ExitCode.UNSETTLED,
        RunStatus.REFUSED: ExitCode.REFUSED,
        RunStatus.STALE: ExitCode.STALE,
        RunStatus.INTERRUPTED: ExitCode.INTERRUPTED,
    }
    code = codes[report.status]
    return ExitCode.UNSETTLED if code is ExitCode.OK and not report.converged else code


class Interruptible:
    """An observer that, once a run has started, turns interrupts into an orderly stop."""

    def __init__(self, observer: Observer, stop: Stop) -> None:
        self._observer = observer
        self._stop = stop

    def notify(self, event: Event) -> None:
        """Passes the event on."""
        from reconciler.model.events import RunStarted

        if isinstance(event, RunStarted):
            self._take_over()
        self._observer.notify(event)

    def _ask(self) -> None:
        from reconciler.model.events import Stopping

        self._stop.ask()
        self._observer.notify(Stopping(waits=not self._stop.waits_no_longer))

    def _take_over(self) -> None:
        import asyncio

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ask)
