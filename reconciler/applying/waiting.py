"""Waiting until the org has settled a change, with a deadline and a word to whoever watches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.applying.context import ApplyContext
from reconciler.applying.filling import fill_path
from reconciler.errors import RemoteError
from reconciler.model.address import Address
from reconciler.model.events import ChangeWaiting
from reconciler.model.remote import Facts, Pending, Read, Verdict, Wait


@dataclass(frozen=True, slots=True)
class Waited:
    """How waiting ended; `Pending` when the deadline passed or the user stopped it."""

    verdict: Verdict
    seconds: float
    facts: Facts


PATIENCE_S = 0.25
"""A wait that the user stops ends within this time."""


async def wait_until(address: Address, wait: Wait, remote_id: str | None, context: ApplyContext) -> Waited:
    """Reads until the verdict is final, or the deadline has passed.

    An org that cannot be read has not said yet: what was sent stands, so that is no failure of the change.
    """
    started = context.clock.monotonic()
    reads = tuple(replace(read, path=fill_path(read.path, remote_id)) for read in wait.reads)
    while True:
        facts, verdict = await _look(wait, reads, context)
        waited_s = context.clock.monotonic() - started
        is_over = waited_s >= wait.deadline_s or context.stop.waits_no_longer
        if not isinstance(verdict, Pending) or is_over:
            return Waited(verdict, round(waited_s, 1), facts)
        context.observer.notify(ChangeWaiting(address, verdict.note, round(waited_s, 1), wait.deadline_s))
        await _sleep(min(wait.every_s, wait.deadline_s - waited_s), context)


async def _look(wait: Wait, reads: tuple[Read, ...], context: ApplyContext) -> tuple[Facts, Verdict]:
    try:
        facts = await context.look(lambda _: reads)
    except RemoteError as error:
        return Facts(), Pending(error.message)
    return facts, wait.verdict(_as_asked(wait.reads, reads, facts))


async def _sleep(seconds: float, context: ApplyContext) -> None:
    """Sleeps in short turns, so that a second interrupt ends the wait soon."""
    until = context.clock.monotonic() + seconds
    while not context.stop.waits_no_longer and (left := until - context.clock.monotonic()) > 0:
        await context.clock.sleep(min(PATIENCE_S, left))


def _as_asked(asked: Iterable[Read], sent: Iterable[Read], facts: Facts) -> Facts:
    """The answers by the reads that the kind named, before the id was filled in."""
    return facts.with_answers({wanted: facts[read] for wanted, read in zip(asked, sent, strict=True)})
