"""A checkup as text and as JSON."""

from __future__ import annotations

from reconciler.errors import ConfigError, ExitCode
from reconciler.model.checkup import Checkup, doubtful, failed, well
from reconciler.reports.doctor import checkup_document, checkup_text

CHECKUP = Checkup(
    (
        well("org", "prod"),
        doubtful("rate_limit", "spent", hint="wait"),
        doubtful("lock", "held", hint="wait for it", code="state.locked"),
        failed("host", ConfigError("nowhere", hint="say where", file="reconciler.yaml", line=3)),
    ),
    {"org": "prod", "api_host": None},
)
TEXT = """\
ok    org         prod
warn  rate limit  spent
                  -> wait
warn  lock        held
                  -> wait for it
fail  host        reconciler.yaml:3: nowhere
                  -> say where
Doctor: 1 ok, 2 to look at, 1 failed.
"""


def test_text_has_a_line_a_finding_and_what_to_do() -> None:
    assert checkup_text(CHECKUP, color=False) == TEXT


def test_colour_changes_no_word() -> None:
    coloured = checkup_text(CHECKUP, color=True)

    assert "\x1b[32mok" in coloured
    assert "\x1b[1;31mfail" in coloured


def test_document_is_flat_but_for_findings_and_diagnostics() -> None:
    document = checkup_document(CHECKUP)

    assert list(document) == ["format", "status", "org", "api_host", "findings", "diagnostics"]
    assert (document["format"], document["status"]) == ("reconciler.doctor/1", "fail")
    assert CHECKUP.exit_code is ExitCode.CONFIG


def test_only_what_has_a_code_is_a_diagnostic() -> None:
    found = checkup_document(CHECKUP)["diagnostics"]

    place = {"address": None, "column": None, "path": None}
    locked = {"severity": "warning", "code": "state.locked", "message": "held", "hint": "wait for it"}
    invalid = {"severity": "error", "code": "config.invalid", "message": "nowhere", "hint": "say where"}
    assert found == [
        {**locked, **place, "file": None, "line": None},
        {**invalid, **place, "file": "reconciler.yaml", "line": 3},
    ]


def test_what_an_org_says_is_made_inert() -> None:
    text = checkup_text(Checkup((well("organization", "Acme\x1b[2J\n::error::x"),), {}), color=False)

    assert "\x1b" not in text
    assert text.count("\n") == 2
