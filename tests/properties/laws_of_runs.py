"""Laws of every apply, whatever went wrong, and of those in which nothing did (style.md, Tests)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.model.change import Reason
from reconciler.model.outcome import Outcome
from reconciler.model.plan import PlannedStep
from tests.properties.estates import Document, address_of, external_id
from tests.properties.oracle import (
    Seats,
    losses,
    matrix_losses,
    wanted_of,
)
from tests.properties.runs import Run
from tests.properties.specs import MATRICES
from tests.properties.watching import OURS, Sent

if TYPE_CHECKING:
    from tests.properties.worlds import World

_CARRIED = (Reason.UNSETTLED, Reason.UNKNOWN_OUTCOME, Reason.FALLBACK)
"""What is looked at once more before it is sent, so that less may leave than was shown."""

# -- every run -------------------------------------------------------------------------------------------


def after_any_run(world: World, run: Run) -> None:
    """What holds whatever went wrong."""
    assert world.watch.problems == [], world.watch.problems
    strangers_are_untouched(world, run)
    unnamed_fields_keep_their_value(world, run)
    only_what_was_applied_is_removed(run)
    a_key_stands_for_one_request(world, run)
    nothing_is_lost_track_of(world, run)
    what_is_put_back_is_as_before(run)
    world.work.audit()


def strangers_are_untouched(world: World, run: Run) -> None:
    """What is in neither manifests nor prior state is never touched."""
    ours = {*run.before.held, *run.after.held, *_adoptable(world, run)}
    for name, objects in run.before.objects.items():
        for each, document in objects.items():
            if name in ("queues", "members") or each in ours or each.partition("/")[0] in ours:
                continue
            assert run.after.objects[name].get(each) == document, f"{name} {each} is not ours"
    for name, objects in run.after.objects.items():
        new = set(objects) - set(run.before.objects[name])
        made = {each for sent in run.sent for each in sent.made}
        assert name == "schemaVersions" or new <= made, f"{name}: {new - made} came from nowhere"


def _adoptable(world: World, run: Run) -> Iterator[str]:
    """Ids of objects with the natural key of a manifest that may take them over."""
    for document in world.estate:
        is_allowed = run.move.adopts or document.get("lifecycle", {}).get("adopt")
        if document["kind"] == "Schema" and is_allowed:
            yield external_id(document)
        elif is_allowed:
            yield from (
                each
                for name in ("widgets", "channels")
                for each, live in run.before.objects[name].items()
                if live["name"] == document["spec"].get("name")
            )


def unnamed_fields_keep_their_value(world: World, run: Run) -> None:
    """Invariant 4, of objects and of the bodies of requests."""
    names = {**run.after.held, **run.before.held}
    for name in OURS:
        for each, before in run.before.objects[name].items():
            after, entry = run.after.objects[name].get(each), names.get(each)
            if entry is None or after is None or before.get("status") == "DEPRECATED":
                continue
            document = world.document_of(entry)
            if document is None:
                assert _settled(after) == _settled(before), f"{each} has left the manifests, and was altered"
                continue
            _keeps(document, before, after, f"{document['kind']} {each}", is_turned=run.move.fallback)
    for sent in run.sent:
        entry = names.get(str(sent.before["id"])) if sent.before else None
        document = world.document_of(entry) if entry else None
        if sent.method == "PUT" and sent.before is not None and document is not None:
            _keeps(document, sent.before, sent.body, f"body of {sent}", is_turned=run.move.fallback)
    for matrix in MATRICES:
        _queue_keeps(world, run, matrix)


def _settled(document: Document) -> Document:
    """Without what moves by itself, or when a schema is deprecated."""
    moving = ("status", "renderStatus", "statusReason", "dateModified", "modifiedBy", "version")
    return {name: value for name, value in document.items() if name not in moving}


def _keeps(document: Document, before: Document, after: Document, what: str, *, is_turned: bool) -> None:
    named = dict(document["spec"])
    if is_turned and "fallback" in named:
        named = {**named, "availability": {**named.get("availability", {}), "default": {"status": ""}}}
    found = list(losses(before, after, named))
    assert not found, f"{what} was altered where {address_of(document)} names nothing: {found}"


def _queue_keeps(world: World, run: Run, name: str) -> None:
    declared = next((each for each in world.estate if address_of(each) == f"WeightMatrix/{name}"), None)
    wanted = wanted_of(declared, world.values(run.after)) if declared else None
    found = list(matrix_losses(Seats.of(name, run.before.objects), Seats.of(name, run.after.objects), wanted))
    assert not found, f"queue {MATRICES[name]} was altered where its matrix names nothing: {found}"


def only_what_was_applied_is_removed(run: Run) -> None:
    """Invariant 3; what an earlier run made and could not record counts as applied."""
    unrecorded = {
        each
        for each in run.before.standing
        if any(intent.creates for intent in run.before.prior.open_intents)
    }
    for sent in run.sent:
        is_removal = sent.method == "DELETE" or (
            sent.method == "PATCH" and isinstance(sent.body, dict) and sent.body.get("status") == "DEPRECATED"
        )
        if is_removal and sent.before is not None:
            known = sent.before["id"] in {*run.before.held, *unrecorded}
            assert known, f"{sent} removes what was never applied"


def a_key_stands_for_one_request(world: World, run: Run) -> None:
    """A key is of one operation; its repeats are the same to the byte."""
    for sent in run.sent:
        if sent.key is not None:
            told = json.dumps([sent.method, sent.path, sent.body], sort_keys=True)
            assert world.keys.setdefault(sent.key, told) == told, f"one key for two requests: {sent}"


def nothing_is_lost_track_of(world: World, run: Run) -> None:
    """What we made is in prior state, or an open intent tells of it, or we were to let it go."""
    if any(intent.creates for intent in run.after.prior.open_intents):
        return
    lost = {
        each
        for each in world.made & set(run.after.standing)
        if each not in run.after.held and each not in world.strangers and not _may_be_left(run, each)
    }
    assert not lost, f"{lost} is ours, and nothing knows of it"


def _may_be_left(run: Run, object_id: str) -> bool:
    """Whether the entry that held the object said to forget it."""
    entry = run.before.held.get(object_id)
    return entry is not None and entry.lifecycle.on_remove == "forget"


def what_is_put_back_is_as_before(run: Run) -> None:
    """A change that says it was rolled back has left no trace."""
    for result in run.report.results if run.report else ():
        if result.outcome is Outcome.ROLLED_BACK:
            name = result.address.partition("/")[2]
            before, after = (Seats.of(name, moment.objects) for moment in (run.before, run.after))
            assert after.members == before.members, f"{result.address} was not put back"
            assert _settled(after.queue) == _settled(before.queue), f"{result.address} was not put back"


# -- runs in which nothing went wrong --------------------------------------------------------------------


def after_undisturbed_run(run: Run) -> None:
    """A plan that nothing refuses is carried out, as it was shown; one that is refused sends nothing."""
    assert run.report is not None, run.error
    told = [f"{found.code}: {found.message}" for found in run.report.diagnostics]
    if not run.planned.applyable:
        assert (run.report.status, list(map(str, run.sent))) == ("refused", []), told
        assert run.before.objects == run.after.objects
        assert run.before.prior.entries == run.after.prior.entries
        return
    assert run.converged, f"{run.report.status}: {told}"
    assert run.report.plan_fingerprint == run.planned.fingerprint, "the same plan has another fingerprint"
    what_is_sent_is_what_was_shown(run)


def what_is_sent_is_what_was_shown(run: Run) -> None:
    """Invariant 9."""
    if any(change.reason in _CARRIED for change in run.planned.changes):
        return
    shown = [step for change in run.planned.changes for step in change.steps]
    for sent in run.sent:
        found = next((step for step in shown if _is_shown(sent, step)), None)
        assert found is not None, f"{sent} was never shown; left are {shown}"
        shown.remove(found)
    assert shown == [], "shown, and never sent"


def _is_shown(sent: Sent, step: PlannedStep) -> bool:
    path = "[^/]+".join(map(re.escape, re.split(r"\{\w+\}", step.path)))
    return sent.method == step.method and bool(re.fullmatch(path, sent.path)) and _fits(sent.body, step.body)


def _fits(sent: Any, shown: Any) -> bool:  # noqa: ANN401
    """Whether a body is the shown one, with what only the apply knows filled in."""
    if isinstance(shown, Mapping) and ("$unknown" in shown or "$secret" in shown):
        return isinstance(sent, str)
    if isinstance(shown, Mapping):
        return (
            isinstance(sent, Mapping)
            and sent.keys() == shown.keys()
            and all(_fits(sent[name], value) for name, value in shown.items())
        )
    if isinstance(shown, list | tuple):
        return (
            isinstance(sent, list)
            and len(sent) == len(shown)
            and all(_fits(one, other) for one, other in zip(sent, shown, strict=True))
        )
    return bool(sent == shown)
