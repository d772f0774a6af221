"""`init`: a repository that plans at once, written whole or not at all."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from reconciler import __version__
from reconciler.commands.init import Forge, Keeping, Start, requirement, starter_files
from tests.cli.commands import run

ROOT = Path(__file__).parents[2]
STARTS = [
    Start(keeping, forges)
    for keeping, forges in product(Keeping, [(Forge.GITHUB,), (Forge.GITLAB,), tuple(Forge)])
]
BARE_NAME = re.compile(r"install\b[^\n]*[ '\"]reconciler(?:[\s'\"=<>\[~!]|$)", re.MULTILINE)
FIRST_LINE = "# yaml-language-server: $schema=../../reconciler.schema.json"


def ids(start: Start) -> str:
    return "-".join([start.keeping, *start.forges])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def test_what_it_writes_plans_and_applies_at_once(here: Path) -> None:
    del here
    assert run("init").code == 0

    assert run("validate").last == "Valid: 3 resources, 0 errors, 0 warnings."
    assert run("plan").last == "Plan: 2 to add, 1 to change, 0 to destroy."
    assert run("apply", "-y").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
    assert run("drift").code == 0


def test_it_says_what_it_wrote_and_what_to_run(here: Path) -> None:
    ran = run("init", "a place")

    assert ran.out.splitlines()[0] == f"16 files written to {here / 'a place'}:"
    assert [line.strip() for line in ran.out.splitlines()[1:17]] == names_in(here / "a place")
    assert ran.last == "Next step: cd 'a place' && reconciler plan"


def test_json_says_it_too(here: Path) -> None:
    ran = run("init", "new", "--state", "runner", "--ci", "gitlab", "--format", "json")

    assert ran.document == {
        "format": "reconciler.init/1",
        "folder": "new",
        "state": "runner",
        "ci": ["gitlab"],
        "files": names_in(here / "new"),
    }


@pytest.mark.parametrize("name", [".gitlab-ci.yml", "manifests/schemas/customer.yaml"])
def test_file_that_is_there_is_named_and_nothing_is_written(here: Path, name: str) -> None:
    (here / name).parent.mkdir(parents=True, exist_ok=True)
    (here / name).write_text("mine")

    ran = run("init", "--format", "json")

    assert (ran.code, ran.codes) == (64, ["usage"])
    assert f" has {name} already; nothing was written" in ran.document["diagnostics"][0]["message"]
    assert names_in(here) == [name]
    assert (here / name).read_text() == "mine"


def test_link_to_nowhere_and_file_in_place_of_a_folder_are_in_the_way(here: Path) -> None:
    (here / "README.md").symlink_to(here / "nowhere")
    (here / "ci").write_text("a file")

    ran = run("init")

    assert ran.code == 64
    assert "README.md, ci/apply.sh, ci/reviews.py, ci/state-branch.sh already" in " ".join(ran.err.split())
    assert names_in(here) == ["README.md", "ci"]


def test_folder_that_is_a_file_is_refused(here: Path) -> None:
    (here / "file").write_text("")

    assert run("init", "file").code == 64
    assert run("init", "file/below").code == 64


def test_folder_that_cannot_be_written_is_left_as_it_was(here: Path) -> None:
    (here / "ci").symlink_to("/proc/self")  # nobody can make a file there

    ran = run("init")

    assert (ran.code, "nothing was written" in " ".join(ran.err.split())) == (64, True)


@pytest.mark.parametrize("value", ["elsewhere", "postgresql://db.example.com/x", ""])
@pytest.mark.usefixtures("here")
def test_state_is_a_choice_and_nothing_else(value: str) -> None:
    ran = run("init", "--state", value)

    assert ran.code == 64
    assert "pushed, postgres, runner" in " ".join(ran.err.split())


@pytest.mark.usefixtures("here")
def test_variable_that_says_where_state_is_chooses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_STATE", "postgresql://db.example.com/x")

    assert run("init", "--format", "json").document["state"] == "pushed"


@pytest.mark.usefixtures("here")
def test_platform_that_is_not_known_is_a_usage_error() -> None:
    assert run("init", "--ci", "other").code == 64


# -- what is in the files ------------------------------------------------------------------------------


@pytest.mark.parametrize("start", STARTS, ids=ids)
def test_files_are_whole_and_nothing_installs_a_bare_name(start: Start) -> None:
    files = starter_files(start)

    for name, text in files.items():
        assert not re.search(r"(?:#|<!--): |@[A-Z_]+@", text), name
        assert not BARE_NAME.search(text), name
        assert text.endswith("\n"), name
        if name.endswith((".yaml", ".yml")):
            list(yaml.safe_load_all(text))
    assert (".gitlab-ci.yml" in files) is (Forge.GITLAB in start.forges)
    assert (".github/workflows/reconciler-apply.yml" in files) is (Forge.GITHUB in start.forges)
    assert ("ci/state-branch.sh" in files) is (start.keeping is Keeping.PUSHED)


@pytest.mark.parametrize("start", STARTS, ids=ids)
def test_what_is_installed_is_this_version_or_a_compatible_one(start: Start) -> None:
    extra = "[postgres]" if start.keeping is Keeping.POSTGRES else ""
    installed = {
        found
        for name, text in starter_files(start).items()
        if name.startswith(".git")
        for found in re.findall(r"install --quiet '([^']*)'", text)
    }

    assert requirement(__version__, extra) in installed
    assert installed <= {requirement(__version__), requirement(__version__, extra)}


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0.1.0", ">=0.1.0,<0.2"), ("0.9.4", ">=0.9.4,<0.10"), ("1.4.2", ">=1.4.2,<2"), ("2.0.0", ">=2.0.0,<3")],
)
def test_versions_up_to_the_next_that_may_break(version: str, expected: str) -> None:
    assert requirement(version) == f"contact-centre-reconciler{expected}"


def test_editors_are_led_to_a_schema_that_takes_the_examples() -> None:
    files = starter_files(Start())
    schema = yaml.safe_load(files["reconciler.schema.json"])
    Draft202012Validator.check_schema(schema)

    examples = {name: text for name, text in files.items() if name.startswith("manifests/")}
    assert len(examples) == 3
    for text in examples.values():
        assert text.splitlines()[0] == FIRST_LINE
        Draft202012Validator(schema).validate(yaml.safe_load(text))


def test_real_org_is_protected_and_named_credentials_only() -> None:
    prod = yaml.safe_load(starter_files(Start())["reconciler.yaml"])["orgs"]["prod"]

    assert prod["protected"] is True
    assert (prod["clientId"], prod["clientSecret"]) == ("${env.PROD_CLIENT_ID}", "${env.PROD_CLIENT_SECRET}")


def test_hook_is_the_same_here_and_there() -> None:
    (here,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (there,) = yaml.safe_load(starter_files(Start())[".pre-commit-config.yaml"])["repos"][0]["hooks"]

    assert here["id"] == "reconciler-validate"
    del here["description"]
    assert there == {**here, "additional_dependencies": [requirement(__version__)]}
    assert re.search(here["files"], "centre/manifests/a.yaml")
    assert re.search(here["files"], "reconciler.yaml")
    assert not re.search(here["files"], "README.md")


def workflows(keeping: Keeping) -> dict[str, Any]:
    files = starter_files(Start(keeping, (Forge.GITHUB,)))
    return {
        name.removeprefix(".github/workflows/reconciler-").removesuffix(".yml"): yaml.safe_load(text)
        for name, text in files.items()
        if name.startswith(".github/")
    }


@pytest.mark.parametrize("keeping", Keeping)
def test_each_job_has_the_least_rights(keeping: Keeping) -> None:
    found = workflows(keeping)

    assert all(workflow["permissions"] == {} for workflow in found.values())
    assert {
        job: said["permissions"] for workflow in found.values() for job, said in workflow["jobs"].items()
    } == {
        "validate": {"contents": "read"},
        "plan": {"contents": "read", "pull-requests": "write"},
        "apply": {
            "contents": "write" if keeping is Keeping.PUSHED else "read",
            "pull-requests": "write",
        },
        "drift": {"contents": "read", "issues": "write"},
    }


@pytest.mark.parametrize("keeping", Keeping)
def test_secrets_are_given_to_the_step_that_needs_them(keeping: Keeping) -> None:
    steps = [
        step
        for workflow in workflows(keeping).values()
        for job in workflow["jobs"].values()
        for step in job["steps"]
    ]

    with_secrets = [step["name"] for step in steps if "secrets." in str(step)]
    assert sorted(with_secrets) == ["Apply", "Look for drift", "Plan"]


def test_one_apply_runs_at_a_time_and_is_never_cut_off() -> None:
    apply = workflows(Keeping.PUSHED)["apply"]

    assert apply["concurrency"] == {"group": "reconciler-apply", "cancel-in-progress": False}
    assert apply["jobs"]["apply"]["environment"] == "prod"
