"""Waiting until the org has settled a change, with a deadline and a word to whoever watches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.applying.context import ApplyContext
from reconciler.applying.filling import fill_path
from reconciler.model.address import Address
from reconciler.model.events import ChangeWaiting
from reconciler.model.remote import Facts, Pending, Read, Verdict, Wait


@dataclass(frozen=True, slots=True)
class Waited:
    """How waiting ended; `Pending` when the deadline passed or the user stopped it."""

    verdict: Verdict
    seconds: float
    facts: Facts


async def wait_until(address: Address, wait: Wait, remote_id: str | None, context: ApplyContext) -> Waited:
    """Reads until the verdict is final, or the deadline has passed.

    Raises:
        RemoteError: the org could not be read.
    """
    started = context.clock.monotonic()
    reads = tuple(replace(read, path=fill_path(read.path, remote_id)) for read in wait.reads)
    while True:
        facts = await context.look(lambda _: reads)
        verdict = wait.verdict(_as_asked(wait.reads, reads, facts))
        seconds = round(context.clock.monotonic() - started, 1)
        is_over = seconds + wait.every_s > wait.deadline_s or context.stop.waits_no_longer
        if not isinstance(verdict, Pending) or is_over:
            return Waited(verdict, seconds, facts)
        context.observer.notify(ChangeWaiting(address, verdict.note, seconds, wait.deadline_s))
        await context.clock.sleep(wait.every_s)


def _as_asked(asked: Iterable[Read], sent: Iterable[Read], facts: Facts) -> Facts:
    """The answers by the reads that the kind named, before the id was filled in."""
    return facts.with_answers({wanted: facts[read] for wanted, read in zip(asked, sent, strict=True)})
