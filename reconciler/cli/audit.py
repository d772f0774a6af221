"""`audit list`, `audit verify`, `audit export`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options
from reconciler.cli.options import JsonFormat, ReportFormat
from reconciler.cli.plans import writing
from reconciler.cli.projects import open_project
from reconciler.cli.streams import write, write_utf8
from reconciler.cli.terminal import Terminal, write_json
from reconciler.errors import ExitCode
from reconciler.model.audit import Phase

if TYPE_CHECKING:
    from reconciler.model.values import JsonValue


def list_(
    ctx: typer.Context,
    format: Annotated[
        ReportFormat, typer.Option("--format", help="A table, or JSON Lines of whole records.")
    ] = ReportFormat.TEXT,
    run: Annotated[str | None, typer.Option("--run", metavar="ID", help="Only of this run.")] = None,
    address: Annotated[
        str | None, typer.Option("--address", metavar="ADDRESS", help="Only of this resource.")
    ] = None,
    phase: Annotated[Phase | None, typer.Option("--phase", help="Only of this phase.")] = None,
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="OUTCOME", help="Only with this outcome.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Only from then on: a UTC time or the beginning of one."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Only before then; as --since.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--last", min=1, metavar="N", help="At most so many, the newest.")
    ] = None,
) -> int:
    """List the audit trail, oldest record first.

    Exit codes: 0 done, 78 no state or bad configuration.
    """
    from reconciler import reports
    from reconciler.commands.audit import AuditFilter, read_audit

    terminal: Terminal = ctx.obj
    wanted = AuditFilter(run, address, phase, outcome, since, until, last)
    records = read_audit(open_project(terminal), wanted)
    if format is ReportFormat.JSON:
        for text in _lines(records):
            write_utf8(text)
    else:
        write(reports.audit_text(list(records), color=terminal.stdout_color))
    return ExitCode.OK


def verify(ctx: typer.Context, format: options.AnyReport = ReportFormat.TEXT) -> int:
    """Check that no record was changed, added, moved or removed.

    Exit codes: 0 unbroken, 1 broken (the first broken record is named), 78 no state or bad configuration.
    """
    from reconciler.commands.audit import verify_audit

    found = verify_audit(open_project(ctx.obj))
    if format is ReportFormat.JSON:
        write_json(
            {
                "format": "reconciler.audit-verification/1",
                "valid": found.valid,
                "records": found.records,
                "first_broken_seq": found.first_broken_seq,
                "message": found.message,
            }
        )
    else:
        write(f"{'Valid' if found.valid else 'Broken'}: {found.message}.")
    return ExitCode.OK if found.valid else ExitCode.ERROR


def export(
    ctx: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write there instead of stdout.")
    ] = None,
    format: Annotated[JsonFormat, typer.Option("--format", help="JSON Lines.")] = JsonFormat.JSON,
) -> int:
    """Write the whole audit trail as JSON Lines.

    Exit codes: 0 done, 64 the file cannot be written, 78 no state or bad configuration.
    """
    from reconciler.commands.audit import AuditFilter, read_audit

    del format  # there is one, and scripts may name it
    texts = _lines(read_audit(open_project(ctx.obj), AuditFilter()))
    if out is None:
        for text in texts:
            write_utf8(text)
    else:
        with writing(out) as stream:
            stream.writelines(texts)
    return ExitCode.OK


def _lines(records: Iterable[Mapping[str, JsonValue]]) -> Iterable[str]:
    return (json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in records)
