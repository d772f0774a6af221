"""What pipelines are told: escaped by their rules, within their limits."""

from __future__ import annotations

import re

import pytest

from reconciler.model.change import Action, CheckStatus
from reconciler.model.outcome import Outcome, RunStatus
from reconciler.model.plan import Plan, Summary
from reconciler.reports.annotations import (
    diagnostics_github,
    gitlab_report,
    output_lines,
    plan_outputs,
    plan_step_summary,
    run_problems,
    run_step_summary,
)
from reconciler.reports.verdicts import all_problems
from tests.unit.reports.builders import (
    FINGERPRINT,
    change,
    check,
    error,
    plan,
    result,
    result_error,
    run,
    warning,
)

COUNTED = Summary(create=1, update=2, replace=3, delete=4, adopt=5, forget=6)


def test_most_severe_ten_are_annotated_and_the_rest_counted() -> None:
    found = [warning("w", f"w{number}") for number in range(5)]
    found += [error("e", f"e{number}") for number in range(8)]

    assert diagnostics_github(found).splitlines() == [
        *(f"::error title=e::e{number}" for number in range(8)),
        "::warning title=w::w0",
        "::warning title=w::w1",
        "::notice::3 more problems not shown here; `reconciler validate` tells all",
    ]


def test_nothing_wrong_is_no_annotation() -> None:
    assert diagnostics_github([]) == ""


def test_annotation_escapes_by_the_rules() -> None:
    found = error("a.b", "50% of\nit", file="x,y:z.yaml", line=3, column=4, hint="fix", address="Widget/a")

    assert diagnostics_github([found]) == (
        "::error file=x%2Cy%3Az.yaml,line=3,col=4,title=a.b::Widget/a: 50%25 of%0Ait%0Ahint: fix\n"
    )


@pytest.mark.parametrize(
    ("folder", "file", "named"),
    [("", "m/a.yaml", "m/a.yaml"), ("infra/cc", "m/a.yaml", "infra/cc/m/a.yaml"), ("infra", "/a", "/a")],
)
def test_files_are_named_as_the_repository_has_them(folder: str, file: str, named: str) -> None:
    assert diagnostics_github([error("a", "no", file=file)], folder=folder) == (
        f"::error file={named},title=a::no\n"
    )


def test_enormous_message_is_cut() -> None:
    printed = diagnostics_github([error("c" * 9_000, "m" * 90_000, file="f" * 9_000)])

    assert len(printed) < 5_000


def test_failed_check_is_a_problem_once() -> None:
    told = error("widget.query", "no data", address="Channel/care", file="c.yaml", line=3)
    shown = plan(
        change("Channel/care", Action.UPDATE),
        diagnostics=(told,),
        checks=(
            check(CheckStatus.FAIL, "no data", "widget.query"),
            check(CheckStatus.FAIL, "no agents", "channel.queue"),
            check(CheckStatus.WARN, "hm", "channel.fallback"),
        ),
    )

    assert all_problems(shown) == (
        told,
        error("channel.queue", "no agents", address="Channel/care", file="manifests/channels.yaml", line=12),
    )


def test_problems_of_a_run_are_at_their_manifests_and_told_once() -> None:
    shown = plan(change("Widget/a", Action.CREATE), diagnostics=(warning("w", "careful"),))
    refused = error("remote.rejected", "no", address="Widget/a")
    report = run(
        result("Widget/a", Action.CREATE, Outcome.FAILED, error=result_error(refused)),
        diagnostics=(refused,),
    )

    assert run_problems(report, shown) == (
        warning("w", "careful"),
        error("remote.rejected", "no", address="Widget/a", file="manifests/widgets.yaml", line=12),
    )


# -- outputs -------------------------------------------------------------------------------------------


def test_outputs_count_as_the_last_line_of_the_plan_does() -> None:
    assert output_lines(plan_outputs(plan(summary=COUNTED))) == (
        f"changes=21\nto_add=4\nto_change=2\nto_destroy=7\nfingerprint={FINGERPRINT}\n"
    )


def test_no_changes_are_0() -> None:
    assert plan_outputs(plan())["changes"] == "0"


def test_output_of_several_lines_stands_between_delimiters_that_are_not_in_it() -> None:
    printed = output_lines({"a": "one\nb=2\nend", "c": "3"})

    assert re.fullmatch(r"a<<(end_[0-9a-f]{64})\none\nb=2\nend\n\1\nc=3\n", printed)


def test_gitlab_counts_a_replacement_twice_and_an_adoption_that_writes_as_a_change() -> None:
    changes = (
        change("Widget/a", Action.REPLACE),
        change("Widget/b", Action.ADOPT, requests=2),
        change("Widget/c", Action.ADOPT, requests=0),
        change("Widget/d", Action.FORGET, requests=0),
    )

    assert gitlab_report(plan(*changes)) == {"create": 1, "update": 1, "delete": 1}


# -- summaries -----------------------------------------------------------------------------------------


def large() -> Plan:
    after = {f"field{number}": "東京" * 40 for number in range(60)}
    return plan(*(change(f"Widget/w{number}", Action.CREATE, after=after) for number in range(200)))


@pytest.mark.parametrize("room", [8_000, 500_000])
def test_step_summary_takes_no_more_bytes_than_there_are(room: int) -> None:
    taken = len(plan_step_summary(large(), room=room).encode())

    assert room * 0.6 < taken <= room


@pytest.mark.parametrize("room", [-5, 0, 7_999])
def test_too_little_room_is_no_summary(room: int) -> None:
    assert plan_step_summary(plan(), room=room) == ""
    assert run_step_summary(run(), plan(), room=room) == ""


def test_summary_of_a_run_says_what_became_of_it() -> None:
    printed = run_step_summary(run(result("Widget/a", Action.CREATE)), plan())

    assert printed.startswith("## Apply to `sandbox`: applied\n\n```text\nRun run-1: applied\n")
    assert printed.endswith("\n```\n\nApply: 1 added, 0 changed, 0 destroyed.\n")
    assert printed.count("1 added") == 1


def test_summary_of_a_refused_run_shows_the_plan() -> None:
    refused = run(status=RunStatus.REFUSED, converged=False, plan=plan(change("Widget/a", Action.CREATE)))

    printed = run_step_summary(refused)

    assert printed.startswith("## Apply to `sandbox`: refused\n")
    assert "\n## Plan for `sandbox`: 1 to add" in printed


def test_summary_of_a_long_run_is_cut_with_a_count() -> None:
    ran = run(*(result(f"Widget/w{number}", Action.CREATE) for number in range(5_000)))

    printed = run_step_summary(ran, plan(), room=8_000)

    assert len(printed.encode()) <= 8_000
    assert re.search(r"… [\d,]+ more lines in the log of this step\n```\n", printed)
    assert printed.endswith("Apply: 5000 added, 0 changed, 0 destroyed.\n")
