"""Tokens before they are parsed."""

from __future__ import annotations

import pytest

from reconciler.cli.app import app
from reconciler.cli.arguments import GROUPS, arrange, command_of, common_value, wants_json
from reconciler.errors import UsageError

ARRANGED = [
    ("plan", "plan"),
    ("plan --org x", "--org x plan"),
    ("plan --org=x --out f", "--org=x plan --out f"),
    ("state list --state s", "--state s state list"),
    ("apply -yqv", "-q -v apply -y"),
    ("apply -vvv dir", "-v -v -v apply dir"),
    ("plan --adopt dir", "plan --adopt=* dir"),
    ("plan --adopt --adopt=Widget/* dir", "plan --adopt=* --adopt=Widget/* dir"),
    ("plan -- --org x", "plan -- --org x"),
    ("plan --orgs x", "plan --orgs x"),
]

COMMANDS = [
    ("", ""),
    ("--format json", ""),
    ("--format json plan", "plan"),
    ("--org state plan dir", "plan"),
    ("state list", "state list"),
    ("state --org x show Schema/a", "state show"),
    ("state --format json list", "state list"),
    ("state", "state"),
    ("state bogus", "state"),
    ("plan list", "plan"),
]

FORMATS = [
    ("plan --format json", True),
    ("plan --format=json", True),
    ("plan --format text", False),
    ("plan json", False),
    ("plan --format", False),
]


@pytest.mark.parametrize(("given", "arranged"), ARRANGED)
def test_common_options_come_first(given: str, arranged: str) -> None:
    assert arrange(given.split()) == arranged.split()


@pytest.mark.parametrize(("given", "command"), COMMANDS)
def test_command_is_found_among_options(given: str, command: str) -> None:
    assert command_of(given.split()) == command


@pytest.mark.parametrize(("given", "is_json"), FORMATS)
def test_format_is_known_before_anything_is_parsed(given: str, is_json: bool) -> None:
    assert wants_json(given.split()) is is_json


@pytest.mark.parametrize("option", ["--org", "--var", "--config"])
def test_common_option_without_a_value_is_told(option: str) -> None:
    with pytest.raises(UsageError, match=f"{option} needs a value"):
        arrange(["plan", option])


@pytest.mark.parametrize(
    ("given", "environ", "said"),
    [
        ("plan --log-format json", {}, "json"),
        ("plan --log-format=json", {}, "json"),
        ("--log-format json plan", {"RECONCILER_LOG_FORMAT": "text"}, "json"),
        ("plan", {"RECONCILER_LOG_FORMAT": "json"}, "json"),
        ("plan", {"RECONCILER_LOG_FORMAT": ""}, None),
        ("plan", {}, None),
    ],
)
def test_common_option_is_known_before_anything_is_parsed(
    given: str, environ: dict[str, str], said: str | None
) -> None:
    assert common_value("--log-format", given.split(), environ) == said


def test_groups_are_those_of_the_command_line() -> None:
    """A failure's document names the whole command."""
    declared = {
        str(group.name): {str(command.name) for command in group.typer_instance.registered_commands}
        for group in app.registered_groups
        if group.typer_instance is not None
    }

    assert {name: set(below) for name, below in GROUPS.items()} == declared
