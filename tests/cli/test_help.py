"""Help names every documented flag of every command, and the exit codes where they matter."""

from __future__ import annotations

import re

import pytest

from tests.cli.commands import run

COMMON = "--config --org --state --var --color --verbose --quiet --log-format"
PLANNING = (
    "--target --exclude --selector --adopt --on-conflict --fallback --allow-unsafe --allow-from-commit "
    "--destroy --detailed-exitcode --show-requests --new-state"
)
APPLYING = "--auto-approve --expect --parallelism --lock-timeout"
DOCUMENTED = {
    "": COMMON,
    "init": "DIR --ci --format",
    "validate": "DIR --format",
    "plan": f"DIR --out --format {PLANNING}",
    "apply": f"PLANFILE|DIR --format {PLANNING} {APPLYING} -y",
    "destroy": "--format --target --exclude --selector --allow-unsafe --allow-from-commit --show-requests "
    f"{APPLYING}",
    "adopt": "ADDRESS ID --write --auto-approve -y --format --lock-timeout --new-state",
    "export": "KIND --out --format",
    "compare": "ORG_A ORG_B --format",
    "explain": "ADDRESS[#/FIELD] --format --offline",
    "rollback": "RUN_ID --format --auto-approve -y --expect --on-conflict --target --exclude --parallelism "
    "--lock-timeout --allow-unsafe --show-requests",
    "drift": "--format --target --exclude --selector",
    "show": "PLANFILE --format --show-requests",
    "graph": "DIR --format --impact",
    "state list": "--format",
    "state show": "ADDRESS --format",
    "state rm": "ADDRESS --format --auto-approve -y --lock-timeout",
    "state mv": "OLD NEW --format --auto-approve -y --lock-timeout",
    "state pull": "FILE",
    "state push": "FILE --lock-timeout",
    "state unlock": "--auto-approve -y",
    "audit list": "--format --run --address --phase --outcome --since --until --last",
    "audit verify": "--format",
    "audit export": "--out --format",
    "sandbox serve": "--host --port --data --fault --rate-limit --activation --client-id --client-secret",
    "sandbox reset": "--auto-approve -y --format",
    "schema": "KIND --format",
    "doctor": "--format",
    "version": "--format",
    "completion": "bash|zsh|fish",
}
FORMATS = {
    "init": "text|json",
    "validate": "text|json|github",
    "plan": "text|json|markdown|html",
    "apply": "text|json",
    "destroy": "text|json",
    "rollback": "text|json",
    "drift": "text|json|markdown",
    "adopt": "text|json",
    "export": "yaml|json",
    "compare": "text|json|markdown|html",
    "explain": "text|json",
    "show": "text|json|markdown|html|github|gitlab",
    "graph": "mermaid|dot|json",
    "state list": "text|json",
    "audit list": "text|json",
    "doctor": "text|json",
    "version": "text|json",
}


@pytest.mark.parametrize(("command", "words"), DOCUMENTED.items(), ids=DOCUMENTED)
def test_help_names_each_documented_flag(command: str, words: str) -> None:
    ran = run(*command.split(), "--help")

    assert ran.code == 0
    assert [word for word in words.split() if word not in re.split(r"[\s,]+", ran.out)] == []


@pytest.mark.parametrize(("command", "formats"), FORMATS.items(), ids=FORMATS)
def test_help_names_each_format(command: str, formats: str) -> None:
    assert f"<{formats}>" in run(*command.split(), "--help").out


@pytest.mark.parametrize("command", [command for command in DOCUMENTED if command])
def test_help_names_the_common_options(command: str) -> None:
    text = " ".join(run(*command.split(), "--help").out.split())

    assert "--config FILE, --org NAME, --state DIR|URL, --var k=v, --color auto|always|never" in text
    assert "-v, -q, --log-format text|json" in text


@pytest.mark.parametrize(
    "command", [command for command in DOCUMENTED if command not in ("", "version", "completion")]
)
def test_help_names_exit_codes(command: str) -> None:
    assert "Exit codes: " in run(*command.split(), "--help").out


@pytest.mark.parametrize("command", DOCUMENTED)
def test_help_has_no_double_brackets_and_a_short_form(command: str) -> None:
    long, short = run(*command.split(), "--help"), run(*command.split(), "-h")

    assert long.out == short.out
    assert "[[" not in long.out


def test_help_tells_which_variables_hold_common_options() -> None:
    text = "".join(run("--help").out.split())

    for name in ("CONFIG", "ORG", "STATE", "VAR", "COLOR", "VERBOSE", "QUIET", "LOG_FORMAT"):
        assert f"envvar:RECONCILER_{name}" in text
