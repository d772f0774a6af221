"""A world: one project beside one org, in which a story is played and every law is looked after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.applying.context import Stop
from reconciler.commands.saved import SavedPlan
from reconciler.errors import ReconcilerError
from reconciler.model.events import Event
from reconciler.model.outcome import RunReport
from reconciler.model.plan import Plan
from reconciler.model.state import Prior, PriorEntry
from reconciler.planning.inputs import PlanOptions
from reconciler.reports import plan_document, plan_from_document, to_text
from reconciler.sandbox import SandboxOrg
from tests.properties import laws_of_order, laws_of_plans, laws_of_runs
from tests.properties.dying import Errand, apply_mortally
from tests.properties.estates import Document, Estate, address_of
from tests.properties.leaks import Leaks
from tests.properties.meddling import lose, meddle, plant
from tests.properties.oracle import Values
from tests.properties.runs import Moment, Run, options_of, vars_of
from tests.properties.specs import SECRETS, VENDOR
from tests.properties.stories import (
    Apply,
    Crash,
    Declare,
    Interrupt,
    Lose,
    Meddle,
    Move,
    Plant,
    Rotate,
    Shuffle,
    Story,
)
from tests.properties.watching import Watch, objects_of
from tests.simulated.apply.bench import Bench
from tests.simulated.faults.striking import FastClock

DATABASE = Path("state") / "reconciler.sqlite3"


@dataclass(slots=True)
class World:
    """The project, the org, and what is known of both besides.

    Args:
        strangers: ids of objects that are not ours: others made them, or we let them go.
        made: ids of objects that our requests made.
        keys: what each idempotency key was sent with.
        has_meddled: whether others changed the org since the last apply that converged.
        is_settled: whether an apply has converged, and neither manifests nor environment were edited since.
        pledge: the options under which a plan was applicable before a run met trouble; None once anything
            else has moved.
    """

    work: Bench
    watch: Watch
    leaks: Leaks
    estate: Estate = ()
    strangers: set[str] = field(default_factory=lambda: {VENDOR})
    made: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    has_meddled: bool = False
    is_settled: bool = False
    pledge: PlanOptions | None = None

    # -- moves -------------------------------------------------------------------------------------------

    def play(self, story: Story) -> None:
        """Plays the moves, then settles what is left to settle."""
        for move in story.moves:
            self.make(move)
        self.make(Apply(on_conflict="ours", adopts=True))
        laws_of_plans.nothing_to_do_writes_nothing(self)

    def make(self, move: Move) -> None:
        """Makes a move."""
        self.pledge = self.pledge if isinstance(move, Apply) else None
        self.is_settled = self.is_settled and not isinstance(move, Declare | Rotate)
        match move:
            case Declare():
                self.estate = move.estate
                self.work.declare(*move.estate)
            case Apply():
                self._apply(move)
            case Rotate():
                self.leaks.rotate(move.name)
                self.work.environ.update(self.leaks.secrets)
            case Shuffle():
                laws_of_order.order_changes_nothing(self, move.seed)
            case _:
                self.has_meddled = True
                self._meddle(move)

    def _meddle(self, move: Meddle | Lose | Plant) -> None:
        match move:
            case Meddle():
                meddle(self.work.org, move.collection, move.pick, move.patch)
            case Lose():
                lose(self.work.org, move.collection, move.pick)
            case Plant():
                planted = plant(self.work.org, move.collection, move.key)
                self.strangers |= planted
                self.made -= planted

    # -- an apply ----------------------------------------------------------------------------------------

    def _apply(self, move: Apply) -> None:
        options = options_of(move)
        planned = self.plan(options)
        laws_of_plans.refused_for_a_reason(self, planned, move)
        laws_of_plans.a_plan_sees_what_differs(self, planned)
        run = self._run(move, planned, options)
        self.made |= {each for sent in run.sent for each in sent.made}
        laws_of_runs.after_any_run(self, run)
        if run.is_undisturbed:
            laws_of_runs.after_undisturbed_run(run)
        self._take_stock(run, options)
        if run.converged:
            laws_of_plans.after_converged_run(self, run)
            self.has_meddled, self.is_settled = False, move.on_conflict != "theirs"

    def _take_stock(self, run: Run, options: PlanOptions) -> None:
        held = run.after.held
        self.strangers -= set(held)
        self.strangers |= {
            each for each in run.before.held if each not in held and each in run.after.standing
        }
        self.pledge = options if run.planned.applyable and not run.converged else None

    def plan(self, options: PlanOptions) -> Plan:
        """Plans; that changes neither org nor store, and tells no secret."""
        if (self.work.folder / DATABASE).exists():
            self.leaks.release()
        files = self.files()
        self.watch.begin()
        planned = self.work.plan(**vars_of(options))
        assert self.watch.end() == (), "a plan changes nothing in the org"
        assert self.files() == files, "a plan leaves no trace in the state's folder"
        self.leaks.look(planned)
        return planned

    def _run(self, move: Apply, planned: Plan, options: PlanOptions) -> Run:
        before = self.now()
        saved = self._saved(move, planned, before)
        self.work.clock = FastClock()
        report, error = None, None
        try:
            report = self._carry_out(move, options, saved, before)
        except ReconcilerError as raised:
            error = raised
        finally:
            sent = self.watch.end()
            self.work.org.clear_faults()
        run = Run(move, planned, before, self.now(), sent, report, error)
        self.leaks.look(report, error, self.files())
        return run

    def _saved(self, move: Apply, planned: Plan, before: Moment) -> SavedPlan | None:
        """The plan by way of a file; not with open intents, which the apply resolves before it plans."""
        if not move.is_saved or not planned.changes or not planned.applyable or before.prior.open_intents:
            return None
        return SavedPlan(plan_from_document(to_text(plan_document(planned))), "plan.json")

    def _carry_out(
        self, move: Apply, options: PlanOptions, saved: SavedPlan | None, before: Moment
    ) -> RunReport | None:
        match move.trouble:
            case Crash():
                self._die(move.trouble, move, options, saved)
                return None
            case Interrupt():
                stop = Stop()
                observer = _Interrupting(self.leaks, stop, move.trouble)
                self.watch.begin()
                return self.work.apply(
                    saved=saved,
                    observer=observer,
                    stop=stop,
                    parallelism=move.parallelism,
                    **vars_of(options),
                )
            case _:
                self.work.org.inject(*_credible(move.trouble or (), before))
                self.watch.begin()
                return self.work.apply(
                    saved=saved, observer=self.leaks, parallelism=move.parallelism, **vars_of(options)
                )

    def _die(self, crash: Crash, move: Apply, options: PlanOptions, saved: SavedPlan | None) -> None:
        dies_at = crash.at if crash.when == "event" else None
        errand = Errand(self.work.folder, self.work.surroundings(), options, saved, move.parallelism, dies_at)
        self.watch.begin(crash)
        apply_mortally(errand, lambda pid: setattr(self.watch, "victim", pid))

    # -- looking -----------------------------------------------------------------------------------------

    def now(self) -> Moment:
        """Org and prior state."""
        has_state = (self.work.folder / DATABASE).exists()
        return Moment(objects_of(self.work.org), self.work.prior() if has_state else Prior())

    def files(self) -> Mapping[str, bytes]:
        """Everything in the state's folder."""
        folder = self.work.folder / "state"
        found = sorted(folder.rglob("*")) if folder.exists() else []
        return {file.name: file.read_bytes() for file in found if file.is_file()}

    def values(self, moment: Moment) -> Values:
        """What late values stand for."""
        return Values(self.leaks.secrets, lambda address, pointer: self._value(moment, address, pointer))

    def _value(self, moment: Moment, address: str, pointer: str) -> Any:  # noqa: ANN401
        entries = {str(entry.address): entry.remote_id for entry in moment.prior.entries.values()}
        remote_id = entries.get(address)
        live = moment.standing.get(remote_id or "", {})
        return live.get(pointer.removeprefix("/")) if pointer else remote_id

    def document_of(self, entry: PriorEntry) -> Document | None:
        """The manifest that an entry is of; None where it has left."""
        kind, name = entry.address.kind, entry.address.name
        of_kind = [each for each in self.estate if each["kind"] == kind]
        exact = [each for each in of_kind if address_of(each) == str(entry.address)]
        former = [each for each in of_kind if name in each["metadata"].get("formerly", ())]
        return next(iter((*exact, *former)), None)


