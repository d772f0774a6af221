"""The contract that every kind keeps (design.md, section 2): judged on one example manifest of each.

A new kind is under it as soon as it is in `KINDS` and `examples/` holds its manifest, which names every
member that its spec declares.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from reconciler.kinds import KINDS
from reconciler.kinds.base import Kind, Owns
from reconciler.manifests.json_schema import json_schema
from reconciler.model.change import Action, Change, CheckStatus, Reason
from reconciler.model.remote import Read, Step
from reconciler.model.values import JsonObject, as_json, tokens, value_at
from reconciler.planning.canonical import canonical, project
from reconciler.planning.diff import Sides, diff_fields
from reconciler.planning.judging import check_reads
from reconciler.planning.planner import planning_reads
from reconciler.remote.endpoints import scope_of
from tests.unit.kinds.contract.bodies import is_within, leaves, told
from tests.unit.kinds.contract.edits import (
    Edit,
    can_stand,
    declared_members,
    edits_of,
    is_valid,
    named_members,
    places,
    without,
)
from tests.unit.kinds.contract.harness import Example

pytestmark = pytest.mark.parametrize("kind", sorted(KINDS))


def edits(example: Example) -> list[Edit]:
    """One edit of each member."""
    return list(edits_of(example.kind, example.resource))


def updates(example: Example) -> list[tuple[Edit, Change]]:
    """The edits that the org is told of in place."""
    made = [(edit, example.change(edit.spec)) for edit in edits(example)]
    return [(edit, change) for edit, change in made if change and _is_written(change)]


def _is_written(change: Change) -> bool:
    return change.action is Action.UPDATE and bool(change.steps)


# -- the example -----------------------------------------------------------------------------------------


def test_example_names_every_member_that_can_stand_beside_the_others(example: Example) -> None:
    named = set(named_members(example.resource.spec))
    missing = sorted(set(declared_members(example.kind.field_rules)) - named)

    assert [pointer for pointer in missing if can_stand(example.kind, example.resource, pointer)] == []


def test_members_are_camel_case(kind: str) -> None:
    names = {pointer.rpartition("/")[2] for pointer in declared_members(KINDS[kind].field_rules)}

    assert [name for name in sorted(names) if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name)] == []


def test_kind_has_a_table_entry_under_its_own_name(kind: str) -> None:
    assert KINDS[kind].name == kind


def test_scopes_are_those_that_a_refused_request_is_explained_with(kind: str) -> None:
    endpoint = KINDS[kind].endpoint

    assert scope_of("GET", endpoint.collection) in (endpoint.read_scope, None)
    assert scope_of(endpoint.update, endpoint.collection) in (endpoint.write_scope, None)


# -- create and no-op ------------------------------------------------------------------------------------


def test_first_apply_creates_the_object_or_takes_over_its_settings(example: Example) -> None:
    (change,) = example.fresh.changes

    is_settings = example.kind.endpoint.owns is Owns.SETTINGS
    assert (change.action, change.reason) == (Action.UPDATE if is_settings else Action.CREATE, Reason.NEW)
    assert change.steps
    assert change.fields


def test_first_apply_is_refused_by_nothing(example: Example) -> None:
    failed = [check for check in example.fresh.plan.checks if check.status is CheckStatus.FAIL]

    assert failed == []
    assert example.fresh.plan.applyable


def test_create_yields_the_remote_id(example: Example) -> None:
    (change,) = example.fresh.changes

    if change.action is Action.CREATE:
        assert [step.yields for step in change.steps if step.yields] == [
            f"/{example.kind.endpoint.remote_id}"
        ]


def test_planning_after_the_apply_finds_nothing(example: Example) -> None:
    assert example.settled.changes == ()
    assert example.settled.plan.summary.unchanged == 1
    assert example.settled.plan.drift == ()


# -- edits -----------------------------------------------------------------------------------------------


def test_every_member_can_be_edited(example: Example) -> None:
    wanted = {_anywhere(pointer) for pointer in places(example.kind.field_rules, example.resource.spec)}
    reached = {_anywhere(edit.pointer) for edit in edits(example)}

    one_word = re.findall(r'"(\w+)": {"anyOf": \[{"const"', json.dumps(_json_schema(example.kind)))
    assert {name for name in wanted - reached if name.rpartition("/")[2] not in one_word} == set()


def _anywhere(pointer: str) -> str:
    """A pointer without the indexes of lists."""
    return re.sub(r"/\d+(?=/|$)", "", pointer)


def _json_schema(kind: Kind[Any]) -> JsonObject:
    found: JsonObject = json_schema(KINDS, kind.name)
    return found


def test_edit_of_any_member_shows_at_that_member(example: Example) -> None:
    for edit in edits(example):
        change = example.change(edit.spec)

        assert change is not None, edit.pointer
        shown = [found.path for found in change.fields]
        assert any(is_within(path, edit.member) for path in shown), (edit.pointer, shown)


def test_edit_of_an_immutable_member_replaces_and_no_other_does(example: Example) -> None:
    is_settings = example.kind.endpoint.owns is Owns.SETTINGS
    for edit in edits(example):
        change = example.change(edit.spec)
        assert change is not None

        replaces = edit.rules.immutable and not is_settings
        assert (change.action is Action.REPLACE) is replaces, edit.pointer
        assert replaces == (change.reason is Reason.IMMUTABLE_FIELD)


def test_settings_of_another_object_are_another_matter(example: Example) -> None:
    if example.kind.endpoint.owns is not Owns.SETTINGS:
        return
    for edit in (found for found in edits(example) if found.rules.immutable):
        change = example.change(edit.spec)

        assert change is not None
        assert (change.reason, change.prior, change.steps) == (Reason.NEW, None, ())


def test_edit_of_what_is_never_sent_sends_nothing(example: Example) -> None:
    for edit in (found for found in edits(example) if found.rules.local):
        change = example.change(edit.spec)
        assert change is not None

        assert change.action is Action.UPDATE
        tells_org = any(example.kind.is_sent(found.path) for found in change.fields)
        assert bool(change.steps) is tells_org, edit.pointer


def test_edit_of_what_is_sent_is_sent_or_refused(example: Example) -> None:
    for edit in (found for found in edits(example) if not (found.rules.local or found.rules.immutable)):
        draft = example.planned(edit.spec)
        (change,) = draft.changes

        refusals = [check for check in example.checks(draft) if check.status is CheckStatus.FAIL]
        assert change.steps or refusals, edit.pointer


def test_whole_bodies_hold_exactly_what_is_shown(example: Example) -> None:
    if example.kind.endpoint.update == "PATCH":
        return
    rules, masks = example.kind.field_rules, example.settled.draft.inputs.masks
    for edit, change in updates(example):
        body = told(change.steps, rules.members)
        after = example.kind.body(change.after or {})

        assert canonical(project(body, after, rules, masks), rules, masks) == canonical(after, rules, masks)
        moved = diff_fields(Sides(body, example.live.body), rules, masks)
        shown = [found.path for found in change.fields if example.kind.is_sent(found.path)]
        assert [found.path for found in moved] == shown, edit.pointer


def test_partial_bodies_hold_what_is_shown(example: Example) -> None:
    if example.kind.endpoint.update == "PUT":
        return
    for edit, change in updates(example):
        sent = {json.dumps(leaf) for step in change.steps for leaf in leaves(step.request.body)}
        told_of = [found for found in change.fields if example.kind.is_sent(found.path)]
        shown = [leaf for found in told_of for leaf in leaves(found.after)]

        assert {json.dumps(leaf) for leaf in shown} <= sent, edit.pointer


def test_live_fields_that_the_manifest_does_not_name_are_kept(example: Example) -> None:
    for pointer in _optional_members(example):
        change = _change_without(example, pointer)

        assert change is not None, pointer
        assert not any(is_within(found.path, pointer) for found in change.fields)
        if example.kind.endpoint.update == "PUT":
            body = told(change.steps, example.kind.field_rules.members)
            assert value_at(body, pointer) == value_at(example.live.body, pointer)


def _optional_members(example: Example) -> list[str]:
    """What the manifest may leave out, and the org holds all the same."""
    spec, rules = example.resource.spec, example.kind.field_rules
    always = example.kind.complete(replace(example.resource, spec={}))
    return [
        pointer
        for pointer in places(rules, spec)
        if rules.member(tokens(pointer)[0]).is_sent
        and tokens(pointer)[0] not in always
        and is_valid(example.kind, example.resource, without(spec, tokens(pointer)))
    ]


def _change_without(example: Example, pointer: str) -> Change | None:
    """An update of something else, by a manifest that never named a member."""
    base = example.settled.draft.inputs.prior.entries[example.address].base
    for edit, change in updates(example):
        if not is_within(edit.pointer, pointer) and not is_within(pointer, edit.pointer):
            spec = without(edit.spec, tokens(pointer))
            if is_valid(example.kind, example.resource, spec) and change.steps:
                return example.change(spec, base=without(base, tokens(pointer)))
    return None


# -- removal ---------------------------------------------------------------------------------------------


def test_removal_deletes_objects_and_forgets_settings(example: Example) -> None:
    (change,) = example.planned(None).changes

    if example.kind.endpoint.owns is Owns.OBJECTS:
        assert (change.action, change.reason) == (Action.DELETE, Reason.REMOVED)
        assert change.steps
    else:
        assert (change.action, change.steps) == (Action.FORGET, ())


# -- requests --------------------------------------------------------------------------------------------


def all_changes(example: Example) -> list[Change]:
    """Create, each edit, and removal."""
    made = [example.change(edit.spec) for edit in edits(example)]
    return [*example.fresh.changes, *filter(None, made), *example.planned(None).changes]


def test_every_request_has_a_key_or_is_idempotent_by_itself(example: Example) -> None:
    for change in all_changes(example):
        for step in change.steps:
            assert step.key_header or _is_idempotent(step), step.label


def _is_idempotent(step: Step) -> bool:
    """A PUT, a DELETE, what may fail, and a status of one version (platform-api.md, section 3)."""
    body = step.request.body
    names_version = isinstance(body, Mapping) and set(body) == {"version", "status"}
    return step.request.method in ("PUT", "DELETE") or step.best_effort or names_version


def test_keys_travel_in_the_header_of_the_endpoint(example: Example) -> None:
    headers = {step.key_header for change in all_changes(example) for step in change.steps}

    assert headers <= {None, example.kind.endpoint.key_header}


def test_reads_name_no_method_that_changes_anything(example: Example) -> None:
    draft, facts = example.settled.draft, example.settled.facts
    reads: list[Read] = [*planning_reads(draft.inputs), *check_reads(example.fresh.draft, facts)]
    for change in all_changes(example):
        reads += [read for step in change.steps if step.until for read in step.until.reads]
    reads += example.kind.item_reads(example.live.remote_id, example.live.scope)

    assert {read.method for read in reads} <= {"GET", "QUERY"}
    assert len(reads) > 1


def test_paths_belong_to_the_platform(example: Example) -> None:
    for change in all_changes(example):
        assert all(step.request.path.startswith("/api/v2/") for step in change.steps)


# -- values ----------------------------------------------------------------------------------------------


def test_what_only_the_server_writes_is_in_no_body(example: Example) -> None:
    hidden = {"id", "selfUri", "dateCreated", "dateModified", "createdBy", "modifiedBy"}
    hidden |= example.kind.endpoint.read_only

    assert set(example.live.body) & hidden == set()
    for change in all_changes(example):
        sent = [name for step in change.steps for name in _top_level(step)]
        assert set(sent) & hidden == set()


def _top_level(step: Step) -> Iterable[str]:
    return step.request.body if isinstance(step.request.body, Mapping) else ()


def test_write_only_and_local_members_are_never_live(example: Example) -> None:
    members = example.kind.field_rules.members.items()
    never_shown = {name for name, member in members if member.write_only or member.local}

    assert set(example.live.body) & never_shown == set()


def test_local_members_and_path_members_are_never_sent(example: Example) -> None:
    members = example.kind.field_rules.members.items()
    never_sent = {name for name, member in members if not member.is_sent}

    for change in all_changes(example):
        assert {name for step in change.steps for name in _top_level(step)} & never_sent == set()


def test_changes_survive_json(example: Example) -> None:
    masks = example.settled.draft.inputs.masks
    for change in all_changes(example):
        trees = [change.before, change.after, *(step.request.body for step in change.steps)]
        plain = [as_json(tree, masks.of_secret) for tree in trees]

        assert json.loads(json.dumps(plain)) == plain


def test_prior_state_survives_json(example: Example) -> None:
    entry = example.settled.draft.inputs.prior.entries[example.address]

    assert json.loads(json.dumps(entry.base)) == entry.base
    assert json.loads(json.dumps(dict(entry.scope))) == entry.scope


def test_live_objects_are_found_by_their_own_ids(example: Example) -> None:
    found = [live for live in example.kind.live(example.settled.facts) if live == example.live]

    assert len(found) == 1
    assert example.kind.natural_key(example.live.body) == example.kind.natural_key(
        example.kind.complete(example.resource)
    )


# -- purity ----------------------------------------------------------------------------------------------


def test_hooks_are_pure(example: Example) -> None:
    for change in all_changes(example):
        before = copy.deepcopy(change)

        assert answers(example.kind, change, example) == answers(example.kind, change, example)
        assert change == before


def test_hooks_leave_facts_and_manifest_alone(example: Example) -> None:
    facts, resource = example.settled.facts, example.resource
    before = copy.deepcopy((dict(facts), resource))

    assert readings(example.kind, example) == readings(example.kind, example)
    assert (dict(facts), resource) == before


def answers(kind: Kind[Any], change: Change, example: Example) -> list[object]:
    """All that a kind says about a change."""
    facts = example.settled.facts
    return [
        kind.steps(change, change.live),
        list(kind.check_reads(change, facts)),
        list(kind.checks(change, facts)),
        kind.report(change, facts),
        kind.report(change, facts, example.live) if change.after is not None else None,
    ]


def readings(kind: Kind[Any], example: Example) -> list[object]:
    """All that a kind says about a manifest and the org."""
    facts, resource, live = example.settled.facts, example.resource, example.live
    entries = list(example.settled.draft.inputs.prior.entries.values())
    return [
        list(kind.rules(resource, kind.spec.model_validate(resource.spec))),
        list(kind.peer_rules([resource])),
        kind.complete(resource),
        kind.natural_key(kind.complete(resource)),
        list(kind.references(kind.complete(resource))),
        list(kind.reads([resource], entries, facts)),
        list(kind.live(facts)),
        kind.desired(resource, live, facts),
        kind.switch(resource, live, facts),
        kind.settlement(live),
        list(kind.standing_reads(resource, facts)),
        list(kind.standing_checks(resource, live, facts)),
    ]
