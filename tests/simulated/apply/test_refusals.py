"""What an apply that was turned away leaves in the audit trail."""

from __future__ import annotations

import pytest

from reconciler.model.diagnostics import InvalidManifests
from reconciler.sandbox import seed_id
from tests.simulated.apply.bench import Bench
from tests.simulated.apply.manifests import ADA, BEN, SUPPORT, channel, matrix, schema, text_field, widget


def test_saturated_matrix_is_recorded_with_its_queue_and_weights(work: Bench) -> None:
    work.declare(matrix("support", overflowThreshold=0.7, projectedLoad=1000))
    work.apply()

    (record,) = work.audit(phase="refused")
    told = {name: record[name] for name in ("address", "kind", "action", "remote_id", "outcome")}
    assert told == {
        "address": "WeightMatrix/support",
        "kind": "WeightMatrix",
        "action": "update",
        "remote_id": SUPPORT,
        "outcome": "refused",
    }
    assert record["detail"]["code"] == record["error"]["code"] == "weights.saturation"
    assert record["detail"]["queue_id"] == SUPPORT
    assert record["detail"]["requested_weights"] == {ADA: 0.2, BEN: 0.2}
    assert record["detail"]["overflow_threshold"] == 0.7
    assert record["error"]["file"] == "manifests/WeightMatrix-support.json"


def test_each_refused_address_has_a_record_of_its_kind(work: Bench) -> None:
    work.declare(schema("ticket", [text_field("subject", required=True)]))
    work.converge()
    work.declare(
        schema("ticket", [text_field("other")]),
        widget("calls", config={"metrics": [{"name": "nNobodyKnows", "type": "count"}]}),
    )
    work.apply()

    details = {record["address"]: record["detail"] for record in work.audit(phase="refused")}
    assert sorted(details) == ["Schema/ticket", "Widget/calls"]
    assert (details["Schema/ticket"]["code"], details["Schema/ticket"]["version"]) == (
        "schema.compatibility",
        2,
    )
    dashboard = seed_id("dashboard", "Support Overview")
    assert details["Widget/calls"]["code"] == "widget.query"
    assert (details["Widget/calls"]["widget_name"], details["Widget/calls"]["dashboard_id"]) == (
        "calls",
        dashboard,
    )


def test_further_problems_of_an_address_are_in_its_record(work: Bench) -> None:
    work.declare(matrix("support", projectedLoad=1000, strategy="nobodyKnows"))
    work.apply()

    (record,) = work.audit(phase="refused")
    codes = [record["detail"]["code"], *(found["code"] for found in record["detail"]["further"])]
    assert sorted(codes) == ["weights.saturation", "weights.strategy"]


def test_invalid_manifests_are_recorded_where_there_is_a_store(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()
    sent = len(work.mutations())
    work.declare(schema("ticket", [text_field("subject"), text_field("subject")]), channel("web", name=""))
    with pytest.raises(InvalidManifests):
        work.apply()

    found = {record["address"]: record["detail"]["code"] for record in work.audit(phase="refused")}
    assert found == {"Schema/ticket": "schema.duplicate-field", "Channel/web": "manifest.invalid-value"}
    assert len(work.mutations()) == sent


def test_no_store_is_made_for_invalid_manifests(work: Bench) -> None:
    work.declare(channel("web", name=""))
    with pytest.raises(InvalidManifests):
        work.apply(new_state=True)

    assert not (work.folder / "state").exists()
