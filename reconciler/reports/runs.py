"""An apply for people: what became of each change, why, and what to run next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from reconciler.model.change import Action
from reconciler.model.outcome import Outcome, Result, ResultError, RunReport, RunStatus
from reconciler.model.state import Prior
from reconciler.model.values import JsonObject, JsonValue
from reconciler.reports.diagnostics import diagnostic_lines, most_severe_first, totals
from reconciler.reports.inert import inert_lines
from reconciler.reports.json_documents import state_document
from reconciler.reports.lines import indented, line, render, table, table_lines
from reconciler.reports.literals import Literals
from reconciler.reports.wording import ACTION_STYLES, counted

OUTCOME_STYLES = {
    Outcome.SUCCEEDED: "green",
    Outcome.FAILED: "bold red",
    Outcome.SKIPPED: "yellow",
    Outcome.ROLLED_BACK: "magenta",
    Outcome.UNKNOWN: "bold red",
    Outcome.UNSETTLED: "yellow",
}

_MEANINGS = {
    Outcome.ROLLED_BACK: "what had been done of it was undone: the object is as it was before",
    Outcome.UNKNOWN: "nobody knows whether it took effect; the next apply asks the org first",
}
"""What outcomes that are not plain words mean for the org."""

_PERCENT = frozenset({"render_success_rate", "balance_accuracy"})

_WORSE = (Outcome.FAILED, Outcome.ROLLED_BACK, Outcome.UNKNOWN, Outcome.UNSETTLED, Outcome.SKIPPED)

_NEXT = {
    RunStatus.PARTIAL: "Next step: `reconciler apply` goes on with what is left",
    RunStatus.UNSETTLED: "Next step: `reconciler plan` tells whether the org has settled by now",
    RunStatus.REFUSED: "Next step: `reconciler plan` shows what refuses it",
    RunStatus.STALE: "Next step: `reconciler plan` again, and look at what has moved",
    RunStatus.INTERRUPTED: "Next step: `reconciler apply` goes on with what is left",
}

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


def run_text(report: RunReport, *, color: bool = False) -> str:
    """The whole run; the last line is for machines, in the style of the plan's."""
    lines = [
        line((f"Run {report.run_id}: {report.status}", "bold")),
        *(text for result in report.results for text in result_lines(result)),
        *_problems(report),
        *_metrics(report.metrics),
        *_ending(report),
        line((run_closing_line(report), "bold")),
    ]
    return render(lines, color=color)


def outcome_line(result: Result) -> Text:
    """One result in one line, for whoever watches: the summary has the rest."""
    return _headline(result, ", ".join(_times(result)))


def result_lines(result: Result) -> Iterator[Text]:
    """One result: outcome, time, then what went wrong and what to do."""
    yield _headline(result, ", ".join([*_times(result), *_details(result)]))
    yield from _causes(result)


def _headline(result: Result, facts: str) -> Text:
    return line(
        "  ",
        (f"{symbol_of(result.action)} {result.address}", _style_of(result.action)),
        "  ",
        (result.outcome.replace("_", " "), OUTCOME_STYLES[result.outcome]),
        (f"  ({facts})" if facts else "", "dim"),
    )


def _causes(result: Result) -> Iterator[Text]:
    if result.outcome in _MEANINGS:
        yield line(f"      {_MEANINGS[result.outcome]}")
    if result.blocked_by:
        yield line(f"      not tried, because {result.blocked_by} did not succeed")
    if result.error:
        yield from indented(diagnostic_lines([result.error.diagnostic]), 6)
        yield from _exchange(result.error)
    for warning in result.warnings:
        first, *rest = inert_lines(warning)
        yield line("      ", ("warning: ", "yellow"), first)
        yield from (line("        ", text) for text in rest)


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


def symbol_of(action: str) -> str:
    """The plan's symbol of an action."""
    return Action(action).symbol if action in set(Action) else action


def milliseconds(duration_ms: float) -> str:
    """`420 ms`, `12.3 s`."""
    return f"{duration_ms:.0f} ms" if duration_ms < 10_000 else f"{duration_ms / 1000:.1f} s"


def _style_of(action: str) -> str:
    return ACTION_STYLES[Action(action)] if action in set(Action) else ""


def _times(result: Result) -> Iterator[str]:
    if result.attempts:
        yield milliseconds(result.latency_ms)
    if result.attempts > 1:
        yield f"{result.attempts} tries"


def _details(result: Result) -> Iterator[str]:
    """What is to be known of the object, but for its ids and names: the address says which it is."""
    for name, value in result.detail.items():
        if name.endswith(("_id", "_name")):
            continue
        if value is not None and not isinstance(value, Mapping | list | tuple):
            said, unit = (name.removesuffix("_s"), " s") if name.endswith("_s") else (name, "")
            yield f"{said.replace('_', ' ')} {Literals().inline(value, 60)}{unit}"


def _exchange(error: ResultError) -> Iterator[Text]:
    """Status and correlation id, unless the message tells the id already: then it tells both."""
    status, correlation_id = error.http_status, error.correlation_id
    if correlation_id and correlation_id in error.diagnostic.message:
        return
    said = [
        *([f"HTTP {status}"] if status else []),
        *([f"correlation id {correlation_id}"] if correlation_id else []),
    ]
    if said:
        yield line("        ", (", ".join(said), "dim"))


def _problems(report: RunReport) -> Iterator[Text]:
    told = [result.error.diagnostic for result in report.results if result.error]
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
    if report.status in _NEXT:
        yield line(_NEXT[report.status])


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
