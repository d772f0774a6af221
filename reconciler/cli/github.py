"""On GitHub Actions: annotations on stderr, and the files of a step for its summary and outputs.

Off it nothing happens. Annotations go to stderr, where GitHub reads commands too, so that stdout stays the
result; `-q` is about progress and leaves them. A file that cannot be written never fails the command.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.sources import root_of
from reconciler.cli.streams import tell

if TYPE_CHECKING:
    from reconciler.model.diagnostics import Diagnostic
    from reconciler.model.outcome import RunReport
    from reconciler.model.plan import Plan

logger = logging.getLogger(__name__)

_URL = re.compile(r"https?://[\w.:-]+(?:/[\w./-]*)?")
_NUMBER = re.compile(r"\d+")


def is_on_github() -> bool:
    """Whether this is a step of a workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def report_plan(plan: Plan, config: Path | None) -> None:
    """Annotates what is wrong with a plan, and tells later steps and the run's page about it.

    Args:
        config: the configuration file as named; None: the nearest one, or none.
    """
    if not is_on_github():
        return
    from reconciler.reports.annotations import output_lines, plan_outputs, plan_step_summary
    from reconciler.reports.verdicts import all_problems

    annotate(all_problems(plan), config)
    _append("GITHUB_OUTPUT", output_lines(plan_outputs(plan)))
    _summarise(lambda room: plan_step_summary(plan, room=room))


def report_drift(found: Plan) -> None:
    """Tells the run's page what moved in the org."""
    if not is_on_github():
        return
    from reconciler.reports.annotations import plan_step_summary

    _summarise(lambda room: plan_step_summary(found, room=room))


def report_run(report: RunReport, plan: Plan | None, config: Path | None) -> None:
    """The same of an apply.

    Args:
        plan: what was to be applied, as far as it is known.
    """
    if not is_on_github():
        return
    from reconciler.reports.annotations import output_lines, plan_outputs, run_problems, run_step_summary

    annotate(run_problems(report, plan), config)
    if plan is not None:
        _append("GITHUB_OUTPUT", output_lines(plan_outputs(plan)))
    _summarise(lambda room: run_step_summary(report, plan, room=room))


def annotate(problems: Sequence[Diagnostic], config: Path | None) -> None:
    """Shows problems at their lines, in the pull request too."""
    if problems and is_on_github():
        from reconciler.reports.annotations import LOG, diagnostics_github

        tell(
            diagnostics_github(problems, folder=seen_from_repository(root_of(config)), rest=f"all are {LOG}")
        )


def seen_from_repository(root: Path) -> str:
    """A folder as annotations name it; empty for the repository's own, and outside of it."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if not workspace or not root.resolve().is_relative_to(Path(workspace).resolve()):
        return ""
    seen = root.resolve().relative_to(Path(workspace).resolve()).as_posix()
    return "" if seen == "." else seen


def where_details_are(environ: Mapping[str, str]) -> str | None:
    """Where a comment's reader finds what did not fit into it: the summary of this workflow run."""
    run = environ.get("GITHUB_RUN_ID", "")
    url = f"{environ.get('GITHUB_SERVER_URL')}/{environ.get('GITHUB_REPOSITORY')}/actions/runs/{run}"
    if not is_on_github() or not _NUMBER.fullmatch(run) or not _URL.fullmatch(url):
        return None
    return f"in the summary of {url}"


def _summarise(write: Callable[[int], str]) -> None:
    from reconciler.reports.annotations import MOST_SUMMARY_BYTES

    file = os.environ.get("GITHUB_STEP_SUMMARY")
    try:
        taken = Path(file).stat().st_size if file else 0
    except OSError:
        taken = 0
    _append("GITHUB_STEP_SUMMARY", write(MOST_SUMMARY_BYTES - taken - 1))


def _append(variable: str, text: str) -> None:
    """Adds to the file that a variable names, on a line of its own."""
    file = os.environ.get(variable)
    if not file or not text:
        return
    try:
        with Path(file).open("a+b") as stream:
            if stream.seek(0, os.SEEK_END):
                stream.seek(-1, os.SEEK_END)
                text = text if stream.read(1) == b"\n" else f"\n{text}"
            stream.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        logger.warning("%s cannot be written: %s", variable, error.strerror)
