"""Names and messages from outside are obeyed by no terminal, no pipeline and no web page."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.change import Action, CheckStatus, Origin
from reconciler.model.events import ChangeStarted, ChangeWaiting, Retrying
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Basis, DriftedResource, Plan, PlannedStep, PlanSource
from reconciler.reports import (
    audit_text,
    diagnostics_github,
    diagnostics_text,
    gitlab_report,
    plan_markdown,
    plan_text,
    run_text,
    table,
    watch,
)
from reconciler.reports.annotations import (
    output_lines,
    plan_outputs,
    plan_step_summary,
    run_step_summary,
)
from reconciler.reports.graphs import GraphEdge, graph_dot, graph_mermaid, graph_of
from reconciler.reports.inert import defuse, inert, inert_lines
from reconciler.reports.progress import Display
from tests.unit.reports.builders import change, check, error, field, plan, result, result_error, run

HOSTILE = [
    "\x1b[31mred\x1b]0;title\x07",
    "one\n::error file=a::two",
    "::stop-commands::x",
    "##[error]boo",
    "##vso[task.complete]",
    "[bold]markup[/bold] :smile:",
    "right\u202eto left\u2066",
    "a\rb\x08c\x85d\u2028e",
    "`a` ``b`` ```c",
    "<script>alert(1)</script><img src=x>",
    "a | b \\| c",
    "@everyone #12 https://example.com",
    "--> <!-- </details>",
    "half \ud800 surrogate",
]


def hostile_plan(text: str) -> Plan:
    changes = (
        change(
            text,
            Action.UPDATE,
            remote_id=text,
            source=PlanSource(text, 1),
            depends_on=(text,),
            fields=(
                field(f"/{text}", text, {text: [text]}, Origin.DRIFT),
                field("/x", f"{text}\n{text}", f"{text}\n::error::"),
            ),
            notes=(text,),
            report={"tables": [{"title": text, "columns": [text], "rows": [[text, text], [7]]}, text]},
            steps=(PlannedStep(text, text, text, {text: text}),),
        ),
        change(text, Action.CREATE, after={text: f"{text}\n{text}", "long": [text * 40]}),
    )
    return plan(
        *changes,
        org=text,
        applyable=False,
        drift=(DriftedResource(text, text, (field(f"/{text}", 1, text),)),),
        checks=(check(CheckStatus.FAIL, text, text, key=text),),
        diagnostics=(error(text, text, hint=text, file=text, line=1, address=text),),
        basis=Basis(lookups={text: text}),
    )


def assert_inert(printed: str) -> None:
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\ud800-\udfff]", printed
    )
    assert not re.search(r"##\w*\[", printed)
    assert not re.search(r"^\s*::", printed, re.MULTILINE)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_reports_obey_nothing(text: str) -> None:
    found = error(text, text, hint=text, file=text, line=1, column=1, address=text)
    ran = run(
        result(
            text, Action.UPDATE, Outcome.FAILED, error=result_error(found), blocked_by=text, warnings=(text,)
        ),
        diagnostics=(found,),
        metrics={text: text},
    )

    assert_inert(plan_text(hostile_plan(text), show_requests=True, verbose=True))
    assert_inert(run_text(ran))
    assert_inert(diagnostics_text([found], source_line=lambda _file, _line: text))
    assert_inert(table([text], [[text]]))
    assert_inert(audit_text([{"seq": 1, "address": text}]))


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_is_never_interpreted(text: str) -> None:
    coloured = plan_text(hostile_plan(text), color=True)

    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plan_text(hostile_plan(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_progress_obeys_nothing(text: str) -> None:
    stream = io.StringIO()
    address = Address("Widget", text)

    with watch(stream, Display.PLAIN) as observer:
        observer.notify(ChangeStarted(address, text))
        observer.notify(ChangeWaiting(address, text, 1, 2))
        observer.notify(Retrying(text, text, 1, text, 0.5))

    assert_inert(stream.getvalue())


def prose_of(printed: str) -> str:
    """What a page obeys: without fenced blocks, code spans, escaped HTML, and the elements that are ours."""
    prose = re.sub(r"^(`{3,})(?:diff|text|mermaid)\n.*?\n\1$", "", printed, flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", prose)
    ours = r"<code>[^<>]*</code>|</?(?:details|summary)>|<details open>|<!-- reconciler:\w+ org=[^ <>]* -->"
    return re.sub(ours, "", prose)


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_holds_outside_text_in_code_only(text: str) -> None:
    printed = plan_markdown(hostile_plan(text))

    assert_inert(printed)
    assert not re.search(r"[<>@`]|https:|everyone|smile", prose_of(printed))


@pytest.mark.parametrize("text", HOSTILE)
def test_annotation_is_one_command(text: str) -> None:
    printed = diagnostics_github([error(text, text, hint=text, file=text, line=3)], folder=text, rest=text)

    assert printed.count("\n") == 1
    properties, _, message = printed.removeprefix("::error ").partition("::")
    assert properties.count(",") == 2
    assert properties.count(":") == 0
    assert not re.search(r"##\w*\[", printed)
    assert "\x1b" not in message


@pytest.mark.parametrize("text", HOSTILE)
def test_outputs_are_one_value_each(text: str) -> None:
    printed = output_lines({**plan_outputs(plan(fingerprint=text)), "text": text})

    names = re.findall(r"^(\w+)(?:=|<<end_[0-9a-f]{64}$)", printed, re.MULTILINE)
    assert names == ["changes", "to_add", "to_change", "to_destroy", "fingerprint", "text"]
    assert "\x1b" not in printed


@pytest.mark.parametrize("text", HOSTILE)
def test_summaries_obey_nothing(text: str) -> None:
    found = error(text, text, hint=text, file=text, line=1, address=text)
    ran = run(result(text, Action.UPDATE, Outcome.FAILED, error=result_error(found)), diagnostics=(found,))

    plain = hostile_plan(text)
    compared = replace(plain, basis=Basis(options={"compare": [text, text]}))
    drifted = replace(plain, changes=(), basis=Basis(options={"drift": True}))
    shown = [plan_step_summary(found) for found in (plain, compared, drifted)]
    for printed in (*shown, run_step_summary(ran, plain)):
        assert_inert(printed)
        assert not re.search(r"[<>@`]|https:|everyone|smile", prose_of(printed))


@pytest.mark.parametrize("text", HOSTILE)
def test_widget_of_gitlab_has_numbers_only(text: str) -> None:
    assert gitlab_report(hostile_plan(text)) == {"create": 1, "update": 1, "delete": 0}


@pytest.mark.parametrize("text", HOSTILE)
def test_graphs_hold_names_as_names(text: str) -> None:
    drawn = graph_of([text, "Widget/b"], [GraphEdge(text, "Widget/b", text)], {text: "create"})

    assert_inert(graph_dot(drawn))
    assert_inert(graph_mermaid(drawn))
    assert re.fullmatch(
        r'flowchart LR\n(?:  n[12]\["(?:[\w /.()-]|#\d+;)*"\]\n){2}  n\d --> n\d\n'
        r"  classDef create stroke:#1a7f37,stroke-width:2px\n  class n\d create\n",
        graph_mermaid(drawn),
    )


@given(st.text())
def test_inert_text_stays_as_it_is(text: str) -> None:
    assert inert(inert(text)) == inert(text)
    assert all(inert(part) == part for part in inert_lines(text))


def test_what_is_harmless_is_kept() -> None:
    assert inert("Grüße, 東京 👩‍💻 a\\b #1 ## x") == "Grüße, 東京 👩‍💻 a\\b #1 ## x"


def test_commands_behind_blanks_are_defused() -> None:
    assert [defuse("  ::error::x"), defuse("a ::b")] == ["  \\x3a:error::x", "a ::b"]
