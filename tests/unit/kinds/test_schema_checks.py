"""Checks of schemas against the org, by the planner (platform-api.md, section 8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action, Check, CheckStatus
from reconciler.model.remote import Answer, Facts
from reconciler.model.resource import Dependency
from reconciler.model.values import JsonObject
from reconciler.planning.judging import check_diagnostics
from tests.unit.kinds.builders_schema import (
    ADOPT,
    KIND,
    NAME,
    PATH,
    constrained,
    edited,
    field,
    live,
    named,
    org_of,
    planned,
    refers_to,
    schema,
)
from tests.unit.kinds.planner import entry_of, inputs_of, plan_in

REQUIRED = field("a", required=True)
OPTIONAL = field("a", required=False)


def compatibility(new: JsonObject, newest: JsonObject, *older: JsonObject) -> Check:
    """The verdict on a schema that was last applied as the newest version is."""
    _, checks = edited(schema(new), newest, *older)
    return checks["schema.compatibility"]


# -- compatibility -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["PUBLISHED", "DEPRECATED"])
def test_published_and_deprecated_versions_bind(status: str) -> None:
    found = compatibility(OPTIONAL, live(REQUIRED, version=4, status=status))

    assert found.status is CheckStatus.FAIL
    assert found.message.startswith("version 5 would break version 4: field a")


def test_draft_binds_nobody() -> None:
    found = compatibility(OPTIONAL, live(REQUIRED, status="DRAFT"))

    assert (found.status, found.message) == (CheckStatus.PASS, "version 2: no published version binds it")


def test_published_version_behind_a_draft_binds() -> None:
    draft = live(OPTIONAL, version=3, status="DRAFT", published=2)

    found = compatibility(field("a", required=False, description="x"), draft, live(REQUIRED, version=2))

    assert found.status is CheckStatus.FAIL
    assert found.message == "version 4 would break version 2: field a: required field made optional"


def test_deprecated_version_behind_a_draft_binds() -> None:
    draft = live(OPTIONAL, version=3, status="DRAFT", published=2)
    older = live(REQUIRED, version=2, status="DEPRECATED")

    assert compatibility(field("b"), draft, older).status is CheckStatus.FAIL


def test_published_version_that_cannot_be_read_fails_as_unavailable() -> None:
    found = compatibility(OPTIONAL, live(field("b"), version=3, status="DRAFT", published=2))

    assert (found.status, found.data) == (CheckStatus.FAIL, {"reason": "unavailable"})
    assert "version 2" in found.message


def test_published_version_that_is_not_answered_fails_as_unavailable() -> None:
    draft = live(field("b"), version=3, status="DRAFT", published=2)
    change, _ = edited(schema(OPTIONAL), draft, live(REQUIRED, version=2))
    facts = Facts(
        {read: Answer(503, problem="503 after 5 tries") for read in KIND.check_reads(change, Facts())}
    )

    found = next(iter(KIND.checks(change, facts)))

    assert found.data == {"reason": "unavailable"}


def test_required_that_the_manifest_does_not_name_is_carried_over() -> None:
    newest = live(field("a", required=True, description="old"))

    change, checks = edited(schema(field("a", description="new")), newest)

    assert checks["schema.compatibility"].status is CheckStatus.PASS
    assert change.steps[0].request.body["fields"] == [  # type: ignore[index, call-overload]
        {"name": "a", "fieldtype": "string", "required": True, "description": "new"}
    ]


def test_required_is_carried_over_from_the_newest_version_not_from_the_one_that_binds() -> None:
    draft = live(OPTIONAL, version=3, status="DRAFT", published=2)

    found = compatibility(field("a", description="x"), draft, live(REQUIRED, version=2))

    assert found.status is CheckStatus.FAIL


def test_schema_made_again_is_judged_without_what_the_manifest_does_not_name() -> None:
    remains = live(REQUIRED, version=2, status="DEPRECATED")

    change, checks = planned(schema(field("a")), org_of(remains))

    assert change is not None
    assert change.action is Action.CREATE
    assert checks["schema.compatibility"].status is CheckStatus.FAIL


def test_failure_points_at_the_fields_own_line() -> None:
    resource = schema(field("b"), OPTIONAL)
    resource = replace(resource, marks={**resource.marks, "/spec/fields/1/required": (42, 7)})
    _, checks = edited(resource, live(REQUIRED, field("b")))

    (found,) = check_diagnostics([checks["schema.compatibility"]], [resource])

    assert (found.code, found.path, found.line) == ("schema.compatibility", "/spec/fields/1/required", 42)


def test_failure_for_a_field_that_is_gone_points_at_the_list_of_fields() -> None:
    _, checks = edited(schema(field("b")), live(REQUIRED))

    assert checks["schema.compatibility"].path == "/spec/fields"


def test_warning_names_the_exact_next_version() -> None:
    found = compatibility(field("b"), live(OPTIONAL, version=7))

    assert found.status is CheckStatus.WARN
    assert found.data["next_version"] == 8


def test_version_that_the_org_writes_as_a_decimal_number_is_the_same_version() -> None:
    found = compatibility(field("b"), {**live(OPTIONAL, version=7), "version": 7.0, "publishedVersion": 7.0})

    assert (found.data["from_version"], found.data["next_version"]) == (7, 8)


def test_replacement_under_another_external_id_is_bound_by_nothing() -> None:
    held = schema(REQUIRED)
    entry = entry_of(held, NAME)
    draft, checks = plan_in(
        org_of(live(REQUIRED, version=4)), inputs_of([schema(OPTIONAL, externalId="other")], [entry])
    )

    assert draft.changes[0].action is Action.REPLACE
    assert next(found for found in checks if found.name == "schema.compatibility").data == {
        "from_version": None,
        "next_version": 1,
        "breaking": [],
        "warnings": [],
    }


# -- status --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes_fields", [False, True])
@pytest.mark.parametrize("before", ["DRAFT", "PUBLISHED", "DEPRECATED"])
@pytest.mark.parametrize("after", ["DRAFT", "PUBLISHED", "DEPRECATED"])
def test_status_fails_only_when_it_goes_back_by_itself(
    before: str, after: str, *, changes_fields: bool
) -> None:
    order = ["DRAFT", "PUBLISHED", "DEPRECATED"]
    newest = live(field("a"), status=before)
    held = schema(field("a"), status=before)
    fields = [field("a"), field("b")] if changes_fields else [field("a")]

    _, checks = planned(schema(*fields, status=after), org_of(newest), held=held)

    goes_back = order.index(after) < order.index(before) and not changes_fields
    assert ("schema.status" in checks) is goes_back


def test_status_that_goes_back_says_the_order_and_the_way_out() -> None:
    _, checks = edited(schema(field("a"), status="DRAFT"), live(field("a")))

    found = checks["schema.status"]
    assert (found.status, found.path) == (CheckStatus.FAIL, "/spec/status")
    assert "from PUBLISHED to DRAFT" in found.message
    assert "DRAFT → PUBLISHED → DEPRECATED" in found.message
    assert found.data == {"live": "PUBLISHED", "wanted": "DRAFT"}


def test_status_that_goes_back_is_seen_when_labels_change_too() -> None:
    held = schema(field("a"))
    resource = replace(schema(field("a"), status="DRAFT"), labels={"team": "care"})

    _, checks = planned(resource, org_of(live(field("a"))), held=held)

    assert checks["schema.status"].status is CheckStatus.FAIL


# -- references ----------------------------------------------------------------------------------------------


def reference_to(target: str, *others: JsonObject, versions: tuple[JsonObject, ...] = ()) -> Check:
    """The verdict on a new schema that refers to another."""
    _, checks = planned(schema(refers_to(target)), org_of(*others, versions=versions))
    return checks["schema.reference"]


@pytest.mark.parametrize("target", ["user", "queue", "contact", "account", "conversation"])
def test_system_object_may_be_referred_to(target: str) -> None:
    assert reference_to(target).status is CheckStatus.PASS


def test_published_schema_may_be_referred_to() -> None:
    assert reference_to("customer", live(called="customer")).status is CheckStatus.PASS


def test_published_version_behind_a_draft_may_be_referred_to() -> None:
    draft = live(called="customer", version=2, status="DRAFT", published=1)

    assert reference_to("customer", draft, versions=(live(called="customer"),)).status is CheckStatus.PASS


@pytest.mark.parametrize(
    ("others", "versions", "why"),
    [
        ((), (), "neither a system object nor a schema of the org"),
        ((live(called="customer", status="DRAFT"),), (), "which was never published"),
        ((live(called="customer", status="DEPRECATED"),), (), "which is deprecated"),
        (
            (live(called="customer", version=2, status="DRAFT", published=1),),
            (live(called="customer", status="DEPRECATED"),),
            "which is deprecated",
        ),
        ((live(called="Customer"),), (), "neither a system object nor a schema of the org"),
    ],
)
def test_schema_that_is_not_published_may_not_be_referred_to(
    others: tuple[JsonObject, ...], versions: tuple[JsonObject, ...], why: str
) -> None:
    found = reference_to("customer", *others, versions=versions)

    assert (found.status, found.path) == (CheckStatus.FAIL, "/spec/fields/0/constraints/referencedType")
    assert found.message.startswith("field it refers to customer, which")
    assert why in found.message
    assert found.data == {"missing": ["customer"]}


def test_reference_whose_version_cannot_be_read_fails_as_unavailable() -> None:
    found = reference_to("customer", live(called="customer", version=2, status="DRAFT", published=1))

    assert found.status is CheckStatus.FAIL
    assert found.data == {"missing": ["customer"], "reason": "unavailable"}


def test_reference_inside_items_is_judged_too() -> None:
    resource = schema(constrained("list", items={"referencedType": "customer"}))

    _, checks = planned(resource, org_of())

    assert checks["schema.reference"].path == "/spec/fields/0/constraints/items/referencedType"


def test_managed_schema_is_published_before_and_may_be_referred_to() -> None:
    via = "/spec/fields/0/constraints/referencedType"
    resource = replace(
        schema(refers_to("customer")), dependencies=(Dependency(Address("Schema", "customer"), via),)
    )

    draft, checks = plan_in(org_of(), inputs_of([resource, named("customer", field("a"))]))

    assert [change.depends_on for change in draft.changes] == [(), (Address("Schema", "customer"),)]
    assert {found.status for found in checks if found.name == "schema.reference"} == {CheckStatus.PASS}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("DRAFT", CheckStatus.WARN), ("PUBLISHED", CheckStatus.FAIL), ("DEPRECATED", CheckStatus.FAIL)],
)
def test_missing_reference_fails_where_the_schema_is_published(status: str, verdict: CheckStatus) -> None:
    _, checks = planned(schema(refers_to("customer"), status=status), org_of())

    assert checks["schema.reference"].status is verdict


def test_reference_that_went_missing_does_not_refuse_a_change_of_labels() -> None:
    held = schema(refers_to("customer"))
    newest = live(refers_to("customer"))

    change, checks = planned(replace(held, labels={"team": "care"}), org_of(newest), held=held)

    assert change is not None
    assert change.steps == ()
    assert checks["schema.reference"].status is CheckStatus.WARN


# -- record size ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lengths", "status"), [((102_400,), None), ((102_401,), "warn"), ((51_200, 51_201), "warn")]
)
def test_records_that_could_grow_over_the_limit_are_warned_about(
    lengths: tuple[int, ...], status: str | None
) -> None:
    fields = [
        field(f"f{index}", "longText", constraints={"maxLength": length})
        for index, length in enumerate(lengths)
    ]

    _, checks = planned(schema(*fields), org_of())

    found = checks.get("schema.record-size")
    assert (found.status.value if found else None) == status
    assert found is None or found.data == {"sum": sum(lengths), "limit": 102_400}


def test_lengths_that_the_manifest_does_not_name_count() -> None:
    newest = live(constrained("longText", maxLength=102_401))

    _, checks = edited(schema(field("it", "longText"), field("b")), newest)

    assert checks["schema.record-size"].status is CheckStatus.WARN


# -- adoption ------------------------------------------------------------------------------------------------


def test_deprecated_schema_is_no_match_for_adoption() -> None:
    change, _ = planned(schema(field("a")), org_of(live(field("a"), status="DEPRECATED")), options=ADOPT)

    assert change is not None
    assert change.action is Action.CREATE


@pytest.mark.parametrize("status", ["DRAFT", "PUBLISHED"])
def test_schema_that_nobody_manages_is_adopted_as_a_whole(status: str) -> None:
    change, checks = planned(schema(field("a")), org_of(live(field("a"), status=status)), options=ADOPT)

    assert change is not None
    assert (change.action, change.remote_id) == (Action.ADOPT, NAME)
    assert checks["schema.compatibility"].status is CheckStatus.PASS


def test_adoption_that_would_go_back_in_status_fails() -> None:
    newest = live(field("a"))

    _, checks = planned(schema(field("a"), status="DRAFT"), org_of(newest), options=ADOPT)

    assert checks["schema.status"].status is CheckStatus.FAIL


def test_many_schemas_are_judged_from_one_listing() -> None:
    reads = KIND.reads([schema(field("a")), named("b")], [], Facts())

    assert [read.path for read in reads] == [PATH]
