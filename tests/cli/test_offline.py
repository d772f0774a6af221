"""What can be judged without an org, and without anybody having chosen one."""

from __future__ import annotations

import pytest

from tests.cli.commands import run
from tests.cli.folders import CUSTOMER, INVALID, SANDBOX, Folder

NO_DEFAULT = """\
apiVersion: reconciler/v1
kind: Config
vars: {a: all}
orgs:
  one: {sandbox: true, vars: {a: one}}
  two: {sandbox: true}
"""


@pytest.fixture
def bare(folder: Folder) -> Folder:
    """Manifests without a configuration."""
    folder.path("reconciler.yaml").unlink()
    return folder


@pytest.mark.parametrize("command", ["validate", "validate manifests", "graph", "graph manifests"])
@pytest.mark.usefixtures("bare")
def test_manifests_alone_are_enough(command: str) -> None:
    assert run(*command.split()).code == 0


def test_named_folder_is_enough(bare: Folder) -> None:
    bare.path("manifests").rename(bare.path("schemas"))

    assert run("validate", "schemas").code == 0
    assert run("validate").code == 78


def test_single_file_is_enough(bare: Folder) -> None:
    assert run("validate", str(bare.path("manifests", "customer.yaml"))).code == 0


@pytest.mark.parametrize("command", ["plan", "apply -y", "destroy -y", "state list", "audit list"])
@pytest.mark.usefixtures("bare")
def test_everything_else_needs_an_org_and_says_how_to_name_one(command: str) -> None:
    ran = run(*command.split(), "--format", "json")

    hint = ran.document["diagnostics"][0]["hint"]
    assert (ran.code, ran.codes) == (78, ["config.invalid"])
    assert "sandbox" in hint
    assert "GENESYS_CLIENT_ID" in hint


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("options", ["--org prod", "--config none.yaml"])
def test_what_was_named_must_be_there(options: str) -> None:
    assert run("validate", *options.split()).code == 78


def test_configuration_that_is_wrong_is_told(folder: Folder) -> None:
    folder.configure("apiVersion: reconciler/v1\nkind: Config\norgz: {}\n")

    assert run("validate").code == 78


def test_org_need_not_be_chosen_to_validate(folder: Folder) -> None:
    folder.configure(NO_DEFAULT).write(customer=CUSTOMER.replace("name: Customer", 'name: "${var.a}"'))

    assert run("validate").code == 0
    assert run("validate", "--org", "two").code == 0
    assert run("validate", "--org", "three").code == 78
    assert run("plan").code == 78


def test_variables_may_be_given(bare: Folder) -> None:
    bare.write(customer=CUSTOMER.replace("name: Customer", 'name: "${var.a}"'))

    assert run("validate", "--var", "a=1").code == 65
    assert run("validate", "--var", "a='1'").code == 0
    assert run("validate").code == 65


def test_problems_are_shown_with_their_lines(bare: Folder) -> None:
    bare.write(broken=INVALID)

    ran = run("validate")

    assert "manifests/broken.yaml:5" in ran.out
    assert "nmae: Broken" in ran.out
    assert "did you mean name?" in ran.out
    assert ran.last.startswith("Invalid: ")


def test_github_annotations_name_the_place(folder: Folder) -> None:
    folder.write(broken=INVALID)

    assert "::error file=manifests/broken.yaml,line=5" in run("validate", "--format", "github").out


@pytest.mark.usefixtures("folder")
def test_valid_manifests_are_one_line() -> None:
    assert run("validate").out == "Valid: 2 resources, 0 errors, 0 warnings.\n"
    assert run("validate", "--format", "github").out.strip() == ""


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_lines_are_shown_from_anywhere(command: str, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write(broken=INVALID)
    monkeypatch.chdir(folder.path("manifests"))
    inside = run(command)
    monkeypatch.chdir(folder.root.parent)
    outside = run(command, "--config", str(folder.path("reconciler.yaml")))

    assert "nmae: Broken" in inside.out + inside.err
    assert "nmae: Broken" in outside.out + outside.err


UNSET = "  description: ${env.NOTE}\n"


def test_secret_that_is_not_set_is_a_warning_until_it_is_needed(folder: Folder) -> None:
    folder.configure(SANDBOX + "environment: [NOTE]\n").write(customer=CUSTOMER + UNSET)
    line = len((CUSTOMER + UNSET).splitlines())

    for command, code, severity in [
        ("validate", 0, "warning"),
        ("plan", 65, "error"),
        ("apply -y", 65, "error"),
    ]:
        ran = run(*command.split(), "--format", "json")
        (found,) = ran.document["diagnostics"]
        assert (ran.code, found["severity"], found["code"]) == (code, severity, "variable.unknown")
        assert (found["file"], found["line"], found["path"]) == (
            "manifests/customer.yaml",
            line,
            "/spec/description",
        )
    assert run("graph").code == 0
