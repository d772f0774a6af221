"""Policies: what a team asks of its manifests, told at the manifest's line (`policies/*.yaml`)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.manifests import judge_policies, load_policies
from reconciler.model.diagnostics import Diagnostic, InvalidManifests
from reconciler.settings import ManifestSettings
from tests.unit.manifests.crates import crate, label, load

TODAY = date(2026, 5, 4)
NOTED = """\
name: crates-have-notes
match: {kind: Crate}
require: {path: /note, operator: matches, value: "^.{5}"}
message: write what is in it
"""


def judge(root: Path, policy: str, *manifests: str) -> tuple[Diagnostic, ...]:
    """What one policy says of manifests."""
    (root / "policies").mkdir(exist_ok=True)
    (root / "policies" / "p.yaml").write_text(policy)
    policies = load_policies(root, ManifestSettings())
    return tuple(judge_policies(policies, load(root, *manifests).resources, TODAY))


def refused(root: Path, *policies: str) -> list[tuple[str, str | None, int | None, str]]:
    """What is wrong with policies themselves."""
    (root / "policies").mkdir(exist_ok=True)
    for number, policy in enumerate(policies):
        (root / "policies" / f"{number}.yaml").write_text(policy)
    with pytest.raises(InvalidManifests) as caught:
        load_policies(root, ManifestSettings())
    return [(found.code, found.file, found.line, found.message) for found in caught.value.diagnostics]


def test_field_that_breaks_a_policy_is_told_at_its_line(tmp_path: Path) -> None:
    (found,) = judge(tmp_path, NOTED, crate(note="odd"))

    assert (found.code, found.severity, found.address) == ("policy.crates-have-notes", "error", "Crate/one")
    assert (found.file, found.line, found.path) == ("manifests/a.yaml", 8, "/spec/note")
    assert found.message == 'spec.note must match "^.{5}"'
    assert found.hint == "write what is in it (policies/p.yaml:1)"


def test_field_that_is_missing_is_told_at_the_place_that_lacks_it(tmp_path: Path) -> None:
    (found,) = judge(tmp_path, NOTED, crate())

    assert (found.line, found.path) == (6, "/spec/note")


def test_field_in_order_says_nothing(tmp_path: Path) -> None:
    assert judge(tmp_path, NOTED, crate(note="apples"), label("l")) == ()


@pytest.mark.parametrize(
    ("match", "addresses"),
    [
        ("{}", ["Crate/one", "Label/l"]),
        ("{kind: 'C*'}", ["Crate/one"]),
        ("{kind: [Label, Crate]}", ["Crate/one", "Label/l"]),
        ("{kind: Widget}", []),
        ("{labels: {team: care}}", ["Crate/one"]),
        ("{labels: {team: other}}", []),
    ],
)
def test_match_says_for_which_resources(tmp_path: Path, match: str, addresses: list[str]) -> None:
    policy = f"name: p\nmatch: {match}\nrequire: {{path: /never, operator: exists}}\n"
    labelled = crate().replace("name: one", "name: one\n  labels: {team: care}")

    assert [found.address for found in judge(tmp_path, policy, labelled, label("l"))] == addresses


@pytest.mark.parametrize(
    ("path", "is_broken"),
    [("/metadata/labels/team", True), ("/metadata/name", False), ("/lifecycle/preventDestroy", False)],
)
def test_envelope_can_be_asked_for_too(tmp_path: Path, path: str, is_broken: bool) -> None:
    policy = f"name: p\nrequire: {{path: {path}, operator: exists}}\n"

    assert bool(judge(tmp_path, policy, crate())) is is_broken


@pytest.mark.parametrize(("until", "holds"), [("2026-05-04", True), ("2026-05-03", False)])
def test_policy_holds_to_the_end_of_its_last_day(tmp_path: Path, until: str, holds: bool) -> None:
    assert bool(judge(tmp_path, f"{NOTED}until: {until}\n", crate())) is holds


def test_severity_is_the_policy_s_own(tmp_path: Path) -> None:
    (found,) = judge(tmp_path, f"{NOTED}severity: warning\n", crate())

    assert found.severity == "warning"


def test_no_folder_is_no_policy(tmp_path: Path) -> None:
    assert load_policies(tmp_path, ManifestSettings()) == ()


def test_empty_folder_is_no_policy(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()

    assert load_policies(tmp_path, ManifestSettings()) == ()


@pytest.mark.parametrize(
    ("kind", "column", "hint"),
    [
        ("Crat", 15, "did you mean Crate?"),
        ("[Crate, Zoo]", 23, "there are Crate or Pallet"),
        ("Q*", 15, None),
    ],
)
def test_policy_for_a_kind_that_there_is_not(
    tmp_path: Path, kind: str, column: int, hint: str | None
) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "p.yaml").write_text(f"name: p\nmatch: {{kind: {kind}}}\n{REQUIRE}")

    with pytest.raises(InvalidManifests) as caught:
        load_policies(tmp_path, ManifestSettings(), ("Crate", "Pallet"))

    (found,) = caught.value.diagnostics
    assert (found.code, found.line, found.column) == ("manifest.unknown-kind", 2, column)
    assert hint is None or found.hint == hint


def test_policies_are_no_manifests_where_the_root_is_the_folder(tmp_path: Path) -> None:
    from reconciler.manifests.files import find_files

    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "p.yaml").write_text(NOTED)
    (tmp_path / "a.yaml").write_text(crate())

    assert [name for name, _ in find_files(tmp_path, root=tmp_path)[0]] == ["a.yaml"]


INVALID = "manifest.invalid-value"
REQUIRE = "require: {path: /a, operator: exists}\n"


@pytest.mark.parametrize(
    ("text", "code", "line", "message"),
    [
        ("- a\n", INVALID, 1, "a policy is a mapping"),
        (REQUIRE, "manifest.missing-field", 1, "name is missing"),
        ("name: p\n", "manifest.missing-field", 1, "require is missing"),
        (f"name: P\n{REQUIRE}", INVALID, 1, "P is no name"),
        (f"name: p\n{REQUIRE}sverity: error\n", "manifest.unknown-field", 3, "sverity is no field"),
        (f"name: p\n{REQUIRE}until: soon\n", INVALID, 3, "until must be a day"),
        (f"name: p\n{REQUIRE}severity: fatal\n", INVALID, 3, "severity must be"),
        ("name: p\nrequire: {path: a, operator: exists}\n", INVALID, 2, "a is no path"),
        (
            "name: p\nrequire: {path: /a, operator: like, value: x}\n",
            "manifest.invalid-value",
            2,
            "operator must",
        ),
        (
            "name: p\nrequire: {path: /a, operator: equals}\n",
            "manifest.invalid-value",
            2,
            "equals needs a value",
        ),
        (
            "name: p\nrequire: {path: /a, operator: absent, value: 1}\n",
            "manifest.invalid-value",
            2,
            "takes no value",
        ),
        (
            "name: p\nrequire: {path: /a, operator: in, value: x}\n",
            "manifest.invalid-value",
            2,
            "a list of values",
        ),
        (
            "name: p\nrequire: {path: /a, operator: atMost, value: x}\n",
            "manifest.invalid-value",
            2,
            "needs a number",
        ),
        (
            "name: p\nrequire: {path: /a, operator: matches, value: '('}\n",
            INVALID,
            2,
            "( is no pattern: unclosed group",
        ),
        ("name: [\n", "manifest.syntax", 2, "no valid YAML"),
    ],
)
def test_policy_out_of_order(tmp_path: Path, text: str, code: str, line: int, message: str) -> None:
    found = refused(tmp_path, text)

    assert [(problem[0], problem[1], problem[2]) for problem in found] == [(code, "policies/0.yaml", line)]
    assert message in found[0][3]


def test_two_policies_of_one_name_are_refused(tmp_path: Path) -> None:
    found = refused(tmp_path, f"name: p\n{REQUIRE}", f"name: p\n{REQUIRE}")

    assert [(problem[0], problem[1]) for problem in found] == [
        ("manifest.duplicate-identity", "policies/1.yaml")
    ]
    assert "policies/0.yaml:1" in found[0][3]
