"""A plan, a run or a list of problems as text, Markdown, HTML or JSON.

The only importer of `rich` and `jinja2`. Reports are made from the plan's own data and know no kind, so that
a new kind needs no change here; they compute nothing that is not in what they are given, and read neither org
nor store. Each name below is imported when it is first used: JSON needs neither `rich` nor `pydantic`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.reports.annotations import diagnostics_github as diagnostics_github
    from reconciler.reports.annotations import gitlab_report as gitlab_report
    from reconciler.reports.diagnostics import diagnostics_text as diagnostics_text
    from reconciler.reports.html.page import plan_html as plan_html
    from reconciler.reports.json_documents import diagnostic_document as diagnostic_document
    from reconciler.reports.json_documents import error_document as error_document
    from reconciler.reports.json_documents import plan_document as plan_document
    from reconciler.reports.json_documents import run_document as run_document
    from reconciler.reports.json_documents import state_document as state_document
    from reconciler.reports.json_documents import to_text as to_text
    from reconciler.reports.json_documents import validation_document as validation_document
    from reconciler.reports.lines import table as table
    from reconciler.reports.markdown import plan_markdown as plan_markdown
    from reconciler.reports.progress import watch as watch
    from reconciler.reports.runs import audit_text as audit_text
    from reconciler.reports.runs import run_text as run_text
    from reconciler.reports.runs import state_text as state_text
    from reconciler.reports.saved_plans import plan_from_document as plan_from_document
    from reconciler.reports.text import plan_text as plan_text
    from reconciler.reports.verdicts import all_problems as all_problems

_HOMES = {
    "all_problems": "verdicts",
    "audit_text": "runs",
    "diagnostic_document": "json_documents",
    "diagnostics_github": "annotations",
    "diagnostics_text": "diagnostics",
    "error_document": "json_documents",
    "gitlab_report": "annotations",
    "plan_document": "json_documents",
    "plan_from_document": "saved_plans",
    "plan_html": "html.page",
    "plan_markdown": "markdown",
    "plan_text": "text",
    "run_document": "json_documents",
    "run_text": "runs",
    "state_document": "json_documents",
    "state_text": "runs",
    "table": "lines",
    "to_text": "json_documents",
    "validation_document": "json_documents",
    "watch": "progress",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
