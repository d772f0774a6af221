"""The envelope: every rule with its code and place."""

from datetime import date
from pathlib import Path

import pytest

from reconciler.model.address import Address
from reconciler.model.resource import IgnoredChange, Lifecycle
from tests.unit.manifests.crates import CRATE, crate, label, load, places, problems


def test_a_whole_envelope_is_read(tmp_path: Path) -> None:
    text = CRATE.replace(
        "spec:",
        """  labels: {team: care}
  formerly: [old.one]
lifecycle:
  adopt: true
  preventDestroy: true
  onRemove: forget
  ignoreChanges: ["/note", {path: /box/size, until: 2027-01-31, reason: soon}]
dependsOn: [Label/l]
spec:""",
    )

    resource = load(tmp_path, text, label("l")).resources[0]

    assert resource.address == Address("Crate", "one")
    assert resource.labels == {"team": "care"}
    assert resource.formerly == ("old.one",)
    assert resource.lifecycle == Lifecycle(
        adopt=True,
        prevent_destroy=True,
        on_remove="forget",
        ignore_changes=(IgnoredChange("/note"), IgnoredChange("/box/size", date(2027, 1, 31), "soon")),
    )
    assert str(resource.source) == "manifests/a.yaml:1"


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "column", "path"),
    [
        ("reconciler/v1", "v1", "manifest.invalid-value", 1, 13, "/apiVersion"),
        ("kind: Crate", "kind: Crat", "manifest.unknown-kind", 2, 7, "/kind"),
        ("kind: Crate", "kind: Config", "manifest.unknown-kind", 2, 7, "/kind"),
        ("kind: Crate", "kind: 5", "manifest.invalid-value", 2, 7, "/kind"),
        ("kind: Crate\n", "", "manifest.missing-field", 1, 1, "/kind"),
        ("metadata:\n  name: one\n", "", "manifest.missing-field", 1, 1, "/metadata"),
        ("  name: one\n", "  labels: {}\n", "manifest.missing-field", 4, 3, "/metadata/name"),
        ("spec:\n  yardId: y1\n  name: One\n", "", "manifest.missing-field", 1, 1, "/spec"),
        ("spec:\n  yardId: y1\n  name: One\n", "spec: []\n", "manifest.invalid-value", 5, 7, "/spec"),
        ("spec:\n  yardId: y1\n  name: One\n", "spec:\n", "manifest.invalid-value", 5, 6, "/spec"),
        ("spec:", "specs: {}\nspec:", "manifest.unknown-field", 5, 1, "/specs"),
        ("name: one", "nam: x\n  name: one", "manifest.unknown-field", 4, 3, "/metadata/nam"),
        ("name: one", "name: One", "manifest.invalid-value", 4, 9, "/metadata/name"),
        ("name: one", "name: -one", "manifest.invalid-value", 4, 9, "/metadata/name"),
        ("name: one", f"name: {'x' * 101}", "manifest.invalid-value", 4, 9, "/metadata/name"),
        ("name: one", "name: 7", "manifest.invalid-value", 4, 9, "/metadata/name"),
        ("name: one", "name: one\n  labels: {a: 1}", "manifest.invalid-value", 5, 15, "/metadata/labels/a"),
        ("name: one", "name: one\n  labels:", "manifest.invalid-value", 5, 10, "/metadata/labels"),
        ("name: one", "name: one\n  formerly: [A]", "manifest.invalid-value", 5, 14, "/metadata/formerly/0"),
        ("spec:", "lifecycle: {adopt: x}\nspec:", "manifest.invalid-value", 5, 20, "/lifecycle/adopt"),
        ("spec:", "lifecycle: {adop: true}\nspec:", "manifest.unknown-field", 5, 13, "/lifecycle/adop"),
        (
            "spec:",
            "lifecycle: {onRemove: keep}\nspec:",
            "manifest.invalid-value",
            5,
            23,
            "/lifecycle/onRemove",
        ),
        (
            "spec:",
            "lifecycle: {ignoreChanges: [note]}\nspec:",
            "manifest.invalid-value",
            5,
            29,
            "/lifecycle/ignoreChanges/0",
        ),
        (
            "spec:",
            "lifecycle: {ignoreChanges: [/not]}\nspec:",
            "manifest.invalid-value",
            5,
            29,
            "/lifecycle/ignoreChanges/0",
        ),
        (
            "spec:",
            "lifecycle: {ignoreChanges: [{path: /note, until: 2027-13-31}]}\nspec:",
            "manifest.invalid-value",
            5,
            50,
            "/lifecycle/ignoreChanges/0/until",
        ),
        ("spec:", "dependsOn: [one]\nspec:", "manifest.invalid-value", 5, 13, "/dependsOn/0"),
        ("spec:", "dependsOn: Crate/two\nspec:", "manifest.invalid-value", 5, 12, "/dependsOn"),
    ],
)
def test_an_envelope_out_of_order(
    tmp_path: Path, old: str, new: str, code: str, line: int, column: int, path: str
) -> None:
    (found,) = problems(tmp_path, CRATE.replace(old, new, 1))

    assert (found.code, found.line, found.column, found.path) == (code, line, column, path)
    assert found.file == "manifests/a.yaml"


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("kind: Crate", "kind: Crates", "did you mean Crate?"),
        ("kind: Crate", "kind: Zoo", "known kinds: Crate or Label"),
        ("spec:", "dependsON: []\nspec:", "did you mean dependsOn?"),
        ("spec:", "lifecycle: {preventdestroy: true}\nspec:", "did you mean preventDestroy?"),
        ("spec:", "lifecycle: {onRemove: forgot}\nspec:", "did you mean forget?"),
        ("spec:", "lifecycle: {ignoreChanges: [/not]}\nspec:", "did you mean note?"),
    ],
)
def test_a_near_word_is_offered(tmp_path: Path, old: str, new: str, hint: str) -> None:
    (found,) = problems(tmp_path, CRATE.replace(old, new, 1))

    assert found.hint == hint


@pytest.mark.parametrize("text", ["- a\n", "just text\n", "7\n"])
def test_a_document_that_is_no_mapping(tmp_path: Path, text: str) -> None:
    assert places(problems(tmp_path, text)) == [("manifest.invalid-value", 1, 1)]


def test_problems_of_all_files_and_stages_are_reported_together(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        crate("one", weight="-1"),
        "kind: Label\n",
        crate("two", note="{$ref: Label/none}", note2="x"),
        "a: [\n",
    )

    assert [problem.code for problem in found] == [
        "manifest.invalid-value",
        "manifest.missing-field",
        "manifest.missing-field",
        "manifest.missing-field",
        "reference.unknown",
        "manifest.unknown-field",
        "manifest.syntax",
    ]


def test_a_problem_names_its_resource(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, crate(weight="x"))

    assert found.address == "Crate/one"
