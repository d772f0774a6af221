"""Common options hold wherever they are written, and in the environment (design.md, section 4)."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.commands import run
from tests.cli.folders import CUSTOMER, Folder

VARIABLES = CUSTOMER.replace("name: Customer", 'name: "${var.a} ${var.b}"')


@pytest.mark.parametrize(
    "command",
    [
        "--org other state list --format json",
        "state --org other list --format json",
        "state list --org other --format json",
        "state list --format json --org=other",
    ],
)
@pytest.mark.usefixtures("folder")
def test_org_is_taken_wherever_it_stands(command: str) -> None:
    run("apply", "-y", "--org", "other")

    assert len(run(*command.split()).document["resources"]) == 2
    assert run("state", "list").code == 78


@pytest.mark.usefixtures("folder")
def test_org_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_ORG", "other")

    assert run("plan", "--format", "json").document["org"] == "other"
    assert run("plan", "--format", "json", "--org", "sandbox").document["org"] == "sandbox"


@pytest.mark.usefixtures("folder")
def test_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ORG", "CONFIG", "STATE", "VAR", "COLOR", "VERBOSE", "QUIET", "LOG_FORMAT"):
        monkeypatch.setenv(f"RECONCILER_{name}", "")

    assert run("plan", "--format", "json").document["org"] == "sandbox"


def test_config_and_state_are_read_from_the_environment(
    applied: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(applied.root.parent)
    monkeypatch.setenv("RECONCILER_CONFIG", str(applied.path("reconciler.yaml")))

    assert run("state", "list").code == 0
    monkeypatch.setenv("RECONCILER_STATE", "elsewhere")
    assert run("state", "list").code == 78
    assert run("state", "list", "--state", str(applied.path("state"))).code == 0


def test_configuration_is_found_in_a_parent(applied: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(applied.path("manifests"))

    assert run("plan").last == "No changes. The org matches the manifests."


def test_variables_come_from_the_environment_one_a_line(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(customer=VARIABLES)
    monkeypatch.setenv("RECONCILER_VAR", "a=of the environment\n\nb=two words\n")

    assert _planned_name() == "of the environment two words"
    assert _planned_name("--var", "a=given") == "given two words"
    assert _planned_name("--var=a=x=y") == "x=y two words"


def test_variable_of_the_org_gives_way_to_the_command_line(folder: Folder) -> None:
    folder.write(customer=VARIABLES)
    text = folder.path("reconciler.yaml").read_text(encoding="utf-8")
    folder.configure(
        text.replace("sandbox: {sandbox: true}", "sandbox: {sandbox: true, vars: {a: org}}")
        + "vars: {a: all, b: all}\n"
    )

    assert _planned_name() == "org all"
    assert _planned_name("--var", "a=given") == "given all"


@pytest.mark.parametrize("spelling", ["-q", "--quiet", "-qv", "-vq"])
@pytest.mark.usefixtures("folder")
def test_quiet_shows_results_alone(spelling: str) -> None:
    ran = run("apply", "-y", spelling)

    assert ran.last == "Apply: 2 added, 0 changed, 0 destroyed."
    assert "Schema/customer" not in ran.err


@pytest.mark.usefixtures("folder")
def test_short_options_may_be_joined() -> None:
    assert run("apply", "-yq").code == 0


@pytest.mark.usefixtures("folder")
def test_progress_is_on_stderr() -> None:
    assert "Schema/customer" in run("apply", "-y").err


@pytest.mark.usefixtures("folder")
def test_log_lines_are_json_where_asked_for() -> None:
    ran = run("plan", "-vv", "-q", "--log-format", "json")

    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert lines
    assert all(list(line)[:4] == ["time", "level", "logger", "message"] for line in lines)
    assert all(line["logger"].startswith("reconciler.") for line in lines)


@pytest.mark.usefixtures("folder")
def test_request_is_one_log_line_whose_parts_are_members_in_json() -> None:
    lines = [json.loads(line) for line in run("plan", "-vv", "-q", "--log-format", "json").err.splitlines()]
    told = [line for line in lines if line["level"] == "debug"]
    text = [line for line in run("plan", "-vv", "-q").err.splitlines() if line.startswith("DEBUG")]

    assert [(line["method"], line["path"], line["status"], line["attempt"]) for line in told] == [
        ("POST", "/oauth/token", 200, 1),
        ("GET", "/api/v2/organizations/me", 200, 1),
        ("GET", "/api/v2/customobjects/schemas", 200, 1),
    ]
    for line, plain in zip(told, text, strict=True):
        assert (type(line["ms"]), type(line["correlation_id"])) == (int, str)
        start = f"{line['method']} {line['path']} -> {line['status']} in "
        assert line["message"].startswith(start)
        assert plain.startswith(f"DEBUG reconciler.remote.wire: {start}")


@pytest.mark.usefixtures("folder")
def test_request_without_an_answer_is_a_log_line_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_SANDBOX_FAULTS", "GET *schemas* drop=before times=1")

    lines = [json.loads(line) for line in run("plan", "-vv", "-q", "--log-format", "json").err.splitlines()]

    (failed, repeated) = [line for line in lines if line.get("path", "").endswith("/schemas")]
    assert (failed["status"], failed["attempt"], failed["correlation_id"]) == (None, 1, None)
    assert (repeated["status"], repeated["attempt"]) == (200, 2)
    assert failed["message"].split(", ")[-1] != "-"


@pytest.mark.usefixtures("folder")
def test_log_tells_the_time_as_the_audit_trail_does() -> None:
    (line, *_) = run("plan", "-v", "-q", "--log-format", "json").err.splitlines()

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", json.loads(line)["time"])


def test_one_v_says_what_a_colleague_would_ask(folder: Folder) -> None:
    ran = run("plan", "-v", "-q", "--format", "json")

    fingerprint = ran.document["fingerprint"]
    assert ran.err.splitlines() == [
        f"INFO reconciler.commands.project: org sandbox of {folder.path('reconciler.yaml')}",
        f"INFO reconciler.commands.project: 2 resources in {folder.path('manifests')}",
        f"INFO reconciler.commands.plan: plan {fingerprint}: 2 changes, 0 unchanged, 0 drifted; applyable",
    ]
    assert run("plan", "-q").err == ""


@pytest.mark.usefixtures("folder")
def test_one_v_logs_no_requests() -> None:
    assert "/oauth/token" not in run("plan", "-v", "-q").err
    assert "/oauth/token" in run("plan", "-vv", "-q").err


@pytest.mark.parametrize(
    ("arguments", "environment", "is_coloured"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        ([], {"RECONCILER_COLOR": "always"}, True),
        (["--color", "never"], {"RECONCILER_COLOR": "always"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
@pytest.mark.usefixtures("folder")
def test_colour_is_as_asked_for(
    arguments: list[str],
    environment: dict[str, str],
    is_coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert ("\x1b[" in run("plan", *arguments).out) is is_coloured


@pytest.mark.usefixtures("folder")
def test_value_that_is_none_of_an_option_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_COLOR", "sometimes")

    assert run("plan").code == 64


def _planned_name(*arguments: str) -> object:
    ran = run("plan", "--format", "json", *arguments)
    changes = {change["address"]: change["after"] for change in ran.document["changes"]}
    return changes["Schema/customer"]["name"]


@pytest.mark.usefixtures("folder")
def test_failures_are_coloured_as_asked_for() -> None:
    assert "\x1b[" in run("plan", "--bogus", "--color", "always").err
    assert "\x1b[" not in run("plan", "--bogus").err


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "value", "told"), [("VERBOSE", "2", True), ("VERBOSE", "0", False), ("QUIET", "1", False)]
)
def test_switches_are_read_from_the_environment(
    name: str, value: str, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"RECONCILER_{name}", value)

    ran = run("apply", "-y")

    assert ("/oauth/token" in ran.err) is told
    assert ("Schema/customer" in ran.err) is (name == "VERBOSE")
