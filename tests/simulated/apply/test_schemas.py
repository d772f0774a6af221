"""Schemas, end to end: drafts and publishing in order, versions, removal (platform-api.md, section 8)."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox import Fault
from tests.simulated.apply.bench import Bench, change_of, decisions, outcomes, problems, result_of
from tests.simulated.apply.manifests import reference, schema, text_field

SCHEMAS = "/api/v2/customobjects/schemas"


def schema_steps(work: Bench) -> list[str]:
    """`draft a v1`, `publish a`, … in the order in which they were sent."""
    found = []
    for request in work.mutations():
        body: Any = request.body
        if request.method == "POST":
            found.append(f"draft {body['externalId']} v{body['version']}")
        else:
            found.append(f"{body['status'].lower()} {request.path.rpartition('/')[2]} v{body['version']}")
    return found


def test_chain_is_drafted_and_published_from_its_end(work: Bench) -> None:
    work.declare(
        schema("a", [reference("b", "b")]), schema("b", [reference("c", "c")]), schema("c", lifecycle={})
    )

    work.apply()

    assert schema_steps(work) == [
        *("draft c v1", "published c v1", "draft b v1", "published b v1", "draft a v1", "published a v1")
    ]
    work.assert_settled()


def test_diamond_waits_for_both_sides(work: Bench) -> None:
    top = schema("top", [reference("left", "left"), reference("right", "right")])
    sides = [schema(name, [reference("base", "base")]) for name in ("left", "right")]
    work.declare(top, *sides, schema("base"))

    work.apply()

    steps = schema_steps(work)
    assert steps[:2] == ["draft base v1", "published base v1"]
    assert steps[-2:] == ["draft top v1", "published top v1"]
    assert sorted(steps[2:6]) == [
        "draft left v1",
        "draft right v1",
        "published left v1",
        "published right v1",
    ]
    work.assert_settled()


def test_edit_is_the_next_version(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()
    work.declare(schema("ticket", description="Edited"))
    work.org.forget_requests()

    report = work.apply()

    assert schema_steps(work) == ["draft ticket v2", "published ticket v2"]
    assert result_of(report, "Schema/ticket").detail == {"version": 2, "status": "PUBLISHED"}
    work.assert_settled()


def test_equal_draft_is_only_published(work: Bench) -> None:
    work.declare(schema("ticket", status="DRAFT"))
    work.converge()
    work.declare(schema("ticket"))
    work.org.forget_requests()

    work.apply()

    assert schema_steps(work) == ["published ticket v1"]
    work.assert_settled()


def test_failed_publish_of_a_new_schema_goes_on_from_its_draft(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.org.inject(Fault(method="PATCH", path=f"{SCHEMAS}/*", status=400, message="not today"))

    first = work.apply()
    planned = work.plan()
    work.org.forget_requests()
    work.apply()

    assert (first.status, outcomes(first)) == ("partial", {"Schema/ticket": "failed"})
    assert "not today" in problems(first)[0]
    assert decisions(planned) == {"Schema/ticket": ("update", "unsettled")}
    assert [field.path for field in change_of(planned, "Schema/ticket").fields] == ["/status"]
    assert planned.drift == ()
    assert schema_steps(work) == ["published ticket v1"]
    work.assert_settled()


def test_failed_publish_of_a_version_goes_on_from_its_draft(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()
    work.declare(schema("ticket", description="Edited"))
    work.org.inject(Fault(method="PATCH", path=f"{SCHEMAS}/*", status=500, times=5))

    first = work.apply()
    work.org.forget_requests()
    work.apply()

    assert outcomes(first) == {"Schema/ticket": "unknown"}
    assert schema_steps(work) == ["published ticket v2"]
    assert [found["version"] for found in work.objects("schemas")] == [2]
    work.assert_settled()


def test_published_schema_is_deprecated_and_a_draft_deleted(work: Bench) -> None:
    keeper = schema("keeper")
    work.declare(schema("shown"), schema("hidden", status="DRAFT"), keeper)
    work.converge()
    work.declare(keeper)

    planned = work.plan()
    work.org.forget_requests()
    work.apply()

    assert decisions(planned) == {
        "Schema/hidden": ("delete", "removed_from_manifests"),
        "Schema/shown": ("delete", "removed_from_manifests"),
    }
    assert "deprecated" in " ".join(change_of(planned, "Schema/shown").notes)
    assert change_of(planned, "Schema/hidden").notes == ()
    assert sorted(work.sent()) == [f"DELETE {SCHEMAS}/hidden", f"PATCH {SCHEMAS}/shown"]
    assert planned.summary.delete == 2
    work.assert_settled()


def test_deprecated_schema_comes_back_as_its_next_version(work: Bench) -> None:
    keeper = schema("keeper")
    work.declare(schema("ticket"), keeper)
    work.converge()
    work.declare(keeper)
    work.converge()
    work.declare(schema("ticket"), keeper)
    work.org.forget_requests()

    planned = work.plan()
    work.apply()

    assert decisions(planned) == {"Schema/ticket": ("create", "new")}
    assert schema_steps(work) == ["draft ticket v2", "published ticket v2"]
    work.assert_settled()


def test_drift_in_a_field_is_put_right_by_a_version(work: Bench) -> None:
    work.declare(schema("ticket", [text_field("subject", description="Ours")]))
    work.converge()
    newest = work.objects("schemas")[0]
    by_hand = {**newest["fields"][0], "description": "Theirs"}
    work.org.alter("schemas", "ticket", {"fields": [by_hand]})

    changed = change_of(work.plan(), "Schema/ticket")
    work.org.forget_requests()
    work.apply()

    assert [(field.path, field.origin) for field in changed.fields] == [
        ("/fields/subject/description", "drift")
    ]
    assert schema_steps(work) == ["draft ticket v2", "published ticket v2"]
    work.assert_settled()


def test_reference_is_dropped_before_its_target_goes(work: Bench) -> None:
    work.declare(schema("a", [text_field("subject"), reference("b", "b")]), schema("b"))
    work.converge()
    work.declare(schema("a"))
    work.org.forget_requests()

    work.apply()

    assert schema_steps(work) == ["draft a v2", "published a v2", "deprecated b v1"]
    work.assert_settled()


def test_schema_of_a_new_version_keeps_what_nobody_names(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()
    work.org.alter("schemas", "ticket", {"description": "Said by an admin"})
    work.declare(schema("ticket", name="Other"))

    work.converge()

    assert work.objects("schemas")[0]["description"] == "Said by an admin"
