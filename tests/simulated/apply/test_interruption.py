"""Runs that are interrupted, or that find the state locked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reconciler.applying.context import Stop
from reconciler.commands.apply import ApplyRequest, apply
from reconciler.errors import ExitCode, StateLocked
from reconciler.model.audit import AuditEntry, Phase
from reconciler.model.events import ChangeStarted, ChangeWaiting
from reconciler.sandbox import Fault
from reconciler.store import OpenMode
from tests.simulated.apply.bench import Bench, Silent, outcomes, result_of, stop_at
from tests.simulated.apply.manifests import channel, reference, schema, widget

UNLOCKED = AuditEntry(Phase.STATE, "2026-01-01T00:00:00.000Z", "another", "test", "sam")
CHANNELS = "/api/v2/wi/engagements/configurations"


def test_interrupt_starts_nothing_new_and_settles_what_was_sent(work: Bench) -> None:
    work.declare(schema("a"), schema("b"), schema("c", [reference("a", "a")]))
    stop = Stop()

    report = work.apply(stop=stop, observer=stop_at(ChangeStarted, stop), parallelism=1)

    assert (report.status, report.converged) == ("interrupted", False)
    assert outcomes(report) == {"Schema/a": "succeeded", "Schema/b": "skipped", "Schema/c": "skipped"}
    assert [found["status"] for found in work.objects("schemas")] == ["PUBLISHED"]
    assert list(map(str, work.prior().entries)) == ["Schema/a"]
    assert work.prior().open_intents == ()
    assert work.audit(phase="run_finished")[-1]["detail"]["status"] == "interrupted"
    work.converge()


def test_interrupt_lets_an_activation_settle(work: Bench) -> None:
    work.declare(channel("web"), schema("zone", dependsOn=["Channel/web"]))
    work.org.inject(Fault(method="GET", path=f"{CHANNELS}/*", status=503, times=5))
    stop = Stop()

    report = work.apply(stop=stop, observer=stop_at(ChangeWaiting, stop))

    assert outcomes(report) == {"Channel/web": "succeeded", "Schema/zone": "skipped"}
    work.converge()


def test_second_interrupt_stops_waiting(work: Bench) -> None:
    patient = {"timeoutSeconds": 600, "pollSeconds": 300}
    work.declare(channel("web", activation=patient))
    work.org.inject(Fault(path=f"{CHANNELS}*", activation="hang"))
    stop = Stop()

    report = work.apply(stop=stop, observer=stop_at(ChangeWaiting, stop, times=2))

    assert (report.status, outcomes(report)) == ("interrupted", {"Channel/web": "unsettled"})
    work.org.alter("channels", str(result_of(report, "Channel/web").remote_id), {"status": "active"})
    work.converge()


# -- the lock --------------------------------------------------------------------------------------------


@contextmanager
def locked(work: Bench) -> Iterator[None]:
    """The state while another run holds it."""
    with work.store(OpenMode.WRITE) as store, store.lock("apply by sam", 0):
        yield


def test_lock_that_is_held_names_its_holder(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()
    work.org.forget_requests()

    with locked(work), pytest.raises(StateLocked) as caught:
        work.apply()

    assert caught.value.exit_code is ExitCode.LOCKED
    assert caught.value.code == "state.locked"
    assert "apply by sam" in caught.value.message
    assert work.org.requests == ()
    assert "apply by sam" in work.audit(phase="refused")[-1]["detail"]["message"]


def test_plan_needs_no_lock(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()

    with locked(work):
        assert work.plan().changes == ()


def test_lock_that_is_freed_in_time_is_taken(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()
    held, freed = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(work):
            held.set()
            freed.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    threading.Timer(0.3, freed.set).start()
    try:
        report = work.apply(lock_timeout_s=30)
    finally:
        freed.set()
        holder.join()

    assert report.status == "applied"


def test_waiting_for_the_lock_can_be_interrupted(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()

    async def wait_a_little() -> None:
        request = ApplyRequest(lock_timeout_s=600)
        waiting = asyncio.ensure_future(apply(work.project(), request, Silent()))
        await asyncio.wait([waiting], timeout=0.1)
        waiting.cancel()
        await waiting

    with locked(work), pytest.raises(asyncio.CancelledError):
        asyncio.run(wait_a_little())


def test_run_that_lost_its_lock_sends_nothing_more(work: Bench) -> None:
    work.declare(schema("a"), widget("calls"))

    class Breaking:
        """Somebody unlocks the state as soon as the first change starts."""

        def notify(self, event: object) -> None:
            if isinstance(event, ChangeStarted):
                with work.store(OpenMode.WRITE) as store:
                    store.break_lock(UNLOCKED)

    with pytest.raises(StateLocked):
        work.apply(observer=Breaking(), parallelism=1)

    assert work.sent() == []
