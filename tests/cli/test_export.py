"""`export`: on stdout, or as files."""

from __future__ import annotations

import pytest

from reconciler.sandbox import SandboxOrg
from tests.cli.commands import run
from tests.cli.folders import Folder


@pytest.mark.usefixtures("applied")
def test_manifests_on_stdout_are_documents_of_one_stream() -> None:
    ran = run("export", "schema", "WeightMatrix")

    assert ran.code == 0
    kinds = [line for line in ran.out.splitlines() if line.startswith("kind: ")]
    assert set(kinds) == {"kind: Schema", "kind: WeightMatrix"}
    assert ran.out.count("---\n") == len(kinds) - 1


@pytest.mark.usefixtures("applied")
def test_json_says_manifests_and_files() -> None:
    ran = run("export", "Schema", "--format", "json", "--out", "found")

    document = ran.document
    assert (ran.code, document["format"]) == (0, "reconciler.export/1")
    assert len(document["files"]) == len(document["manifests"]) > 0
    assert document["files"][0].startswith("found/schema/")


@pytest.mark.usefixtures("applied")
def test_exported_folder_needs_no_request_where_it_is_managed() -> None:
    ran = run("export", "Schema", "--out", "found")
    assert (ran.code, ran.last) == (0, "Next step: `reconciler plan found --adopt`")

    planned = run("plan", "found", "--format", "json")
    assert (planned.code, planned.document["requests"]["apply_estimate"]) == (0, 0)


@pytest.mark.usefixtures("applied")
def test_next_step_repeats_what_was_given() -> None:
    ran = run("export", "Schema", "--org", "sandbox", "--out", "two words")

    assert ran.last == "Next step: `reconciler --org sandbox plan 'two words' --adopt`"


def test_what_no_manifest_may_say_is_told_at_once(folder: Folder, org: SandboxOrg) -> None:
    folder.path("reconciler.yaml").unlink()
    (dashboard, *_) = org.collection("dashboards").all()
    widget = {"id": "w1", "dashboardId": dashboard["id"], "name": "Odd", "type": "sparkle", "version": 1}
    org.collection("widgets").put("w1", {**widget, "config": {"metrics": []}, "visualization": {}})

    ran = run("export", "Widget", "--out", "found")

    assert ran.code == 0
    assert "error[manifest.invalid-value] found/widget/odd.yaml:7:9 Widget/odd" in ran.out
    assert ran.last == "Next step: put these places right, then `reconciler plan found --adopt`"


def test_export_needs_no_state_and_makes_none(folder: Folder) -> None:
    assert run("export", "--out", "found").code == 0
    assert not folder.path("state").exists()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("arguments", [["Widgit"], ["--out", "reconciler.yaml"]])
def test_what_cannot_be_done_is_a_usage_error(arguments: list[str]) -> None:
    assert run("export", *arguments).code == 64
