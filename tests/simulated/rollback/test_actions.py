"""A rollback undoes each action of each kind: the org is as before, and prior state is."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import seed_id
from tests.simulated.apply.bench import Bench, Document
from tests.simulated.apply.manifests import (
    ADA,
    BEN,
    SALES,
    SUPPORT,
    channel,
    matrix,
    schema,
    text_field,
    weights,
    widget,
)
from tests.simulated.rollback.going import Going, lasting, planned_actions

SERVER = {"id", "selfUri", "version", "dateCreated", "dateModified", "createdBy", "modifiedBy", "status"}
SERVER |= {"statusReason", "publishedVersion", "renderStatus", "lastRendered"}

ONE_OF_EACH = [
    pytest.param("widgets", widget("calls"), id="Widget"),
    pytest.param("channels", channel("web"), id="Channel"),
]


def org_of(bench: Bench, *, members: bool = True) -> dict[str, list[dict[str, Any]]]:
    """What the org holds, but for what only it writes."""
    names = ("widgets", "channels", *(("members", "queues") if members else ()))
    return {
        name: sorted(
            ({key: value for key, value in one.items() if key not in SERVER} for one in bench.objects(name)),
            key=str,
        )
        for name in names
    }


@pytest.mark.parametrize(("collection", "manifest"), ONE_OF_EACH)
def test_what_was_created_goes(work: Going, collection: str, manifest: Document) -> None:
    before = work.bench.objects(collection)
    run = work.apply(manifest)

    work.undo(run)

    assert work.bench.objects(collection) == before
    assert work.held() == {}


def test_created_goes_even_where_leaving_the_manifests_means_to_forget(work: Going) -> None:
    run = work.apply(widget("calls", lifecycle={"onRemove": "forget"}))

    work.undo(run)

    assert (work.bench.objects("widgets"), work.held()) == ([], {})


UPDATED = [
    pytest.param(widget("calls"), widget("calls", visualization={"type": "pie"}), id="Widget"),
    pytest.param(channel("web"), channel("web", description="Another text"), id="Channel"),
    pytest.param(
        matrix("support"), matrix("support", members=weights(ada=0.3, ben=0.1, chloe=0.2)), id="WeightMatrix"
    ),
]


@pytest.mark.parametrize(("first", "second"), UPDATED)
def test_what_was_updated_is_as_before(work: Going, first: Document, second: Document) -> None:
    work.apply(first)
    before, held = org_of(work.bench), work.held()
    run = work.apply(second)
    assert org_of(work.bench) != before

    report = work.undo(run)

    assert org_of(work.bench) == before
    assert {address: {**base, "members": None} for address, base in work.held().items()} == {
        address: {**base, "members": None} for address, base in held.items()
    }
    assert [result.action for result in report.results] == ["update"]
    work.bench.declare(first)
    work.bench.assert_settled()


@pytest.mark.parametrize(("collection", "manifest"), ONE_OF_EACH)
def test_what_was_deleted_is_made_again(work: Going, collection: str, manifest: Document) -> None:
    work.apply(manifest, schema("stays"))
    (made,) = work.bench.objects(collection)
    before, held = org_of(work.bench), work.held()
    run = work.apply(schema("stays"))
    assert work.bench.objects(collection) == []

    plan = work.planned(run)
    work.undo(run)

    address = f"{manifest['kind']}/{manifest['metadata']['name']}"
    assert lasting(plan) == {address: f"it comes back under another id than {made['id']}"}
    assert planned_actions(plan) == {address: ("create", "requested")}
    assert org_of(work.bench) == before
    assert work.held().keys() == held.keys()
    work.bench.declare(manifest, schema("stays"))
    assert work.bench.plan().changes == ()


def test_unmanaged_fields_of_what_was_deleted_come_back_too(work: Going) -> None:
    work.apply(channel("web"), schema("stays"))
    (made,) = work.bench.objects("channels")
    work.bench.org.alter("channels", made["id"], {"availability": {"default": {"status": "unavailable"}}})
    before = org_of(work.bench)
    run = work.apply(schema("stays"))

    work.undo(run)

    assert org_of(work.bench) == before


def test_what_was_replaced_has_its_former_values(work: Going) -> None:
    work.apply(widget("calls"))
    before = org_of(work.bench)
    other = {"$lookup": "Dashboard/Sales Overview"}
    run = work.apply(widget("calls", dashboardId=other))
    assert org_of(work.bench) != before

    report = work.undo(run)

    assert [result.action for result in report.results] == ["replace"]
    assert org_of(work.bench) == before


@pytest.mark.parametrize(("collection", "manifest"), ONE_OF_EACH)
def test_what_was_adopted_is_put_back_and_forgotten(work: Going, collection: str, manifest: Document) -> None:
    work.apply(manifest)
    (made,) = work.bench.objects(collection)
    work.bench.lose_state()
    change: Document = (
        {"description": "By hand"} if collection == "channels" else {"visualization": {"type": "pie"}}
    )
    work.bench.org.alter(collection, made["id"], change)
    before = org_of(work.bench)
    run = work.apply(manifest, adopt=("*",))
    assert org_of(work.bench) != before

    report = work.undo(run)

    assert [(result.action, result.outcome) for result in report.results] == [("forget", "succeeded")]
    assert org_of(work.bench) == before
    assert work.held() == {}


def test_what_was_adopted_as_it_is_is_only_forgotten(work: Going) -> None:
    work.apply(widget("calls"))
    work.bench.lose_state()
    run = work.apply(widget("calls"), adopt=("*",))
    work.bench.org.forget_requests()

    work.undo(run)

    assert (work.bench.sent(), work.held()) == ([], {})


def test_what_was_forgotten_is_held_again(work: Going) -> None:
    kept = {"onRemove": "forget"}
    work.apply(widget("calls", lifecycle=kept), schema("stays"))
    held = work.held()
    run = work.apply(schema("stays"))
    assert len(work.bench.objects("widgets")) == 1
    work.bench.org.forget_requests()

    report = work.undo(run)

    assert [result.action for result in report.results] == ["adopt"]
    assert (work.bench.sent(), work.held()) == ([], held)
    entry = work.bench.entry("Widget/calls")
    assert entry is not None
    assert (entry.lifecycle.on_remove, entry.lifecycle.adopt) == ("forget", False)


def test_first_settings_of_a_queue_go_back_and_are_forgotten(work: Going) -> None:
    before = org_of(work.bench)
    run = work.apply(matrix("support", members=weights(ada=0.3, ben=0.1), overflowThreshold=0.7))
    assert org_of(work.bench) != before

    plan = work.planned(run)
    work.undo(run)

    assert planned_actions(plan) == {"WeightMatrix/support": ("forget", "requested")}
    assert org_of(work.bench) == before
    assert work.held() == {}


def test_authoritative_weights_go_back_for_everybody(work: Going) -> None:
    before = org_of(work.bench)
    run = work.apply(matrix("support", members=weights(ada=0.5, ben=0.5), membersMode="authoritative"))

    work.undo(run)

    assert org_of(work.bench) == before


def test_member_who_is_newly_listed_has_the_former_weight(work: Going) -> None:
    work.apply(matrix("support", members=weights(ada=0.2)))
    before = org_of(work.bench)
    run = work.apply(matrix("support", members=weights(ada=0.2, ben=0.35)))

    work.undo(run)

    assert org_of(work.bench) == before
    assert {member["userId"] for member in work.held()["WeightMatrix/support"]["members"]} == {ADA, BEN}


def test_forgotten_matrix_is_held_again(work: Going) -> None:
    work.apply(matrix("support"), schema("stays"))
    before, held = org_of(work.bench), work.held()
    run = work.apply(schema("stays"))

    work.undo(run)

    assert (org_of(work.bench), work.held()) == (before, held)


def test_edited_schema_gets_its_former_content_as_a_new_version(work: Going) -> None:
    first = schema("ticket", [text_field("subject")])
    work.apply(first)
    run = work.apply(schema("ticket", [text_field("subject"), text_field("more")]))

    plan = work.planned(run)
    work.undo(run)

    (held,) = work.bench.objects("schemas")
    assert (held["version"], held["status"]) == (3, "PUBLISHED")
    assert [field["name"] for field in held["fields"]] == ["subject"]
    assert lasting(plan) == {
        "Schema/ticket": "version 2 was published: the former content comes back as a new version"
    }
    work.bench.declare(first)
    work.bench.assert_settled()


def test_created_schema_is_deprecated(work: Going) -> None:
    run = work.apply(schema("ticket"))

    plan = work.planned(run)
    work.undo(run)

    (held,) = work.bench.objects("schemas")
    assert held["status"] == "DEPRECATED"
    assert lasting(plan) == {"Schema/ticket": "version 1 was published: it is deprecated, not deleted"}


def test_deprecated_schema_is_published_anew(work: Going) -> None:
    work.apply(schema("ticket"), schema("stays"))
    run = work.apply(schema("stays"))

    work.undo(run)

    held = next(one for one in work.bench.objects("schemas") if one["externalId"] == "ticket")
    assert (held["version"], held["status"]) == (2, "PUBLISHED")


def test_way_back_that_breaks_a_schema_is_refused_before_anything_is_sent(work: Going) -> None:
    work.apply(widget("calls"), schema("ticket", [text_field("subject")]))
    strict = schema("ticket", [text_field("subject"), text_field("more", required=True)])
    run = work.apply(widget("calls", visualization={"type": "pie"}), strict)
    before = work.bench.objects("schemas")
    work.bench.org.forget_requests()

    report = work.rollback(run)

    assert (report.status, work.bench.sent()) == ("refused", [])
    assert "schema.compatibility" in {found.code for found in report.diagnostics}
    assert work.bench.objects("schemas") == before


def test_the_rest_goes_back_without_what_cannot(work: Going) -> None:
    work.apply(widget("calls"), schema("ticket", [text_field("subject")]))
    strict = schema("ticket", [text_field("subject"), text_field("more", required=True)])
    run = work.apply(widget("calls", visualization={"type": "pie"}), strict)

    report = work.undo(run, excludes=("Schema/ticket",))

    assert [result.address for result in report.results] == ["Widget/calls"]


def test_labels_lifecycle_and_names_go_back(work: Going) -> None:
    work.apply(widget("calls", metadata={"labels": {"team": "care"}}))
    held = work.held()
    renamed = widget("calls", metadata={"name": "talks", "formerly": ["calls"], "labels": {"team": "sales"}})
    run = work.apply({**renamed, "lifecycle": {"preventDestroy": True}})
    assert work.held().keys() == {"Widget/talks"}
    work.bench.org.forget_requests()

    work.undo(run)

    entry = work.bench.entry("Widget/calls")
    assert entry is not None
    assert (dict(entry.labels), entry.lifecycle.prevent_destroy) == ({"team": "care"}, False)
    assert (work.held(), work.bench.sent()) == (held, [])


def test_field_that_had_no_value_keeps_the_one_it_has_and_says_so(work: Going) -> None:
    work.apply(channel("web"))
    run = work.apply(channel("web", availability={"default": {"status": "available"}}))

    plan = work.planned(run)

    assert lasting(plan)["Channel/web"].startswith("/availability")


def test_matrix_of_another_queue_leaves_that_queue_as_before(work: Going) -> None:
    work.apply(matrix("support"))
    before = org_of(work.bench)
    gina = {"userId": seed_id("user", "Gina Garcia"), "weight": 0.35}
    run = work.apply(matrix("support", queueId=SALES, members=[gina]))
    assert org_of(work.bench) != before

    plan = work.planned(run)
    work.undo(run)

    assert org_of(work.bench) == before
    assert lasting(plan)["WeightMatrix/support"].startswith(f"it was {SUPPORT} before")
