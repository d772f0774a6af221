"""What is sent for a schema: drafts, publishing, removal, and what is told about it afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.kinds.schema import DEPRECATES
from reconciler.model.change import Action, FieldChange, Origin, Reason, Report, Table
from reconciler.model.remote import Facts, Request, Step
from reconciler.model.values import JsonObject, Secret, value_at
from tests.unit.kinds.builders_schema import (
    ADDRESS,
    ADOPT,
    KIND,
    NAME,
    PATH,
    edited,
    field,
    live,
    org_of,
    planned,
    removal,
    schema,
    sent,
)
from tests.unit.kinds.planner import change_of, entry_of, inputs_of, plan_in

A, B = field("a"), field("b")
WAYS = {
    "DRAFT": ["POST 1 DRAFT"],
    "PUBLISHED": ["POST 1 DRAFT", "PATCH 1 PUBLISHED"],
    "DEPRECATED": ["POST 1 DRAFT", "PATCH 1 PUBLISHED", "PATCH 1 DEPRECATED"],
}


def test_create_drafts_version_1_and_publishes_it() -> None:
    change, _ = planned(schema(A), org_of())

    assert change is not None
    body: JsonObject = {"externalId": NAME, "name": "Ticket", "fields": [A], "version": 1, "status": "DRAFT"}
    publishing: JsonObject = {"version": 1, "status": "PUBLISHED"}
    assert change.steps == (
        Step(
            label="draft version 1",
            request=Request("POST", PATH, body),
            key_header="Idempotency-Key",
            yields="/externalId",
            managed=body,
        ),
        Step(label="publish version 1", request=Request("PATCH", f"{PATH}/{NAME}", publishing)),
    )


@pytest.mark.parametrize("status", sorted(WAYS))
def test_create_goes_through_every_status_on_its_way(status: str) -> None:
    change, _ = planned(schema(A, status=status), org_of())

    assert change is not None
    assert sent(change.steps) == WAYS[status]


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        ("DRAFT", "PUBLISHED", ["PATCH 5 PUBLISHED"]),
        ("DRAFT", "DEPRECATED", ["PATCH 5 PUBLISHED", "PATCH 5 DEPRECATED"]),
        ("PUBLISHED", "DEPRECATED", ["PATCH 5 DEPRECATED"]),
        ("PUBLISHED", "DRAFT", []),
        ("DEPRECATED", "PUBLISHED", []),
    ],
)
def test_status_alone_moves_by_patches_only(before: str, after: str, steps: list[str]) -> None:
    change, _ = edited(schema(A, status=after), live(A, version=5, status=before))

    assert sent(change.steps) == steps


@pytest.mark.parametrize("before", sorted(WAYS))
@pytest.mark.parametrize("after", sorted(WAYS))
def test_other_fields_are_a_new_version_from_any_status(before: str, after: str) -> None:
    change, _ = edited(schema(A, B, status=after), live(A, version=5, status=before))

    assert sent(change.steps) == [way.replace("1", "6") for way in WAYS[after]]


def test_newest_draft_that_equals_the_manifest_is_only_published() -> None:
    newest = live(A, version=3, status="DRAFT", published=2)

    change, _ = planned(schema(A), org_of(newest, versions=[live(B, version=2)]), options=ADOPT)

    assert change is not None
    assert change.action is Action.ADOPT
    assert sent(change.steps) == ["PATCH 3 PUBLISHED"]


def test_draft_by_somebody_else_is_superseded() -> None:
    held = schema(A)
    draft = live(B, version=3, status="DRAFT", published=2)

    change, _ = planned(schema(A), org_of(draft, versions=[live(A, version=2)]), held=held)

    assert change is not None
    assert change.reason is Reason.DRIFTED
    assert sent(change.steps) == ["POST 4 DRAFT", "PATCH 4 PUBLISHED"]


def test_what_the_manifest_does_not_name_is_carried_over_into_the_next_version() -> None:
    newest = live(field("a", description="kept", required=True), field("gone"), description="of the schema")

    change, _ = edited(schema(field("a", constraints={"maxLength": 9})), newest)

    assert change.steps[0].request.body == {
        "externalId": NAME,
        "name": "Ticket",
        "description": "of the schema",
        "version": 2,
        "status": "DRAFT",
        "fields": [
            {
                "name": "a",
                "fieldtype": "string",
                "description": "kept",
                "required": True,
                "constraints": {"maxLength": 9},
            }
        ],
    }


def test_constraints_are_one_value() -> None:
    newest = live(field("a", constraints={"minLength": 1, "maxLength": 9}))

    change, _ = edited(schema(field("a", constraints={"maxLength": 10})), newest)

    assert [found.path for found in change.fields] == ["/fields/a/constraints"]
    assert value_at(change.steps[0].request.body, "/fields/0/constraints") == {"maxLength": 10}


def test_order_of_fields_changes_nothing() -> None:
    change, _ = planned(schema(B, A), org_of(live(A, B)), held=schema(A, B))

    assert change is None


def test_labels_make_no_version() -> None:
    held = schema(A)

    change, checks = planned(replace(held, labels={"team": "care"}), org_of(live(A)), held=held)

    assert change is not None
    assert change.steps == ()
    assert checks["schema.compatibility"].data["next_version"] == 1
    assert KIND.report(change, Facts()) == Report(detail={"version": 1, "status": None})


# -- made again, replaced, removed ---------------------------------------------------------------------------


@pytest.mark.parametrize("is_held", [False, True])
def test_schema_that_was_deprecated_is_made_again_as_the_next_version(*, is_held: bool) -> None:
    remains = live(B, version=4, status="DEPRECATED", description="old")
    held = schema(A) if is_held else None

    change, _ = planned(schema(A, B), org_of(remains), held=held)

    assert change is not None
    assert sent(change.steps) == ["POST 5 DRAFT", "PATCH 5 PUBLISHED"]
    body = change.steps[0].request.body
    assert ("description" in body) is is_held  # type: ignore[operator]


def test_other_external_id_replaces_the_schema() -> None:
    entry = entry_of(schema(A), NAME)
    draft, _ = plan_in(org_of(live(A, version=4)), inputs_of([schema(A, externalId="other")], [entry]))

    change = change_of(draft, ADDRESS)

    assert (change.action, change.reason) == (Action.REPLACE, Reason.IMMUTABLE_FIELD)
    assert [(step.request.path, *sent([step])) for step in change.steps] == [
        (f"{PATH}/ticket", "PATCH 4 DEPRECATED"),
        (PATH, "POST 1 DRAFT"),
        (f"{PATH}/other", "PATCH 1 PUBLISHED"),
    ]
    assert DEPRECATES in KIND.report(change, Facts()).notes


@pytest.mark.parametrize(
    ("newest", "steps", "notes"),
    [
        (live(A, status="DRAFT"), ["DELETE"], ()),
        (live(A, version=3, status="DRAFT"), ["DELETE"], ()),
        (live(A, version=3), ["PATCH 3 DEPRECATED"], (DEPRECATES,)),
        (live(A, version=3, status="DRAFT", published=2), ["PATCH 2 DEPRECATED"], (DEPRECATES,)),
    ],
)
def test_removal_deletes_what_was_never_published_and_deprecates_the_rest(
    newest: JsonObject, steps: list[str], notes: tuple[str, ...]
) -> None:
    change = removal(newest)

    assert change.action is Action.DELETE
    assert sent(change.steps) == steps
    assert KIND.report(change, Facts()).notes == notes


def test_removal_of_what_is_deprecated_already_only_forgets() -> None:
    change = removal(live(A, status="DEPRECATED"))

    assert (change.action, change.steps) == (Action.FORGET, ())


def test_external_id_is_escaped_in_paths() -> None:
    change, _ = planned(schema(A, externalId="a/b ü"), org_of())

    assert change is not None
    assert change.steps[1].request.path == f"{PATH}/a%2Fb%20%C3%BC"


# -- reports -------------------------------------------------------------------------------------------------


def test_verdict_is_shown_as_a_table_with_both_versions() -> None:
    change, _ = edited(schema(A, field("c")), live(A, B, version=3))

    assert KIND.report(change, Facts()).tables == (
        Table(
            "ticket: version 3 → 4",
            ("field", "change", "verdict"),
            (("b", "optional field removed", "warning"), ("c", "new and optional", "compatible")),
        ),
    )


def test_first_version_is_said() -> None:
    change, _ = planned(schema(A), org_of())

    assert change is not None
    detail = {"version": 1, "status": None}
    assert KIND.report(change, Facts()) == Report(notes=("version 1",), detail=detail)


def test_applied_schema_is_told_to_audit_and_portal() -> None:
    change, _ = edited(schema(A, B), live(A, version=3))
    after = KIND.live_object(live(A, B, version=4), {})

    assert KIND.report(change, Facts(), after) == Report(
        detail={"version": 4, "status": "PUBLISHED"},
        export={
            "schema": {
                "externalId": NAME,
                "name": "Ticket",
                "status": "PUBLISHED",
                "fields": [A, B],
                "version": 4,
            },
            "previous_version": 3,
            "changes": [
                {"path": "/fields/b", "before": None, "after": B, "origin": "intent", "sensitive": False}
            ],
        },
    )


def test_created_schema_has_no_previous_version() -> None:
    change, _ = planned(schema(A), org_of())
    assert change is not None

    export = KIND.report(change, Facts(), KIND.live_object(live(A), {})).export

    assert export is not None
    assert export["previous_version"] is None


def test_secret_of_a_schema_is_not_exported() -> None:
    secret = Secret("${env.TEXT}", ("TEXT",))
    change, _ = planned(schema(A, description=secret), org_of())
    assert change is not None
    told = FieldChange("/description", "planted", secret, Origin.DRIFT, sensitive=True)
    change = replace(change, fields=(*change.fields, told))

    report = KIND.report(change, Facts(), KIND.live_object(live(A, description="planted"), {}))

    assert "planted" not in repr(report)
