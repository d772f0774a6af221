"""Each kind's example against a real org over HTTP: made, found unchanged, edited, taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import KINDS
from reconciler.kinds.base import Owns
from reconciler.model.change import Action, LiveObject
from reconciler.model.outcome import RunStatus
from reconciler.model.resource import Resource
from reconciler.model.values import TreeObject, tokens, value_at
from reconciler.planning.diff import Sides, diff_fields
from reconciler.planning.documents import Planned
from tests.unit.kinds.contract.edits import edits_of, is_valid, with_value
from tests.unit.kinds.contract.harness import Repository, example_text, repository

pytestmark = pytest.mark.parametrize("kind", sorted(KINDS))
KEEPER = """
---
apiVersion: reconciler/v1
kind: Schema
metadata: { name: keeper }
spec: { name: Keeper, fields: [] }
"""
"""A manifest that stays when the example leaves: an empty folder deletes nothing."""


@pytest.fixture(name="place")
def _place(tmp_path: Path) -> Iterator[Repository]:
    with repository(tmp_path) as made:
        yield made


def test_example_is_made_found_unchanged_and_taken_away(kind: str, place: Repository) -> None:
    place.write(example_text(kind) + KEEPER)
    assert place.apply().status is RunStatus.APPLIED
    place.org.forget_requests()

    assert place.apply().converged
    assert place.org.mutations() == ()
    place.write(KEEPER)
    (change,) = place.plan().changes
    is_settings = KINDS[kind].endpoint.owns is Owns.SETTINGS
    assert change.action is (Action.FORGET if is_settings else Action.DELETE)
    assert place.apply().status is RunStatus.APPLIED
    assert place.plan().changes == ()


def test_org_moves_exactly_as_the_plan_shows(kind: str, place: Repository) -> None:
    place.write(example_text(kind))
    place.apply()
    before = settled(place.plan(), kind)

    spec = edited_everywhere(kind, place, before[0])
    (change,) = place.plan().changes
    assert place.apply().status is RunStatus.APPLIED
    after = settled(place.plan(), kind)

    assert spec != before[0].spec
    sides = Sides(desired=after[1].body, live=before[1].body)
    moved = diff_fields(sides, KINDS[kind].field_rules, place.plan().draft.inputs.masks)
    shown = [found for found in change.fields if KINDS[kind].is_sent(found.path)]
    assert [(found.path, found.after) for found in moved] == [(found.path, found.after) for found in shown]
    assert len(shown) > 2


def settled(planned: Planned, kind: str) -> tuple[Resource, LiveObject]:
    """The example, which the org has as it is desired, and what the org has."""
    assert planned.changes == ()
    (decision,) = (found for found in planned.draft.decisions.values() if found.resource.address.kind == kind)
    assert decision.live is not None
    return decision.resource, decision.live


def edited_everywhere(kind: str, place: Repository, resource: Resource) -> TreeObject:
    """Edits each member in turn, and leaves the manifest with the edits that the org takes in place."""
    spec: Any = resource.spec
    for edit in edits_of(KINDS[kind], resource):
        if edit.rules.immutable or edit.rules.local:
            continue
        tried = _with_edit(spec, edit.pointer, edit.spec)
        if tried is not None and is_valid(KINDS[kind], resource, tried):
            place.write(_manifest(kind, tried))
            spec = tried if _is_taken(place.plan()) else spec
    place.write(_manifest(kind, spec))
    return dict(spec)


def _with_edit(spec: Any, pointer: str, edited: TreeObject) -> Any:  # noqa: ANN401  # any JSON
    """The spec with one more edit; None where an earlier one took its place away."""
    try:
        value_at(spec, pointer)
    except KeyError:
        return None
    return with_value(spec, tokens(pointer), value_at(edited, pointer))


def _is_taken(planned: Planned) -> bool:
    return planned.plan.applyable and all(change.action is Action.UPDATE for change in planned.changes)


def _manifest(kind: str, spec: TreeObject) -> str:
    document: dict[str, object] = {
        "apiVersion": "reconciler/v1",
        "kind": kind,
        "metadata": {"name": "example"},
        "spec": spec,
    }
    return json.dumps(document)
