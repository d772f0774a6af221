"""The JSON documents, key by key as the contract lists them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action
from reconciler.model.outcome import Outcome, RunStatus
from reconciler.model.resource import Dependency
from reconciler.model.state import Prior, PriorEntry, StateIdentity
from reconciler.reports import (
    diagnostic_document,
    error_document,
    plan_document,
    run_document,
    state_document,
    to_text,
    validation_document,
)
from tests.unit.reports.builders import (
    FINGERPRINT,
    error,
    plan,
    result,
    result_error,
    rich_plan,
    run,
    warning,
)

DIAGNOSTIC_KEYS = ["severity", "code", "message", "hint", "address", "file", "line", "column", "path"]


def keys(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        (
            "",
            """format tool_version created_at org org_id fingerprint applyable complete summary changes
            drift checks diagnostics requests basis""",
        ),
        ("summary", "create update replace delete adopt forget unchanged"),
        (
            "changes.0",
            """address kind name action reason remote_id source depends_on fields before after requests
            steps dependants notes report""",
        ),
        ("changes.0.source", "file line"),
        ("changes.1.fields.0", "path before after origin sensitive"),
        ("changes.0.steps.0", "label method path body undo wait"),
        ("changes.1.steps.0", "label method path body undo wait managed"),
        ("drift.0", "address remote_id fields"),
        ("checks.0", "name address status message data"),
        ("diagnostics.0", " ".join(DIAGNOSTIC_KEYS)),
        ("requests", "made mutating apply_estimate seconds_estimate"),
        ("basis", "manifest_digest state_lineage state_serial entries lookups options"),
    ],
)
def test_keys_of_a_plan(pointer: str, expected: str) -> None:
    node = json.loads(to_text(plan_document(rich_plan())))
    for token in pointer.split(".") if pointer else []:
        node = node[int(token)] if isinstance(node, list) else node[token]

    assert list(node) == keys(expected)


def test_plan_says_its_words_as_text() -> None:
    document = json.loads(to_text(plan_document(rich_plan())))

    assert document["format"] == "reconciler.plan/1"
    assert [document["changes"][1][key] for key in ("action", "reason")] == ["update", "edited"]
    assert document["changes"][1]["fields"][1]["origin"] == "drift"
    assert document["checks"][1]["status"] == "warn"


def test_run_document() -> None:
    failure = result_error(error("remote.rejected", "refused", hint="fix", address="Widget/b"), status=400)
    ran = run(
        result("Schema/a", Action.CREATE, remote_id="a", detail={"version": "1.0.0"}),
        result("Widget/b", Action.UPDATE, Outcome.FAILED, error=failure),
        status=RunStatus.PARTIAL,
        metrics={"balance_accuracy": None},
        converged=False,
    )

    assert json.loads(to_text(run_document(ran))) == {
        "format": "reconciler.apply/1",
        "run_id": "run-1",
        "plan_fingerprint": FINGERPRINT,
        "status": "partial",
        "results": [
            {
                "address": "Schema/a",
                "action": "create",
                "outcome": "succeeded",
                "remote_id": "a",
                "attempts": 1,
                "latency_ms": 412.3,
                "error": None,
                "blocked_by": None,
                "detail": {"version": "1.0.0"},
            },
            {
                "address": "Widget/b",
                "action": "update",
                "outcome": "failed",
                "remote_id": None,
                "attempts": 1,
                "latency_ms": 412.3,
                "error": {
                    **dict.fromkeys(DIAGNOSTIC_KEYS),
                    "severity": "error",
                    "code": "remote.rejected",
                    "message": "refused",
                    "hint": "fix",
                    "address": "Widget/b",
                    "http_status": 400,
                    "correlation_id": "corr-1",
                },
                "blocked_by": None,
                "detail": {},
            },
        ],
        "converged": False,
        "metrics": {"balance_accuracy": None},
        "diagnostics": [],
    }


def test_refused_run_holds_its_plan() -> None:
    document = run_document(run(status=RunStatus.REFUSED, plan=plan()))

    assert document["plan"] == plan_document(plan())


def test_warnings_of_a_result_are_kept() -> None:
    document = run_document(run(result("Widget/a", Action.UPDATE, warnings=("refresh failed",))))

    assert json.loads(to_text(document))["results"][0]["warnings"] == ["refresh failed"]


def test_validation_is_valid_with_warnings_alone() -> None:
    found = [warning("variable.unknown", "X is not set")]

    assert validation_document(found, resources=3) == {
        "format": "reconciler.validation/1",
        "valid": True,
        "resources": 3,
        "diagnostics": [diagnostic_document(found[0])],
    }
    assert validation_document([error("a", "b")], resources=0)["valid"] is False


def test_error_document() -> None:
    assert error_document("plan", exit_code=78, diagnostics=[error("config.invalid", "no")]) == {
        "format": "reconciler.error/1",
        "command": "plan",
        "exit_code": 78,
        "diagnostics": [
            {
                **dict.fromkeys(DIAGNOSTIC_KEYS),
                "severity": "error",
                "code": "config.invalid",
                "message": "no",
            }
        ],
    }


def test_state_document_is_sorted_and_holds_no_fields() -> None:
    widget, schema = Address("Widget", "a"), Address("Schema", "s")
    applied = datetime(2026, 3, 1, 12, tzinfo=UTC)
    prior = Prior(
        StateIdentity("lineage-1", 7, "org-1", "host", "client"),
        {
            widget: PriorEntry(widget, "w-1", {"secret": "x"}, dependencies=(Dependency(schema, "/spec/a"),)),
            schema: PriorEntry(schema, "s", {}, applied_at=applied),
        },
    )

    assert state_document(prior) == {
        "format": "reconciler.state/1",
        "lineage": "lineage-1",
        "serial": 7,
        "resources": [
            {
                "address": "Schema/s",
                "remote_id": "s",
                "status": "settled",
                "dependencies": [],
                "applied_at": "2026-03-01T12:00:00.000Z",
            },
            {
                "address": "Widget/a",
                "remote_id": "w-1",
                "status": "settled",
                "dependencies": ["Schema/s"],
                "applied_at": None,
            },
        ],
    }


def test_text_keeps_order_and_letters_and_ends_with_a_newline() -> None:
    assert to_text({"b": "Grüße", "a": (1, 2.0)}) == '{\n  "b": "Grüße",\n  "a": [\n    1,\n    2.0\n  ]\n}\n'


def test_what_json_cannot_carry_is_an_error() -> None:
    with pytest.raises(TypeError, match="set has no place"):
        to_text({"a": {1}})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="JSON compliant"):
        to_text(float("nan"))