@dataclass(slots=True)
class _Interrupting:
    """An observer that asks for an end."""

    leaks: Leaks
    stop: Stop
    interrupt: Interrupt
    seen: int = 0

    def notify(self, event: Event) -> None:
        self.leaks.notify(event)
        self.seen += 1
        if self.seen == self.interrupt.at:
            for _ in range(self.interrupt.times):
                self.stop.ask()


def _credible(faults: Sequence[Any], before: Moment) -> list[Any]:
    """The faults, but for an org that says no to the repeat of a create which it may have carried out."""
    has_lost = any(intent.creates for intent in before.prior.open_intents)
    return [
        fault
        for fault in faults
        if not (has_lost and fault.method in ("*", "POST") and fault.status in (400, 404, 409, 412, 413))
    ]


@contextmanager
def world(org: SandboxOrg, watch: Watch) -> Iterator[World]:
    """A new project beside the org, which is put back to its seeds."""
    with org.at_rest():
        org.clear()
        org.plant()
        plant(org, "schemas", VENDOR)
    org.clear_faults()
    org.forget_requests()
    with TemporaryDirectory(prefix="laws-") as folder:
        work = Bench(Path(folder), org, clock=FastClock())
        work.configure(environment=list(SECRETS))
        watch.journal = Path(folder) / DATABASE
        watch.problems.clear()
        watch.tokens.clear()
        made = World(work, watch, Leaks(watch, work))
        work.environ.update(made.leaks.secrets)
        with made.leaks.logging():
            yield made
