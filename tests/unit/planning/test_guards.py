"""What refuses a plan by numbers or protection, threshold by threshold (design.md, section 6)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reconciler.model.change import Reason
from reconciler.model.plan import Plan
from reconciler.model.resource import Dependency, Lifecycle, Resource
from reconciler.model.state import EntryStatus, PriorEntry
from reconciler.planning.inputs import PlanOptions
from reconciler.settings import SafetySettings
from tests.unit.planning.builders import (
    Org,
    codes,
    entry,
    gadget,
    linked,
    live,
    live_schema,
    only,
    org,
    plan,
    ref,
    resource,
    schema,
)

PROTECTED = Lifecycle(prevent_destroy=True)
LOOSE = SafetySettings(max_deletes=1000, max_delete_percent=100, max_update_percent=100, min_resources=0)


def fleet(
    managed: int, *, deleted: int = 0, updated: int = 0, replaced: int = 0, forgotten: int = 0
) -> tuple[list[Resource], list[PriorEntry], Org]:
    """So many managed gadgets, of which the first so many are deleted, the next ones updated, and so on."""
    fates = ["delete"] * deleted + ["update"] * updated + ["replace"] * replaced + ["forget"] * forgotten
    fates += ["keep"] * (managed - len(fates))
    declared, prior, objects = [], [], []
    for index, fate in enumerate(fates):
        name = f"g{index:03}"
        lifecycle = Lifecycle(on_remove="forget") if fate == "forget" else Lifecycle()
        prior.append(entry(gadget(name, {"count": 1, "model": "m"}, lifecycle=lifecycle)))
        objects.append(live(name, {"count": 1, "model": "m"}))
        if fate not in ("delete", "forget"):
            after = {"count": 2 if fate == "update" else 1, "model": "n" if fate == "replace" else "m"}
            declared.append(gadget(name, after))
    return declared, prior, org(*objects)


def settings_of(found: Plan) -> list[str]:
    """The settings that the guards' refusals name."""
    names = ("maxDeletes", "maxDeletePercent", "maxUpdatePercent")
    return [name for one in found.diagnostics for name in names if f"safety.{name}:" in one.message]


def test_what_an_earlier_run_began_is_finished_whatever_its_share() -> None:
    names = [f"g{index:02}" for index in range(20)]
    prior = [entry(gadget(name, {"count": 1}), status=EntryStatus.UNSETTLED) for name in names]
    objects = org(*(live(name, {"count": 2}) for name in names))

    found = plan([gadget(name, {"count": 1}) for name in names], prior, objects)

    assert {change.reason for change in found.changes} == {Reason.UNSETTLED}
    assert found.applyable


@pytest.mark.parametrize(
    ("fates", "safety", "refused"),
    [
        ({"deleted": 10}, {}, []),
        ({"deleted": 11}, {}, ["maxDeletes"]),
        ({"replaced": 11}, {"max_update_percent": 100}, ["maxDeletes"]),
        ({"deleted": 5, "replaced": 6}, {}, ["maxDeletes"]),
        ({"forgotten": 40}, {}, []),
        ({"deleted": 30}, {"max_deletes": 100}, []),
        ({"deleted": 31}, {"max_deletes": 100}, ["maxDeletePercent"]),
        ({"replaced": 31}, {"max_deletes": 100}, ["maxDeletePercent", "maxUpdatePercent"]),
        ({"updated": 30}, {}, []),
        ({"updated": 31}, {}, ["maxUpdatePercent"]),
        ({"updated": 29, "replaced": 2}, {}, ["maxUpdatePercent"]),
        ({"updated": 100}, {"min_resources": 100}, ["maxUpdatePercent"]),
        ({"updated": 100}, {"min_resources": 101}, []),
        ({"deleted": 100}, {"min_resources": 101}, []),
    ],
)
def test_numbers_strictly_over_a_threshold_refuse(
    fates: dict[str, int], safety: dict[str, float], refused: list[str]
) -> None:
    declared, prior, source = fleet(100, **fates)
    found = plan(declared, prior, source, safety=SafetySettings(**safety))  # type: ignore[arg-type]

    assert settings_of(found) == refused
    assert found.applyable is not bool(refused)


