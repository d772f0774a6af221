"""Tokens before they are parsed."""

from __future__ import annotations

import pytest

from reconciler.cli.arguments import arrange, command_of, wants_json

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
    ("plan --org", "--org plan"),
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
