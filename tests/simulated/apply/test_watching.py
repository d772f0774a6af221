"""What somebody who watches an apply is told of it while it lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler.model.events import Event, LockAwaited, RunStarted, WindowSeen
from reconciler.store import OpenMode
from tests.simulated.apply.bench import Bench
from tests.simulated.apply.manifests import reference, schema


@dataclass(slots=True)
class Watching:
    """Remembers what it is told, and lets go of the lock once it is told that it is waited for."""

    events: list[Event] = field(default_factory=list)
    may_go: threading.Event = field(default_factory=threading.Event)

    def notify(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, LockAwaited):
            self.may_go.set()

    def told(self, *kinds: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kinds)]


@contextmanager
def locked_until(work: Bench, may_go: threading.Event) -> Iterator[None]:
    """Another run holds the lock until it is told to go."""
    held = threading.Event()

    def hold() -> None:
        with work.store(OpenMode.WRITE) as store, store.lock("apply by alex", 0):
            held.set()
            may_go.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    try:
        yield
    finally:
        may_go.set()
        holder.join()


def test_who_waits_for_the_lock_is_told_whose_it_is(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()
    watching = Watching()

    with locked_until(work, watching.may_go):
        report = work.apply(lock_timeout_s=60, observer=watching)

    (awaited,) = {event.said.split(" (")[0] for event in watching.events if isinstance(event, LockAwaited)}
    assert awaited.endswith("is locked by apply by alex")
    assert report.status == "applied"


def test_run_says_what_each_change_waits_for(work: Bench) -> None:
    work.declare(schema("customer"), schema("ticket", [reference("customer", "customer")]))
    watching = Watching()

    report = work.apply(observer=watching)

    needs = {"Schema/customer": (), "Schema/ticket": ("Schema/customer",)}
    assert watching.told(RunStarted) == [RunStarted(report.run_id, 2, needs, dict.fromkeys(needs, "create"))]


def test_each_answer_of_the_org_tells_what_is_left_of_its_window(work: Bench) -> None:
    work.declare(schema("ticket"))
    watching = Watching()

    work.apply(observer=watching)

    spent = [event.allowed - event.remaining for event in watching.events if isinstance(event, WindowSeen)]
    asked = [request for request in work.org.requests if request.path != "/oauth/token"]
    assert spent == sorted(spent)
    assert (len(spent), spent[-1]) == (len(asked), len(asked))
