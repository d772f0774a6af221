"""An apply from the command line: asked about, watched, interrupted in order, and told at its end."""

from __future__ import annotations

import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.cli.asking import ask, is_attended
from reconciler.cli.github import report_run
from reconciler.cli.options import PlanFormat, ReportFormat
from reconciler.cli.plans import show_plan
from reconciler.cli.projects import open_project
from reconciler.cli.streams import write
from reconciler.cli.suggesting import Approval, Given, Refusal, next_step, step_after_failure
from reconciler.cli.terminal import Terminal, write_json
from reconciler.errors import ExitCode, Interrupted, ReconcilerError, Refused

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

    from reconciler.applying.context import Stop
    from reconciler.commands.apply import ApplyRequest
    from reconciler.model.events import Event
    from reconciler.model.outcome import Result, RunReport
    from reconciler.model.plan import Plan
    from reconciler.model.ports import Observer


@dataclass(slots=True)
class Asking:
    """How an apply is approved and shown."""

    terminal: Terminal
    auto_approve: bool
    expect: str | None
    format: ReportFormat
    show_requests: bool
    has_shown: bool = False
    refusal: Refusal = Refusal.PLAN
    plan: Plan | None = None

    @property
    def approval(self) -> Approval:
        """What approves it, as the command line says."""
        if self.expect is not None:
            return Approval.FINGERPRINT
        return Approval.OPTION if self.auto_approve else Approval.QUESTION

    def approve(self, plan: Plan) -> bool:
        """Shows the plan, and asks where nothing has approved it yet.

        Raises:
            Refused: nothing has, and there is nobody to ask.
        """
        self.plan = plan
        if self.format is ReportFormat.TEXT:
            self.show(plan)
        if self.auto_approve or self.expect is not None:
            return True
        # Whoever wants JSON has not seen the plan that the question would be about.
        if not is_attended() or self.format is ReportFormat.JSON:
            self.refusal = Refusal.NOBODY
            raise Refused(
                "there is no terminal to ask at; nothing was sent",
                hint=f"pass --auto-approve (-y), --expect {plan.fingerprint}, or a saved plan",
            )
        self.refusal = Refusal.ANSWER
        return not plan.changes or ask(f"Apply these changes to org {plan.org}?")

    def show(self, plan: Plan) -> None:
        """Shows the plan once."""
        if not self.has_shown:
            how, requests = PlanFormat.TEXT, self.show_requests
            show_plan(plan, self.terminal, how, show_requests=requests, says_next=False)
        self.has_shown = True


def carry_out(request: ApplyRequest, asking: Asking, given: Given) -> int:
    """Applies, and tells how it ended: what was done, what was not, why, and what to run next.

    Raises:
        ReconcilerError: it failed without a report; what to run next is a note of the error.
    """
    import asyncio

    from reconciler.commands.apply import apply

    terminal, witness = asking.terminal, Witness()
    with noted(given, witness), _told_if_cut_short(witness, asking):
        project = open_project(terminal)
        with terminal.watching() as observer:
            watched = Interruptible((witness, observer), request.stop)
            try:
                report = asyncio.run(watched.guarding(apply(project, request, watched)))
            except asyncio.CancelledError:
                raise KeyboardInterrupt from None
    saved = request.saved.plan if request.saved else None
    report_run(report, report.plan or asking.plan or saved, terminal.common.config)
    _show_run(report, asking, given)
    return exit_code_of(report)


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


