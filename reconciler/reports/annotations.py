"""What a pipeline shows of a plan or a run, as text in the platforms' own forms; nothing is written here.

GitHub: annotations as workflow commands, a step's outputs and its summary. GitLab: the report that its
merge-request widget reads. Escaped by the platforms' rules, and bounded by their limits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.model.diagnostics import Diagnostic
from reconciler.model.outcome import RunReport
from reconciler.model.plan import Plan
from reconciler.model.values import JsonObject
from reconciler.reports.code_blocks import Room, code, fenced, utf8_bytes
from reconciler.reports.diagnostics import most_severe_first
from reconciler.reports.inert import inert, inert_lines
from reconciler.reports.literals import clip
from reconciler.reports.markdown import plan_markdown
from reconciler.reports.runs import run_closing_line, run_text
from reconciler.reports.verdicts import all_problems
from reconciler.reports.wording import counted

MOST_ANNOTATIONS = 10
"""GitHub shows no more annotations of one severity for one step."""
LONGEST_MESSAGE = 4_000
LONGEST_PROPERTY = 250
MOST_SUMMARY_BYTES = 1_000_000
"""GitHub takes less than 1 MiB for one step, and fails to show more at all."""
LEAST_SUMMARY_BYTES = 8_000
"""With less left nothing is written: what stands there already must not be lost."""

LOG = "in the log of this step"


def diagnostics_github(
    diagnostics: Iterable[Diagnostic], *, folder: str = "", rest: str = "`reconciler validate` tells all"
) -> str:
    """Workflow commands, one a line: the most severe first, ten at most, then how many were left out.

    Args:
        folder: what the files are relative to, seen from the repository's root; empty where it is the root.
        rest: where those are that were left out.
    """
    ranked = most_severe_first(diagnostics)
    commands = [_command(found, folder) for found in ranked[:MOST_ANNOTATIONS]]
    if left_out := len(ranked) - len(commands):
        said = f"{counted(left_out, 'more problem')} not shown here; {rest}"
        commands.append(f"::notice::{_message(said)}")
    return "".join(f"{command}\n" for command in commands)


def run_problems(report: RunReport, plan: Plan | None = None) -> tuple[Diagnostic, ...]:
    """What went wrong in a run, each at its manifest, and what the plan warned of.

    Args:
        plan: what was to be applied, as far as it is known.
    """
    shown = plan or report.plan
    sources = {change.address: change.source for change in shown.changes} if shown else {}
    found = [*(all_problems(shown) if shown else ()), *report.diagnostics]
    found += [result.error.diagnostic for result in report.results if result.error]
    placed = []
    for problem in found:
        source = sources.get(problem.address or "")
        is_lost = problem.file is None and source is not None
        placed.append(replace(problem, file=source.file, line=source.line) if is_lost and source else problem)
    return tuple(dict.fromkeys(placed))


def plan_outputs(plan: Plan) -> Mapping[str, str]:
    """What later steps decide by; numbers as in the plan's last line, and `changes` of all kinds."""
    summary = plan.summary
    return {
        "changes": str(summary.changes),
        "to_add": str(summary.create + summary.replace),
        "to_change": str(summary.update),
        "to_destroy": str(summary.delete + summary.replace),
        "fingerprint": plan.fingerprint,
    }


def output_lines(outputs: Mapping[str, str]) -> str:
    """`name=value` for GitHub's file of outputs; a value of several lines between delimiters."""
    return "".join(f"{text}\n" for name, value in outputs.items() for text in _output(name, value))


def plan_step_summary(plan: Plan, *, room: int = MOST_SUMMARY_BYTES) -> str:
    """The plan as Markdown, in so many bytes; nothing where there is too little room for its summary."""
    return _bounded(plan_markdown(plan, limit=room, size=utf8_bytes), room)


def run_step_summary(report: RunReport, plan: Plan | None = None, *, room: int = MOST_SUMMARY_BYTES) -> str:
    """What became of a run as Markdown, in so many bytes; of a refused one the plan, too."""
    shown = report.plan or plan
    subject = f"Apply to {code(shown.org)}" if shown else "Apply"
    told = fenced(run_text(report).splitlines()[:-1], room=Room(room // 2, utf8_bytes, LOG))
    head = f"## {subject}: {report.status}\n\n{told}\n{run_closing_line(report)}\n"
    refused = ""
    if report.plan is not None and not report.results:
        refused = plan_step_summary(report.plan, room=room - utf8_bytes(head) - 1)
    return _bounded(f"{head}\n{refused}" if refused else head, room)


def gitlab_report(plan: Plan) -> JsonObject:
    """What GitLab's merge-request widget counts; an adoption that writes is a change to it."""
    adopted = sum(change.action == "adopt" and change.requests > 0 for change in plan.changes)
    summary = plan.summary
    return {
        "create": summary.create + summary.replace,
        "update": summary.update + adopted,
        "delete": summary.delete + summary.replace,
    }


def _bounded(text: str, room: int) -> str:
    return text if utf8_bytes(text) <= room and room >= LEAST_SUMMARY_BYTES else ""


def _command(found: Diagnostic, folder: str) -> str:
    placed = {
        "file": _file(found.file, folder) if found.file else None,
        "line": found.line,
        "col": found.column,
        "title": found.code,
    }
    properties = ",".join(
        f"{key}={_property(str(value))}" for key, value in placed.items() if value is not None
    )
    subject = f"{found.address}: " if found.address else ""
    hint = f"\nhint: {found.hint}" if found.hint else ""
    return f"::{found.severity} {properties}::{_message(f'{subject}{found.message}{hint}')}"


def _file(file: str, folder: str) -> str:
    return file if not folder or file.startswith("/") else f"{folder}/{file}"


def _message(text: str) -> str:
    safe = "\n".join(inert_lines(clip(text, LONGEST_MESSAGE)))
    return safe.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(clip(text, LONGEST_PROPERTY)).replace(":", "%3A").replace(",", "%2C")


def _output(name: str, value: str) -> Iterator[str]:
    lines = inert_lines(value)
    if len(lines) == 1:
        yield f"{inert(name)}={lines[0]}"
        return
    # Nobody who writes the value can know a line of it that is made of its digest.
    end = f"end_{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}"
    yield from (f"{inert(name)}<<{end}", *lines, end)
