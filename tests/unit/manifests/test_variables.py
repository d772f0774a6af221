"""Placeholders: what they become, and where they may stand."""

from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.manifests import read_variables, reveal
from reconciler.model.diagnostics import Severity
from reconciler.model.values import JsonValue, Secret, Tree
from reconciler.settings import ManifestSettings
from tests.unit.manifests.crates import CRATE, crate, load, places, problems

VARIABLES: dict[str, JsonValue] = {
    "text": "a b",
    "number": 3.5,
    "flag": True,
    "list": ["x", 1],
    "tricky": "${env.TOKEN} $${var.text}",
    "dollar": "$",
    "brace": "{env.HOME}",
}


def note(root: Path, text: str) -> Tree:
    return (
        load(root, crate("one", note=text), variables=VARIABLES, environ={"TOKEN": "t"})
        .resources[0]
        .spec["note"]
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'${var.text}'", "a b"),
        ("'<${var.text}|${var.number}|${var.flag}>'", "<a b|3.5|true>"),
        ("'$${var.text}'", "${var.text}"),
        ("'$${'", "${"),
        ("'$$${var.text}'", "$${var.text}"),
        ("'$5 {x} $x'", "$5 {x} $x"),
        ("'${var.tricky}'", "${env.TOKEN} $${var.text}"),
        ("'<${var.tricky}>'", "<${env.TOKEN} $${var.text}>"),
        ("'${var.dollar}${var.brace}'", "${env.HOME}"),
        ("'${env.TOKEN}'", Secret("${env.TOKEN}", ("TOKEN",))),
        ("'a ${env.TOKEN} $${b ${var.text}'", Secret("a ${env.TOKEN} $${b a b", ("TOKEN",))),
    ],
)
def test_a_text_is_filled_in_once(tmp_path: Path, text: str, value: Tree) -> None:
    assert note(tmp_path, text) == value


@pytest.mark.parametrize(
    ("member", "variable", "value"),
    [
        ("weight", "number", 3.5),
        ("open", "flag", True),
        ("extra", "map", {"a": [1]}),
        ("tags", "tags", ["x"]),
    ],
)
def test_a_variable_alone_keeps_its_type(
    tmp_path: Path, member: str, variable: str, value: JsonValue
) -> None:
    text = crate("one", **{member: f"'${{var.{variable}}}'"})

    assert load(tmp_path, text, variables={variable: value}).resources[0].spec[member] == value


def test_variables_stand_in_metadata_and_references_too(tmp_path: Path) -> None:
    text = crate("${var.name}", note="{$lookup: 'Queue/${var.queue}'}")

    (resource,) = load(tmp_path, text, variables={"name": "x1", "queue": "A/B"}).resources

    assert str(resource.address) == "Crate/x1"
    assert str(resource.spec["note"]) == "Queue/A/B"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("${var.txt}", "variable.unknown"),
        ("a ${var.txt}", "variable.unknown"),
        ("${text}", "variable.unknown"),
        ("${vars.text}", "variable.unknown"),
        ("${ var.text }", "variable.unknown"),
        ("${}", "variable.unknown"),
        ("${var.}", "variable.unknown"),
        ("${var.text", "variable.unknown"),
        ("${var.a${var.text}}", "variable.unknown"),
        ("${env.}", "variable.unknown"),
        ("<${var.list}>", "manifest.invalid-value"),
        ("${env.OTHER}", "variable.forbidden"),
        ("${env.RECONCILER_TOKEN}", "variable.forbidden"),
        ("${env.GENESYS_CLIENT_SECRET}", "variable.forbidden"),
        ("${env.CLIENT}", "variable.forbidden"),
        ("x ${env.OTHER}", "variable.forbidden"),
    ],
)
def test_a_placeholder_that_cannot_be_filled_in(tmp_path: Path, text: str, code: str) -> None:
    found = problems(tmp_path, crate("one", note=f"'{text}'"), variables=VARIABLES, environ={"TOKEN": "t"})

    assert places(found) == [(code, 8, 9)]


