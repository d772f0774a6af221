"""What went wrong with a change, as people read it: at the manifest's own line, with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.errors import ReconcilerError, RemoteError, StalePlan
from reconciler.model.change import Change
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.outcome import Result, ResultError
from reconciler.model.ports import Secrets
from reconciler.model.remote import Failed, Verdict
from reconciler.model.values import Secret, late_values

STALE_CODES = frozenset({"duplicate", "version.mismatch"})
"""Refusals that mean the org has moved since the plan was made (platform-api.md, section 3)."""


def stale(change: Change, why: str) -> StalePlan:
    """The error of a change whose object has moved."""
    return StalePlan(f"{change.address}: {why}", hint="plan again", address=str(change.address))


def result_error(change: Change, error: ReconcilerError) -> ResultError:
    """An error of the org, or of a basis that moved, as a result's error."""
    if not isinstance(error, RemoteError):
        return ResultError(_diagnostic(change, error.code, error.message, hint=error.hint))
    code = "plan.stale" if error.remote_code in STALE_CODES else error.code
    places = [f"/spec{found.field}" for found in error.field_errors]
    message = "".join([error.message, *_field_lines(change, error)])
    diagnostic = _diagnostic(change, code, message, hint=error.hint, path=places[0] if places else "")
    return ResultError(diagnostic, error.http_status, error.correlation_id)


def unsettled_error(change: Change, verdict: Verdict, waited_s: float | None) -> ResultError:
    """The org took the change, and did not bring it about."""
    if isinstance(verdict, Failed):
        message = f"the org took the change, but: {verdict.reason}"
        return ResultError(
            _diagnostic(change, "remote.rejected", message, hint="mend the cause, then apply again")
        )
    message = f"the org took the change, but has not settled it after {waited_s or 0:g} s"
    return ResultError(
        _diagnostic(change, "remote.unavailable", message, hint="apply again: it is looked at first")
    )


def without_secrets(result: Result, change: Change, secrets: Secrets) -> Result:
    """The result, without the secrets of the body wherever the platform says them back (invariant 8)."""
    found = {late for _, late in late_values(change.after) if isinstance(late, Secret)}
    if not found or (result.error is None and not result.warnings):
        return result
    values = sorted(filter(None, map(secrets.reveal, found)), key=len, reverse=True)
    warnings = tuple(_hidden(warning, values) for warning in result.warnings)
    if result.error is None:
        return replace(result, warnings=warnings)
    diagnostic = result.error.diagnostic
    diagnostic = replace(diagnostic, message=_hidden(diagnostic.message, values))
    return replace(result, warnings=warnings, error=replace(result.error, diagnostic=diagnostic))


def _hidden(text: str, values: Sequence[str]) -> str:
    for value in values:
        text = text.replace(value, "…")
    return text


def _field_lines(change: Change, error: RemoteError) -> list[str]:
    """Each of the platform's `errors[]` against the manifest's own line."""
    lines = []
    for found in error.field_errors:
        place = change.resource.mark(f"/spec{found.field}") if change.resource else None
        where = f"{place}: " if place else ""
        lines.append(f"\n  {where}{found.field}: {found.message}")
    return lines


def _diagnostic(
    change: Change, code: str, message: str, *, hint: str | None = None, path: str = ""
) -> Diagnostic:
    if change.resource is not None:
        return change.resource.diagnostic(code, message, path=path, hint=hint)
    source = change.prior.source if change.prior else None
    return Diagnostic(
        Severity.ERROR,
        code,
        message,
        hint=hint,
        address=str(change.address),
        file=source.file if source else None,
        line=source.line if source else None,
    )
