"""JSON documents, compared whole with the keys that the contract names (design.md, section 5)."""

from __future__ import annotations

import json

import pytest

from tests.cli.commands import run
from tests.cli.folders import CUSTOMER, INVALID, Folder

DIAGNOSTIC = {"severity", "code", "message", "hint", "address", "file", "line", "column", "path"}
PLAN = {
    "format",
    "tool_version",
    "created_at",
    "org",
    "org_id",
    "fingerprint",
    "applyable",
    "complete",
    "summary",
    "changes",
    "drift",
    "checks",
    "diagnostics",
    "requests",
    "basis",
}
APPLY = {
    "format",
    "run_id",
    "plan_fingerprint",
    "status",
    "results",
    "converged",
    "metrics",
    "diagnostics",
}
RESULT = {
    "address",
    "action",
    "outcome",
    "remote_id",
    "attempts",
    "latency_ms",
    "error",
    "blocked_by",
    "detail",
}
RECORD = {
    "seq",
    "timestamp",
    "run_id",
    "org",
    "actor",
    "commit",
    "phase",
    "address",
    "kind",
    "action",
    "remote_id",
    "outcome",
    "http_status",
    "attempts",
    "latency_ms",
    "idempotency_key",
    "correlation_id",
    "fields",
    "detail",
    "error",
    "plan_fingerprint",
    "previous_hash",
    "hash",
}


@pytest.mark.usefixtures("folder")
def test_validation_of_valid_manifests() -> None:
    assert run("validate", "--format", "json").document == {
        "format": "reconciler.validation/1",
        "valid": True,
        "resources": 2,
        "diagnostics": [],
    }


def test_validation_of_invalid_manifests_has_every_diagnostic(folder: Folder) -> None:
    folder.write(broken=INVALID)

    ran = run("validate", "--format", "json")

    assert ran.code == 65
    assert ran.document.keys() == {"format", "valid", "resources", "diagnostics"}
    assert ran.document["format"] == "reconciler.validation/1"
    assert ran.document["valid"] is False
    assert set(ran.codes) >= {"manifest.unknown-field", "manifest.missing-field"}
    assert all(found.keys() == DIAGNOSTIC for found in ran.document["diagnostics"])


@pytest.mark.parametrize("command", ["plan", "apply", "graph"])
def test_invalid_manifests_elsewhere_are_an_error_with_every_diagnostic(command: str, folder: Folder) -> None:
    folder.write(broken=INVALID)
    found = run("validate", "--format", "json").document["diagnostics"]

    ran = run(command, "--format", "json")

    assert ran.document == {
        "format": "reconciler.error/1",
        "command": command,
        "exit_code": 65,
        "diagnostics": found,
    }


@pytest.mark.usefixtures("folder")
def test_plan_has_the_keys_of_the_contract() -> None:
    document = run("plan", "--format", "json").document

    assert document.keys() == PLAN
    assert document["summary"].keys() == {
        "create",
        "update",
        "replace",
        "delete",
        "adopt",
        "forget",
        "unchanged",
    }
    assert document["requests"].keys() == {"made", "mutating", "apply_estimate", "seconds_estimate"}


def test_saved_plan_is_the_shown_one(folder: Folder) -> None:
    shown = run("plan", "--out", "p.json", "--format", "json").document

    assert json.loads(folder.path("p.json").read_text(encoding="utf-8")) == shown
    assert run("show", "p.json", "--format", "json").document == shown


@pytest.mark.usefixtures("folder")
def test_apply_has_the_keys_of_the_contract() -> None:
    document = run("apply", "-y", "--format", "json").document

    assert document.keys() == APPLY
    assert [result.keys() for result in document["results"]] == [RESULT, RESULT]
    assert document["metrics"].keys() == {
        "requests",
        "latency_ms",
        "validation_failures",
        "render_success_rate",
        "balance_accuracy",
    }
    assert (document["format"], document["status"]) == ("reconciler.apply/1", "applied")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["apply"], "refused"), (["apply", "--expect", "0123"], "stale")],
    ids=["nobody to ask", "not the expected plan"],
)
@pytest.mark.usefixtures("folder")
def test_refused_apply_holds_the_plan(arguments: list[str], status: str) -> None:
    document = run(*arguments, "--format", "json").document

    assert document.keys() == APPLY | {"plan"}
    assert (document["status"], document["results"], document["converged"]) == (status, [], False)
    assert document["plan"].keys() == PLAN
    assert document["plan"]["fingerprint"] == document["plan_fingerprint"]