@dataclass(slots=True)
class Witness:
    """Remembers what became of each change, for a run that ends without a report."""

    run_id: str = ""
    actions: dict[str, str] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    results: dict[str, Result] = field(default_factory=dict)

    def notify(self, event: Event) -> None:
        """Takes note of an event."""
        from reconciler.model.events import ChangeFinished, ChangeStarted, RunStarted

        match event:
            case RunStarted(run_id, _, _, actions):
                self.run_id, self.actions = run_id, dict(actions)
            case ChangeStarted(address):
                self.begun.add(str(address))
            case ChangeFinished(result):
                self.results[result.address] = result
            case _:
                pass

    def report(self) -> RunReport:
        """What is known of the run: of what was under way, nothing."""
        from reconciler.model.outcome import Outcome, Result, RunReport, RunStatus

        left = {
            address: Result(address, action, Outcome.UNKNOWN if address in self.begun else Outcome.SKIPPED)
            for address, action in self.actions.items()
        }
        results = {**left, **self.results}
        return RunReport(
            self.run_id, "", RunStatus.PARTIAL, tuple(results[address] for address in sorted(results))
        )


class Interruptible:
    """Observers of a run that interrupts end in order.

    Until the first change starts, one interrupt ends the run, and more change nothing: wherever they hit,
    they would only disturb how it takes its leave. From then on they ask it to stop.
    """

    def __init__(self, observers: tuple[Observer, ...], stop: Stop) -> None:
        self._observers = observers
        self._stop = stop
        self._has_started = False
        self._was_cancelled = False

    def notify(self, event: Event) -> None:
        """Passes the event on."""
        from reconciler.model.events import RunStarted

        self._has_started |= isinstance(event, RunStarted)
        for observer in self._observers:
            observer.notify(event)

    async def guarding(self, run: Coroutine[Any, Any, RunReport]) -> RunReport:
        """The run's report; raises CancelledError where an interrupt ended it."""
        import asyncio

        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine runs in one

        def hear(number: int, _frame: FrameType | None) -> None:
            try:
                loop.call_soon_threadsafe(self._interrupt, task)
            except RuntimeError:  # the run has ended, and its result is being told: one more cuts that off
                signal.signal(number, signal.SIG_DFL)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, hear)
        return await run

    def _interrupt(self, run: asyncio.Task[Any]) -> None:
        if self._has_started:
            self._ask()
        elif not self._was_cancelled:
            self._was_cancelled = run.cancel()

    def _ask(self) -> None:
        from reconciler.model.events import Stopping

        has_given_up = self._stop.waits_no_longer
        self._stop.ask()
        if not has_given_up:
            self.notify(Stopping(waits=not self._stop.waits_no_longer))


@contextmanager
def noted(given: Given, witness: Witness | None = None) -> Iterator[None]:
    """What ends a command without a report is noted what to run next.

    Raises:
        ReconcilerError: whatever it was; what to run next is its note.
    """
    try:
        yield
    except KeyboardInterrupt:
        _note(error := Interrupted("interrupted; nothing more was sent"), given, witness)
        raise error from None
    except ReconcilerError as error:
        _note(error, given, witness)
        raise


def _note(error: ReconcilerError, given: Given, witness: Witness | None) -> None:
    has_begun = witness is not None and bool(witness.actions)
    if step := step_after_failure(error, given, has_begun=has_begun):
        error.add_note(f"Next step: {step}")


@contextmanager
def _told_if_cut_short(witness: Witness, asking: Asking) -> Iterator[None]:
    """Of a run that ends without a report, what it has done is told all the same."""
    has_ended = False
    try:
        yield
        has_ended = True
    finally:
        if witness.actions and not has_ended and asking.format is ReportFormat.TEXT:
            from reconciler import reports

            write(reports.run_text(witness.report(), color=asking.terminal.stdout_color))


def _show_run(report: RunReport, asking: Asking, given: Given) -> None:
    from reconciler import reports

    if asking.format is ReportFormat.JSON:
        write_json(reports.run_document(report))
        return
    if report.plan is not None and not report.results:
        asking.show(report.plan)
    is_protected = any(found.code == "plan.protected" for found in report.diagnostics)
    step = next_step(report, given, Refusal.NOBODY if is_protected else asking.refusal)
    write(reports.run_text(report, color=asking.terminal.stdout_color, next_step=step))