def test_creates_and_adoptions_are_counted_by_no_guard() -> None:
    declared = [gadget(f"g{index}", lifecycle=Lifecycle(adopt=True)) for index in range(50)]
    source = org(*(live(f"g{index}", {"count": 1}) for index in range(25)))

    assert plan(declared, [], source, safety=SafetySettings(min_resources=0)).applyable


def test_the_share_is_of_what_prior_state_holds() -> None:
    declared, prior, source = fleet(10, updated=4)
    more = [gadget(f"x{index}") for index in range(100)]

    assert settings_of(plan([*declared, *more], prior, source)) == ["maxUpdatePercent"]


def test_a_refusal_gives_count_limit_setting_addresses_and_the_way_through() -> None:
    declared, prior, source = fleet(20, deleted=11)
    found = plan(declared, prior, source, safety=SafetySettings(max_delete_percent=100))
    (problem,) = found.diagnostics

    assert problem.code == "plan.guard"
    assert problem.message.startswith(
        "the plan would delete 11 resources, over safety.maxDeletes: 10: Gadget/g000, "
    )
    assert problem.message.endswith("Gadget/g009 and 1 more")
    assert problem.hint == f"if that is meant, pass --allow-unsafe {found.fingerprint}"


def test_a_share_is_given_with_what_it_is_of() -> None:
    declared, prior, source = fleet(12, updated=4)
    (problem,) = plan(declared, prior, source).diagnostics

    assert problem.message == (
        "the plan would update 4 of 12 managed resources (33 %), over safety.maxUpdatePercent: 30: "
        "Gadget/g000, Gadget/g001, Gadget/g002, Gadget/g003"
    )


def test_only_its_own_fingerprint_lets_a_plan_through() -> None:
    declared, prior, source = fleet(20, deleted=11)
    fingerprint = plan(declared, prior, source).fingerprint
    right = plan(declared, prior, source, options=PlanOptions(allow_unsafe=(fingerprint,)))
    wrong = plan(declared, prior, source, options=PlanOptions(allow_unsafe=("0" * 64,)))

    assert (right.applyable, right.fingerprint, codes(right)) == (True, fingerprint, [])
    assert not wrong.applyable


def test_destroy_is_not_judged_by_numbers() -> None:
    _, prior, source = fleet(100)

    assert plan(prior=prior, source=source, options=PlanOptions(destroy=True)).applyable


# -- protection ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [PlanOptions(), PlanOptions(destroy=True)])
def test_prevent_destroy_refuses_a_delete(options: PlanOptions) -> None:
    found = plan(prior=[entry(gadget("g", lifecycle=PROTECTED))], source=org(live("g")), options=options)
    (problem,) = found.diagnostics

    assert (problem.code, problem.address, problem.file) == ("plan.guard", "Gadget/g", "g.yaml")
    assert found.fingerprint in (problem.hint or "")
    allowed = PlanOptions(destroy=options.destroy, allow_unsafe=(found.fingerprint,))
    assert plan(
        prior=[entry(gadget("g", lifecycle=PROTECTED))], source=org(live("g")), options=allowed
    ).applyable


def test_prevent_destroy_refuses_a_replacement() -> None:
    declared = gadget("g", {"model": "b"}, lifecycle=PROTECTED)
    prior = entry(gadget("g", {"model": "a"}, lifecycle=PROTECTED))

    assert codes(plan([declared], [prior], org(live("g", {"model": "a"})))) == ["plan.guard"]


@pytest.mark.parametrize(
    "lifecycle", [Lifecycle(prevent_destroy=True, on_remove="forget"), Lifecycle(on_remove="forget")]
)
def test_prevent_destroy_says_nothing_against_forgetting(lifecycle: Lifecycle) -> None:
    assert plan(prior=[entry(gadget("g", lifecycle=lifecycle))], source=org(live("g"))).applyable


def test_prevent_destroy_that_the_manifest_takes_back_lets_its_update_through() -> None:
    declared = gadget("g", {"model": "b"})
    prior = entry(gadget("g", {"model": "a"}, lifecycle=PROTECTED))

    assert plan([declared], [prior], org(live("g", {"model": "a"}))).applyable


