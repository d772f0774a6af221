"""Laws of planning, over manifests, prior state and orgs that nobody wrote by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.change import Action
from reconciler.model.plan import Plan
from reconciler.model.resource import Resource
from reconciler.model.values import JsonObject, JsonValue, Tree, TreeObject
from reconciler.planning.inputs import OnConflict, PlanOptions
from reconciler.settings import SafetySettings
from tests.unit.planning.builders import (
    ALL_KINDS,
    PLANTED,
    SECRET,
    Situation,
    applied,
    document,
    entry,
    gadget,
    linked,
    live,
    live_schema,
    make,
    org,
    ref,
    schema,
)
from tests.unit.planning.gadgets import COLLECTION

NAMES = "abcde"
LOOSE = SafetySettings(max_deletes=1000, max_delete_percent=100, max_update_percent=100)
EVERYTHING = PlanOptions(on_conflict=OnConflict.OURS, adopt=("*",))

texts: st.SearchStrategy[str] = st.sampled_from(["x", "y", " z ", "#ABC", "#aabbcc"])
numbers: st.SearchStrategy[float] = st.sampled_from([0, 1, 1.0, 2.5])
parts: st.SearchStrategy[list[dict[str, Tree]]] = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("pqr")}, optional={"size": numbers, "owner": texts}),
    max_size=3,
    unique_by=lambda part: str(part["name"]),
)
boxes: st.SearchStrategy[dict[str, Tree]] = st.fixed_dictionaries(
    {}, optional={"width": numbers, "height": numbers, "label": texts}
)
fields: dict[str, st.SearchStrategy[Tree]] = {
    "description": texts,
    "model": st.sampled_from("mn"),
    "colour": st.sampled_from(["#abc", "#AABBCC", "#000"]),
    "tags": st.lists(texts, max_size=3),
    "order": st.lists(texts, max_size=3),
    "parts": parts,
    "friends": parts,
    "box": boxes,
    "count": numbers,
}
bodies: st.SearchStrategy[dict[str, Tree]] = st.fixed_dictionaries({}, optional=fields)


@st.composite
def specs(draw: st.DrawFn, name: str) -> TreeObject:
    """A gadget's spec, with secrets, members that are never sent, and references to earlier names."""
    spec: dict[str, Tree] = {**draw(bodies)}
    if draw(st.booleans()):
        spec["description" if draw(st.booleans()) else "key"] = SECRET
    if draw(st.booleans()):
        spec["note"] = draw(texts)
    earlier = NAMES[: NAMES.index(name)]
    if earlier and draw(st.booleans()):
        spec["target"] = ref(f"Gadget/{draw(st.sampled_from(earlier))}")
    return spec


@st.composite
def manifests(draw: st.DrawFn) -> list[Resource]:
    """Gadgets and schemas; references lead to what is declared."""
    found = [gadget(name, draw(specs(name))) for name in draw(st.sets(st.sampled_from(NAMES)))]
    declared = {one.address for one in found}
    found = [
        one
        if all(dependency.target in declared for dependency in one.dependencies)
        else gadget(one.address.name)
        for one in found
    ]
    names = sorted(draw(st.sets(st.sampled_from("stu"))))
    return [
        *found,
        *(schema(name, *names[: index if draw(st.booleans()) else 0]) for index, name in enumerate(names)),
    ]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Manifests, what was applied before, and an org that has moved since."""
    before = linked(draw(manifests()))
    prior = [entry(one) for one in before]
    objects = [
        live(name, draw(bodies), **({"description": PLANTED} if draw(st.booleans()) else {}))
        for name in draw(st.sets(st.sampled_from(NAMES)))
    ]
    schemas = [live_schema(name) for name in draw(st.sets(st.sampled_from("stu")))]
    return Situation(draw(manifests()), prior, org(*objects, schemas=schemas), EVERYTHING, safety=LOOSE)


quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(situations(), st.data())
def test_order_never_changes_a_plan(situation: Situation, order: st.DataObject) -> None:
    collections = {
        path: order.draw(st.permutations(found)) for path, found in situation.org.collections.items()
    }
    other = replace(
        situation,
        declared=order.draw(st.permutations(situation.declared)),
        prior=order.draw(st.permutations(situation.prior)),
        org=replace(situation.org, collections=collections),
    )

    assert document(make(other).plan) == document(make(situation).plan)


@quick
@given(situations())
def test_after_an_apply_planning_again_finds_nothing(situation: Situation) -> None:
    again = make(applied(situation)).plan

    assert [(one.address, one.action, one.reason, one.fields) for one in again.changes] == []
    assert again.drift == ()


@quick
@given(situations())
def test_what_is_in_neither_manifests_nor_prior_state_is_never_touched(situation: Situation) -> None:
    made = make(situation)
    ours = {one.address for one in situation.declared} | {one.address for one in situation.prior}
    keys = {one.spec.get("name") for one in situation.declared} | {
        one.address.name for one in situation.declared
    }

    assert {change.address for change in made.changes} <= ours
    held = {one.remote_id for one in situation.prior}
    for change in made.changes:
        assert (
            change.live is None
            or change.live.remote_id in held
            or change.live.remote_id.removeprefix("id-") in keys
        )
        assert change.action is not Action.DELETE or change.remote_id in held


@quick
@given(situations())
def test_what_a_manifest_does_not_name_keeps_its_value(situation: Situation) -> None:
    objects = {str(one["id"]): one for one in situation.org.collections[COLLECTION]}
    for change in make(situation).changes:
        for step in change.steps:
            if step.request.method == "PUT" and change.remote_id in objects:
                assert_kept(objects[change.remote_id], step.request.body, change.after or {})


def assert_kept(current: JsonObject, body: Tree, managed: TreeObject) -> None:
    assert isinstance(body, Mapping)
    hidden = {"id", "version"}
    for name, value in current.items():
        if name not in managed and name not in hidden:
            assert body[name] == value
        elif isinstance(value, Mapping) and isinstance(managed.get(name), Mapping):
            assert_kept(value, body[name], managed[name])  # type: ignore[arg-type]


@quick
@given(situations())
def test_each_update_shows_a_field_and_sends_what_it_shows(situation: Situation) -> None:
    for change in make(situation).changes:
        assert change.fields or change.action is not Action.UPDATE
        is_sent = any(ALL_KINDS[change.address.kind].is_sent(field.path) for field in change.fields)
        assert bool(change.steps) is is_sent or change.action not in (Action.UPDATE, Action.ADOPT)


@quick
@given(situations())
def test_a_planted_secret_appears_nowhere(situation: Situation) -> None:
    prior = {one.address.name: one.base for one in situation.prior}
    manifest = {one.address.name: one.spec for one in situation.declared}
    known = [
        name
        for name in NAMES
        if SECRET in manifest.get(name, {}).values() or holds_digest(prior.get(name, {}))
    ]
    found: Plan = make(situation).plan

    shown = [str(one) for one in found.changes if one.address.removeprefix("Gadget/") in known]
    shown += [str(one) for one in found.drift if one.address.removeprefix("Gadget/") in known]
    assert PLANTED not in str(shown)


def holds_digest(base: Mapping[str, JsonValue]) -> bool:
    return any(isinstance(value, Mapping) and "$secret" in value for value in base.values())