@pytest.mark.parametrize(
    ("name", "hint"), [("var.txt", "did you mean text?"), ("env.TOKN", "did you mean TOKEN?")]
)
def test_a_near_name_is_offered(tmp_path: Path, name: str, hint: str) -> None:
    (found,) = problems(tmp_path, crate("one", note=f"'${{{name}}}'"), variables=VARIABLES)

    assert found.hint == hint


@pytest.mark.parametrize(
    ("old", "new", "line", "column"),
    [
        ("name: one", "name: one\n  labels: {a: '${env.TOKEN}'}", 5, 15),
        ("name: One", "name: '${env.TOKEN}'", 7, 9),
        ("yardId: y1", "yardId: 'y ${env.TOKEN}'", 6, 11),
        ("name: One", "name: One\n  note: {$ref: 'Crate/${env.TOKEN}'}", 8, 9),
        ("spec:", "dependsOn: ['Crate/${env.TOKEN}']\nspec:", 5, 13),
        ("name: One", "name: One\n  extra: {'${var.text}': 1}", 8, 11),
    ],
)
def test_a_place_where_placeholders_are_forbidden(
    tmp_path: Path, old: str, new: str, line: int, column: int
) -> None:
    found = problems(tmp_path, CRATE.replace(old, new, 1), variables=VARIABLES, environ={"TOKEN": "t"})

    assert places(found) == [("variable.forbidden", line, column)]


def test_a_secret_that_is_not_set_is_a_warning(tmp_path: Path) -> None:
    loaded = load(tmp_path, crate("one", secret="'${env.TOKEN}'"))

    (found,) = loaded.diagnostics
    assert (found.severity, found.code, found.line) == (Severity.WARNING, "variable.unknown", 8)


def test_a_secrets_value_is_nowhere_in_what_is_loaded(tmp_path: Path) -> None:
    loaded = load(tmp_path, crate("one", secret="'${env.TOKEN}'"), environ={"TOKEN": "hunter2"})

    assert "hunter2" not in repr(loaded)


def test_variables_may_not_expand_without_end(tmp_path: Path) -> None:
    texts = ", ".join(["'${var.big}'"] * 11)

    found = problems(
        tmp_path,
        crate("one", tags=f"[{texts}]"),
        variables={"big": "x" * 100},
        settings=ManifestSettings(max_document_bytes=1000),
    )

    assert [problem.code for problem in found] == ["manifest.too-large"]


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("x=", ""),
        ("x=a=b", "a=b"),
        ("x=12", 12),
        ("x='12'", "12"),
        ('x="a b"', "a b"),
        ("x=true", True),
        ("x=no", "no"),
        ("x=007", "007"),
        ("x=Team #1: a", "Team #1: a"),
        ("x=[1, 2]", "[1, 2]"),
        ("x='a' b", "'a' b"),
        ("x='", "'"),
    ],
)
def test_a_variable_of_the_command_line_is_a_scalar(pair: str, value: JsonValue) -> None:
    assert read_variables([pair]) == {"x": value}


def test_the_last_value_of_a_variable_wins() -> None:
    assert read_variables(["x=1", "y=2", "x=3"]) == {"x": 3, "y": 2}


@pytest.mark.parametrize("pair", ["x", "=1", "", "a.b=1", "a b=1", "x=null", "x=~", "x=.inf"])
def test_an_argument_that_is_no_variable(pair: str) -> None:
    with pytest.raises(UsageError):
        read_variables([pair])


def test_a_secret_is_revealed_from_its_own_names_only() -> None:
    secret = Secret("a ${env.TOKEN} $${env.TOKEN} ${env.HOME}", ("TOKEN",))

    assert reveal(secret, {"TOKEN": "t${env.HOME}", "HOME": "h"}) == "a t${env.HOME} ${env.TOKEN} ${env.HOME}"


def test_a_secret_that_is_not_set_cannot_be_revealed() -> None:
    with pytest.raises(KeyError, match="TOKEN"):
        reveal(Secret("${env.TOKEN}", ("TOKEN",)), {})
