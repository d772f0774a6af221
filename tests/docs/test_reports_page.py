"""docs/reports.md says what pipelines are told as it is."""

from __future__ import annotations

import json
import re

from reconciler.cli.options import PlanFormat, ShowFormat
from reconciler.reports.annotations import gitlab_report, plan_outputs
from reconciler.reports.markdown import LIMIT, MOST_NODES, marker
from reconciler.reports.wording import Subject
from scripts.documents import ROOT
from tests.unit.reports.builders import plan

PAGE = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")


def test_formats_are_those_there_are() -> None:
    named = set(re.findall(r"--format (\w+)", PAGE))

    assert named == {*PlanFormat, *ShowFormat} - {"text"}


def test_markers_are_those_of_the_comments() -> None:
    assert marker("prod") in PAGE
    assert marker("prod", Subject.DRIFT) in PAGE


def test_outputs_are_those_that_are_set() -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]

    assert re.findall(r"`(\w+)`", "".join(rows)) == list(plan_outputs(plan()))


def test_gitlab_s_report_has_the_members_of_the_example() -> None:
    example = re.search(r'\{"create".*?\}', PAGE)

    assert example
    assert list(json.loads(example.group())) == list(gitlab_report(plan()))


def test_limits_are_the_program_s() -> None:
    assert f"{LIMIT:,} characters" in PAGE
    assert MOST_NODES == 30
    assert "Up to thirty changes" in PAGE
