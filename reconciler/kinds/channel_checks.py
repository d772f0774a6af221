"""What a channel's checks say of its queue, its fallback, and its fallback queue.

The rules are those of platform-api.md, section 5. They judge the manifest with its look-ups resolved; a check
that cannot run fails as unavailable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.kinds.fallback import Fallback, is_same_id, queue_id_in
from reconciler.kinds.queues import find_queue, is_unreadable, queue_read
from reconciler.model.address import Address
from reconciler.model.change import Check, CheckStatus, LiveObject
from reconciler.model.remote import Facts
from reconciler.model.values import JsonObject, Tree, TreeObject

TARGET_PATH = "/spec/routingTarget/id"
FALLBACK_PATH = "/spec/fallback"
FALLBACK_QUEUE_PATH = "/spec/fallback/queueId"


def queue_check(address: Address, document: TreeObject, facts: Facts) -> Check:
    """Whether the primary queue exists and can route."""
    check = Check("channel.queue", address, CheckStatus.FAIL, "", {}, TARGET_PATH)
    queue_id = queue_id_in(document)
    if not isinstance(queue_id, str):
        return _until_known(check)
    check = replace(check, data={"queueId": queue_id})
    queue = find_queue(queue_id, facts)
    if queue is None:
        return _without_queue(check, queue_id, facts)
    strategies = sorted(_names(queue.get("routingStrategies")))
    check = replace(check, data={**check.data, "routingStrategies": strategies})
    if not strategies:
        return replace(check, message=f"{_named(queue)} has no routing strategy: nobody would be chosen")
    return replace(
        check, status=CheckStatus.PASS, message=f"{_named(queue)} routes by {', '.join(strategies)}"
    )


def due_check(address: Address, declared: Fallback, live: LiveObject | None, facts: Facts) -> Check:
    """Whether the fallback is due, by the primary queue's numbers; a warning where it is."""
    check = Check("channel.fallback", address, CheckStatus.FAIL, "", {}, FALLBACK_PATH)
    queue_id = queue_id_in(declared.document)
    if not isinstance(queue_id, str):
        return _until_known(check)
    queue = find_queue(queue_id, facts)
    if queue is None:
        found = replace(_without_queue(check, queue_id, facts), path=TARGET_PATH)
        return replace(found, data={"reason": "unavailable"})
    judgement = declared.judge(queue, live.body if live else None)
    status = CheckStatus.WARN if judgement.due else CheckStatus.PASS
    return replace(check, status=status, message=judgement.message, data=judgement.numbers)


def with_fitness(due: Check, declared: Fallback, facts: Facts) -> Check:
    """The same check, failed where the fallback queue cannot stand in for the primary one."""
    primary_id, queue_id = queue_id_in(declared.document), declared.spec.queue_id
    failed = replace(due, status=CheckStatus.FAIL, path=FALLBACK_QUEUE_PATH)
    if is_same_id(queue_id, primary_id):
        return replace(failed, message="the fallback queue is the channel's own queue")
    if not isinstance(queue_id, str):
        return due
    secondary = find_queue(queue_id, facts)
    if secondary is None:
        return _without_queue(failed, queue_id, facts)
    primary = find_queue(primary_id, facts) if isinstance(primary_id, str) else None
    reasons = tuple(unfitness(primary, secondary)) if primary else ()
    if not reasons:
        return due
    return replace(failed, message=f"{_named(secondary)} cannot stand in: it {' and '.join(reasons)}")


def unfitness(primary: JsonObject, secondary: JsonObject) -> Iterator[str]:
    """Why a queue cannot stand in for another: its language, or skills that it lacks."""
    language = primary.get("language")
    if language is not None and secondary.get("language") != language:
        yield f"speaks {secondary.get('language') or 'no language'}, not {language}"
    missing = sorted(_names(primary.get("skills")) - _names(secondary.get("skills")))
    if missing:
        yield f"lacks the skill{'s' if len(missing) > 1 else ''} {', '.join(missing)}"


def _without_queue(check: Check, queue_id: str, facts: Facts) -> Check:
    """The queue is absent, or nobody can tell."""
    if queue_read(queue_id) in facts and not is_unreadable(queue_id, facts):
        return replace(check, message=f"there is no queue {queue_id}")
    problem = facts[queue_read(queue_id)].problem if queue_read(queue_id) in facts else "not read"
    data: JsonObject = {**check.data, "reason": "unavailable"}
    return replace(check, message=f"queue {queue_id} could not be read: {problem}", data=data)


def _until_known(check: Check) -> Check:
    """Nothing can be said before other changes are applied; that is no reason to refuse them."""
    message = "not checked: the queue is known only after other changes"
    return replace(check, status=CheckStatus.WARN, message=message)


def _named(queue: JsonObject) -> str:
    return f"queue {queue.get('name')} ({queue.get('id')})"


def _names(values: Tree) -> frozenset[str]:
    found: Iterable[Tree] = values if isinstance(values, list | tuple) else ()
    return frozenset(str(value) for value in found)
