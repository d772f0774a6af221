"""Recovery: intents of earlier runs that never got a result, looked up before anything new is sent.

A create whose answer was lost is repeated with the journalled key and body: the platform answers with the
object that it made, or makes it now (design.md, section 7). An intent older than the platform keeps its keys,
one whose secrets have changed since, or whose repeat is refused by the place rather than for its body, is
looked up by natural key instead. Everything else is idempotent or shows in the org, so planning sees it: what
was begun counts as unsettled, so that none of it is taken for drift or conflict, and it is waited for again.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from reconciler.applying.context import ApplyContext
from reconciler.applying.filling import reveal_secrets
from reconciler.applying.problems import nameless
from reconciler.applying.records import run_record
from reconciler.errors import NotFound, Rejected, RemoteError, StateError
from reconciler.model.address import Address
from reconciler.model.audit import AuditEntry, Phase
from reconciler.model.remote import Answer, listing
from reconciler.model.resource import Resource
from reconciler.model.state import EntryStatus, Intent, PriorEntry
from reconciler.model.values import JsonValue, Secret, Tree, late_values

_logger = logging.getLogger(__name__)
_OF_THE_BODY = frozenset({400, 413})


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of one open intent; `remote_id` None: nothing of it is in the org."""

    intent: Intent
    remote_id: str | None


async def recover(
    intents: Sequence[Intent], resources: Sequence[Resource], context: ApplyContext
) -> tuple[Recovered, ...]:
    """Resolves the open intents of earlier runs, change by change, in the order in which they were made.

    Args:
        resources: the manifests: secrets of a journalled body are found in them by digest.

    Raises:
        RemoteError: the org cannot be asked; the intents stay open.
    """
    known = _secrets_by_digest(resources, context)
    entries = dict(context.store.load().entries) if intents else {}
    found: list[Recovered] = []
    for begun in _by_change(intents):
        resolved = [
            Recovered(intent, await _resolve(intent, known, context) if intent.creates else None)
            for intent in begun
        ]
        entry = _doubtful_entry(resolved, resources, entries)
        _record(resolved, entry, context)
        if entry is not None:
            entries[entry.address] = entry
        found += resolved
    return tuple(found)


def _by_change(intents: Sequence[Intent]) -> list[list[Intent]]:
    """The steps of a change together: one commit closes their intents, and must hold what became of each."""
    changes: dict[tuple[str, Address], list[Intent]] = {}
    for intent in intents:
        changes.setdefault((intent.run_id, intent.address), []).append(intent)
    return list(changes.values())


async def _resolve(intent: Intent, known: Mapping[str, Secret], context: ApplyContext) -> str | None:
    _confirm_create(intent, context)
    age = context.clock.now() - intent.started_at
    body = _with_secrets(intent.body, known)
    if age > timedelta(hours=context.settings.apply.key_memory_h) or _is_masked(body):
        return await _look_up(intent, context)
    try:
        answer = await _repeat(intent, body, context)
    except (Rejected, NotFound) as error:
        return None if _was_refused_at_first(error) else await _look_up(intent, context)
    if (remote_id := _remote_id(intent, answer, context)) is None:
        raise nameless(intent.method, intent.path, answer)
    return remote_id


def _confirm_create(intent: Intent, context: ApplyContext) -> None:
    """Passes what a create of this kind sends.

    Raises:
        StateError: a journal from elsewhere could have any request sent, to other hosts too.
    """
    kind = context.kinds.get(intent.address.kind)
    if (
        kind is None
        or intent.method != "POST"
        or not re.fullmatch(kind.endpoint.collection_pattern, intent.path)
    ):
        raise StateError(
            f"the store's journal holds a request that no create of {intent.address} sends; it was not sent",
            hint="restore the store from a backup: something else than reconciler wrote to it",
            address=str(intent.address),
        )


def _was_refused_at_first(error: RemoteError) -> bool:
    """Whether a repeat's refusal says that the first try made nothing.

    A body that breaks a rule broke it then, and a name that is taken is not ours: our key would be answered
    with our object.
    """
    return error.http_status in _OF_THE_BODY or error.remote_code == "duplicate"


async def _repeat(intent: Intent, body: Tree, context: ApplyContext) -> Answer:
    key = (intent.key_header, intent.key) if intent.key_header else None
    revealed = reveal_secrets(body, context.secrets)
    return await context.org.send(intent.method, intent.path, revealed, fence=context.store, key=key)


