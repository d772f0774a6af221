"""An apply for people: what became of each change, why, and what to run next; and the audit and the state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from reconciler.model.change import Action
from reconciler.model.outcome import Outcome, RunReport, RunStatus
from reconciler.model.state import Prior
from reconciler.model.values import JsonObject, JsonValue
from reconciler.reports.diagnostics import diagnostic_lines, most_severe_first, totals
from reconciler.reports.json_documents import state_document
from reconciler.reports.lines import indented, line, render, table, table_lines
from reconciler.reports.results import results_lines
from reconciler.reports.wording import blocked_line, counted, is_blocked

_PERCENT = frozenset({"render_success_rate", "balance_accuracy"})

_WORSE = (Outcome.FAILED, Outcome.ROLLED_BACK, Outcome.UNKNOWN, Outcome.UNSETTLED, Outcome.SKIPPED)

_AUDIT_COLUMNS = {
    "seq": "SEQ",
    "timestamp": "TIME",
    "run_id": "RUN",
    "phase": "PHASE",
    "address": "ADDRESS",
    "action": "ACTION",
    "outcome": "OUTCOME",
    "http_status": "HTTP",
    "latency_ms": "MS",
    "actor": "ACTOR",
    "detail": "WHAT",
}
_SHOWN_OF_RUN = 8
"""So many characters of a run's id tell runs apart; the JSON has all."""


def run_text(report: RunReport, *, color: bool = False, next_step: str | None = None) -> str:
    """The whole run; the last line is for machines, in the style of the plan's.

    Args:
        next_step: the one command to run next, and what it does; None where nothing is left to do.
    """
    lines = [
        line((f"Run {report.run_id}: {report.status}", "bold")),
        *results_lines(report.results),
        *_problems(report),
        *_metrics(report.metrics),
        *_ending(report),
        *([line(f"Next step: {next_step}")] if next_step else []),
        line((run_closing_line(report), "bold")),
    ]
    return render(lines, color=color)


def run_closing_line(report: RunReport) -> str:
    """`Apply: 3 added, 5 changed, 1 destroyed, 1 failed.`: a replacement counts in the first and the last."""
    done = [result.action for result in report.results if result.outcome is Outcome.SUCCEEDED]
    count = {action: done.count(action) for action in Action}
    said = [
        *([f"{count[Action.ADOPT]} adopted"] if count[Action.ADOPT] else []),
        f"{count[Action.CREATE] + count[Action.REPLACE]} added",
        f"{count[Action.UPDATE]} changed",
        f"{count[Action.DELETE] + count[Action.REPLACE]} destroyed",
        *([f"{count[Action.FORGET]} forgotten"] if count[Action.FORGET] else []),
    ]
    outcomes = [result.outcome for result in report.results]
    said += [
        f"{outcomes.count(outcome)} {outcome.replace('_', ' ')}" for outcome in _WORSE if outcome in outcomes
    ]
    return f"Apply: {', '.join(said)}."


def audit_text(records: Sequence[JsonObject], *, color: bool = False) -> str:
    """Audit records as a table, oldest first as given."""
    rows = [[_audit_cell(name, record) for name in _AUDIT_COLUMNS] for record in records]
    lines = table_lines(tuple(_AUDIT_COLUMNS.values()), rows)
    return render([*lines, line(counted(len(rows), "record"))], color=color)


def _audit_cell(name: str, record: JsonObject) -> str:
    value = record.get(name)
    if name == "run_id" and isinstance(value, str):
        return _cell(name, value[:_SHOWN_OF_RUN])
    if name != "detail":
        return _cell(name, value)
    detail = value if isinstance(value, Mapping) else {}
    error = record.get("error")
    code = error.get("code") if isinstance(error, Mapping) else detail.get("code")
    return _cell(name, detail.get("label") or code)


def state_text(prior: Prior) -> str:
    """What prior state holds, as a table by address."""
    document = state_document(prior)
    entries = document["resources"]
    keys = ("address", "remote_id", "status", "applied_at", "dependencies")
    rows = [
        [_cell(key, entry[key]) for key in keys]
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping)
    ]
    drawn = table(("ADDRESS", "REMOTE ID", "STATUS", "APPLIED", "DEPENDS ON"), rows) if rows else ""
    lineage = f", lineage {document['lineage']}" if document["lineage"] else ""
    return drawn + render(
        [line(f"{counted(len(rows), 'resource')}, serial {document['serial']}{lineage}")], color=False
    )


def _problems(report: RunReport) -> Iterator[Text]:
    """What neither a result nor the refused plan, which is shown before, has told."""
    told = [result.error.diagnostic for result in report.results if result.error]
    if report.plan is not None:
        told += report.plan.diagnostics
        if is_blocked(report.plan):
            yield line((blocked_line(report.plan), "bold red"))
    rest = [found for found in report.diagnostics if found not in told]
    if rest:
        yield line((f"Problems: {totals(rest)}", "bold"))
        yield from indented(diagnostic_lines(most_severe_first(rest)), 2)


def _metrics(metrics: Mapping[str, object]) -> Iterator[Text]:
    said = []
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            inner = ", ".join(f"{key} {_number(item)}" for key, item in value.items() if item is not None)
            said.append(f"{_words(name)}: {inner}")
        elif value is not None:
            said.append(f"{_words(name)} {_number(value)}{' %' if name in _PERCENT else ''}")
    if said:
        yield line(("; ".join(said), "dim"))


def _ending(report: RunReport) -> Iterator[Text]:
    if report.status in (RunStatus.REFUSED, RunStatus.STALE) and not report.results:
        yield line("Nothing of the plan was sent.")
    elif report.converged:
        yield line(("Converged: read again, the org is as planned.", "green"))
    elif report.results:
        yield line(("Not converged: not everything in the org is known to be as planned.", "yellow"))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _cell(name: str, value: JsonValue) -> str:
    if value is None:
        return ""
    if name == "action" and isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.0f}"
    return ", ".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)
