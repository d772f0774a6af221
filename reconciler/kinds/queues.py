"""Queues, as several kinds see them (platform-api.md, section 6): never managed, often asked about."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from reconciler.model.remote import Facts, Read, get, listing
from reconciler.model.values import JsonObject

QUEUES = "/api/v2/routing/queues"
ALL_QUEUES = listing(QUEUES)


def queue_read(queue_id: str) -> Read:
    """Reads one queue; its absence is an answer."""
    return get(f"{QUEUES}/{quote(queue_id, safe='')}", optional=True)


def queue_reads(queue_ids: Iterable[str], facts: Facts) -> tuple[Read, ...]:
    """What shows these queues, as far as the facts do not yet; asked for all queues of a kind at once.

    One queue is read by id. Several are one listing, which look-ups may have asked for anyway: a plan reads
    no resource by itself.
    """
    unknown = sorted({queue_id for queue_id in queue_ids if not is_queue_known(queue_id, facts)})
    if len(unknown) > 1 and ALL_QUEUES not in facts:
        return (listing(QUEUES, optional=True),)
    return tuple(queue_read(queue_id) for queue_id in unknown)


def is_queue_known(queue_id: str, facts: Facts) -> bool:
    """Whether the facts say what the queue is, or that there is none, or that it cannot be told."""
    return queue_read(queue_id) in facts or find_queue(queue_id, facts) is not None


def find_queue(queue_id: str, facts: Facts) -> JsonObject | None:
    """The queue as last read, by id before any listing; None when it is absent or was not read."""
    if queue_read(queue_id) in facts:
        return facts.one(queue_read(queue_id))
    return facts.find(QUEUES, "id", queue_id)


def listed_queues(facts: Facts) -> Iterable[JsonObject]:
    """All queues of all listings among the facts, filtered ones too."""
    for read in facts.reads_of(QUEUES):
        yield from facts.entities(read) or ()


def is_unreadable(queue_id: str, facts: Facts) -> bool:
    """Whether asking for the queue failed: then nothing is known, not even its absence."""
    answer = facts.get(queue_read(queue_id))
    return answer is not None and answer.problem is not None