def _remote_id(intent: Intent, answer: Answer, context: ApplyContext) -> str | None:
    member = context.kind(intent.address).endpoint.remote_id
    found = answer.body.get(member) if isinstance(answer.body, Mapping) else None
    return found if isinstance(found, str) and found else None


async def _look_up(intent: Intent, context: ApplyContext) -> str | None:
    """The object with the natural key that was to be created, if there is one."""
    kind = context.kind(intent.address)
    if intent.entry is None:
        return None
    read = listing(kind.endpoint.collection_path(intent.entry.scope))
    facts = await context.look(lambda _: (read,))
    wanted = kind.natural_key(intent.entry.base)
    found = (live.remote_id for live in kind.live(facts) if kind.natural_key(live.body) == wanted)
    return next(found, None)


def _record(resolved: Sequence[Recovered], entry: PriorEntry | None, context: ApplyContext) -> None:
    """The entry is unsettled: planning goes on from what the org holds."""
    first = resolved[0].intent
    audit = [_audit(found, entry, context) for found in resolved]
    if entry is None:
        context.store.leave(first.address, audit, run_id=first.run_id, close=True)
    else:
        context.store.settle(first.address, entry, audit, run_id=first.run_id)
    for found in resolved:
        _logger.info(
            "run %s ended while it asked for `%s` of %s: %s",
            first.run_id,
            found.intent.label,
            first.address,
            f"it made {found.remote_id}" if found.remote_id else "the plan shows what is left to do",
        )


def _doubtful_entry(
    resolved: Sequence[Recovered], resources: Sequence[Resource], entries: Mapping[Address, PriorEntry]
) -> PriorEntry | None:
    """What prior state is to hold of a change that was cut short; None: nothing of it.

    An object that is held already stays under its address: a rename is made by the plan.
    """
    intent = resolved[0].intent
    made = {found.remote_id: found.intent.entry for found in resolved if found.remote_id is not None}
    same = [
        held
        for held in entries.values()
        if held.remote_id in made and held.address.kind == intent.address.kind
    ]
    created = [(remote_id, entry) for remote_id, entry in made.items() if entry is not None]
    if created and not same:
        remote_id, entry = created[-1]
        return replace(entry, remote_id=remote_id, status=EntryStatus.UNSETTLED)
    held = same[0] if same else _held(intent.address, resources, entries)
    if held is None:
        return None
    return replace(held, status=EntryStatus.UNSETTLED, plan_fingerprint=intent.plan_fingerprint)


def _held(
    address: Address, resources: Sequence[Resource], entries: Mapping[Address, PriorEntry]
) -> PriorEntry | None:
    """The entry of an address, perhaps under a former name."""
    former = [
        Address(address.kind, name) for one in resources if one.address == address for name in one.formerly
    ]
    declared = {resource.address for resource in resources}
    names = (address, *(name for name in former if name not in declared))
    return next((entries[name] for name in names if name in entries), None)


def _audit(found: Recovered, entry: PriorEntry | None, context: ApplyContext) -> AuditEntry:
    intent = found.intent
    return run_record(
        context.run,
        Phase.RESULT,
        context.clock.now(),
        address=str(intent.address),
        kind=intent.address.kind,
        action=intent.action,
        remote_id=found.remote_id or (entry.remote_id if entry else None),
        outcome="recovered",
        idempotency_key=intent.key,
        detail={"label": intent.label, "begun_by": intent.run_id},
    )


def _secrets_by_digest(resources: Sequence[Resource], context: ApplyContext) -> dict[str, Secret]:
    return {
        context.secrets.digest(late): late
        for resource in resources
        for _, late in late_values(resource.spec)
        if isinstance(late, Secret)
    }


def _with_secrets(tree: JsonValue, known: Mapping[str, Secret]) -> Tree:
    """A journalled body with its digests replaced by the manifest's secrets again."""
    if isinstance(tree, Mapping):
        digest = tree.get("$secret") if len(tree) == 1 else None
        if isinstance(digest, str) and digest in known:
            return known[digest]
        return {name: _with_secrets(value, known) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_with_secrets(value, known) for value in tree]
    return tree


def _is_masked(tree: Tree) -> bool:
    """Whether a secret of the body is not known any more: its digest must never be sent for it."""
    if isinstance(tree, Mapping):
        return "$secret" in tree or any(_is_masked(value) for value in tree.values())
    return isinstance(tree, list | tuple) and any(_is_masked(value) for value in tree)