@pytest.mark.usefixtures("folder")
def test_graph_has_the_keys_of_the_contract() -> None:
    assert run("graph", "--format", "json").document == {
        "format": "reconciler.graph/1",
        "nodes": [{"address": "Schema/customer"}, {"address": "Schema/ticket"}],
        "edges": [
            {
                "from": "Schema/ticket",
                "to": "Schema/customer",
                "via": "/dependsOn/0",
                "file": "manifests/ticket.yaml",
                "line": 4,
            },
            {
                "from": "Schema/ticket",
                "to": "Schema/customer",
                "via": "/spec/fields/0/constraints/referencedType",
                "file": "manifests/ticket.yaml",
                "line": 10,
            },
        ],
    }


@pytest.mark.usefixtures("applied")
def test_state_list_has_the_keys_of_the_contract() -> None:
    document = run("state", "list", "--format", "json").document

    assert document.keys() == {"format", "lineage", "serial", "resources"}
    assert document["format"] == "reconciler.state/1"
    assert [
        (found["address"], found["remote_id"], found["status"], found["dependencies"])
        for found in document["resources"]
    ] == [
        ("Schema/customer", "customer", "settled", []),
        ("Schema/lone", "lone", "settled", []),
        ("Schema/ticket", "ticket", "settled", ["Schema/customer"]),
    ]
    assert all(
        found.keys() == {"address", "remote_id", "status", "dependencies", "applied_at"}
        for found in document["resources"]
    )


@pytest.mark.parametrize("command", ["list --format json", "export", "export --format json"])
@pytest.mark.usefixtures("applied")
def test_audit_is_json_lines_of_whole_records(command: str) -> None:
    records = run("audit", *command.split()).lines

    assert records
    assert all(record.keys() == RECORD for record in records)
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))


@pytest.mark.usefixtures("folder")
def test_version_is_a_flat_object() -> None:
    document = run("version", "--format", "json").document

    assert document.keys() == {"format", "version", "python", "platform"}
    assert document["format"] == "reconciler.version/1"
    assert all(isinstance(value, str) for value in document.values())


@pytest.mark.usefixtures("folder")
def test_usage_error_is_a_document() -> None:
    ran = run("state", "list", "--format=json", "--bogus")

    assert ran.document["command"] == "state list"
    assert (ran.document["format"], ran.document["exit_code"]) == ("reconciler.error/1", 64)
    assert ran.document["diagnostics"][0].keys() == DIAGNOSTIC


@pytest.mark.usefixtures("folder")
def test_nothing_but_the_document_is_on_stdout_and_no_error_on_stderr() -> None:
    ran = run("apply", "-y", "--format", "json", "-vv")

    assert json.loads(ran.out)["status"] == "applied"
    assert "Schema/customer" in ran.err
    assert "error" not in ran.err


def test_plan_that_is_refused_is_written_all_the_same(applied: Folder) -> None:
    run("state", "rm", "Schema/lone", "-y")

    ran = run("plan", "--out", "p.json", "--format", "json")

    assert (ran.code, ran.document["applyable"]) == (3, False)
    assert json.loads(applied.path("p.json").read_text(encoding="utf-8")) == ran.document


@pytest.mark.usefixtures("applied")
def test_plan_without_changes_is_applyable() -> None:
    document = run("plan", "--format", "json").document

    assert (document["changes"], document["applyable"], document["complete"]) == ([], True, True)


def test_plan_of_another_folder_is_not_complete(applied: Folder) -> None:
    applied.path("some").mkdir()
    applied.path("some", "customer.yaml").write_text(CUSTOMER, encoding="utf-8")

    document = run("plan", "some", "--format", "json").document

    assert (document["complete"], document["summary"]["delete"]) == (False, 0)