# -- still referred to -----------------------------------------------------------------------------------


def refused_users(found: Plan) -> list[str]:
    """The messages of refusals about references."""
    return [one.message for one in found.diagnostics if "still refer" in one.message]


def test_a_schema_that_an_unmanaged_one_refers_to_is_not_deleted() -> None:
    source = org(schemas=[live_schema("a"), live_schema("theirs", "a")])
    found = plan(prior=[entry(schema("a"))], source=source)

    assert refused_users(found) == ["Schema/a would be deleted while Schema/theirs still refers to it"]
    assert not found.applyable
    allowed = PlanOptions(allow_unsafe=(found.fingerprint,))
    assert not plan(prior=[entry(schema("a"))], source=source, options=allowed).applyable


def test_a_schema_that_others_follow_to_its_new_id_is_not_replaced() -> None:
    moved = resource("Schema/a", {"externalId": "z", "name": "A", "fields": []})
    prior = [entry(schema("a")), entry(schema("b", "a"))]
    source = org(schemas=[live_schema("a"), live_schema("b", "a")])

    found = plan([moved, schema("b", "z")], prior, source)

    (said,) = refused_users(found)
    assert said.startswith("Schema/a would be replaced while Schema/b still refers to it, and can follow")
    assert plan([moved, schema("b")], prior, source).applyable


@pytest.mark.parametrize(
    ("declared", "options"),
    [
        ([schema("b", "a")], PlanOptions()),
        ([], PlanOptions(excludes=("Schema/b",))),
        ([], PlanOptions(targets=("Schema/a",))),
        ([], PlanOptions(destroy=True, targets=("Schema/a",))),
    ],
)
def test_a_schema_that_another_one_of_ours_refers_to_is_not_deleted(
    declared: Sequence[Resource], options: PlanOptions
) -> None:
    prior = [entry(one) for one in linked([schema("a"), schema("b", "a")])]
    source = org(schemas=[live_schema("a"), live_schema("b", "a")])

    assert refused_users(plan(declared, prior, source, options=options)) == [
        "Schema/a would be deleted while Schema/b still refers to it"
    ]


@pytest.mark.parametrize(
    ("second", "options", "refused"),
    [
        (gadget("b", {"target": ref("Gadget/a")}), PlanOptions(), False),
        (gadget("b", {"target": ref("Gadget/a")}), PlanOptions(targets=("Gadget/a",)), True),
        (
            gadget("b", {"target": ref("Gadget/a")}, lifecycle=Lifecycle(on_remove="forget")),
            PlanOptions(),
            True,
        ),
        (gadget("b", depends_on=["Gadget/a"]), PlanOptions(targets=("Gadget/a",)), False),
    ],
)
def test_references_in_prior_state_count_for_every_kind(
    second: Resource, options: PlanOptions, refused: bool
) -> None:
    found = plan(prior=[entry(gadget("a")), entry(second)], source=org(live("a"), live("b")), options=options)

    assert bool(refused_users(found)) is refused


def test_who_is_gone_refers_to_nothing() -> None:
    prior = [entry(gadget("a")), entry(gadget("b", {"target": ref("Gadget/a")}))]

    assert plan(prior=prior, source=org(live("a"))).applyable


def test_a_replacement_under_another_id_needs_its_users_to_follow() -> None:
    source = org(schemas=[live_schema("a"), live_schema("theirs", "a")])
    found = plan([schema("a", spec={"externalId": "z"})], [entry(schema("a"))], source)

    assert refused_users(found) == ["Schema/a would be replaced while Schema/theirs still refers to it"]


def test_a_deprecated_schema_refers_to_nothing() -> None:
    source = org(schemas=[live_schema("a"), live_schema("theirs", "a", status="DEPRECATED")])

    assert plan(prior=[entry(schema("a"))], source=source).applyable


def test_the_dependencies_of_an_entry_are_those_it_was_applied_with() -> None:
    prior = entry(gadget("b"), dependencies=(Dependency(gadget("a").address, "/spec/target"),))
    found = plan([gadget("b")], [entry(gadget("a")), prior], org(live("a"), live("b")))

    assert (only(found).address, refused_users(found)) == ("Gadget/a", [])
