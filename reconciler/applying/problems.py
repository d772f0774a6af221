"""What went wrong with a change, as people read it: at the manifest's own line, with what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote

from reconciler.errors import FieldError, ReconcilerError, RemoteError, RemoteUnavailable, StalePlan
from reconciler.model.blotting import Blotter
from reconciler.model.change import Change
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.outcome import Result, ResultError
from reconciler.model.ports import Secrets
from reconciler.model.remote import Answer, Failed, Verdict
from reconciler.model.values import Secret, Tree, escape, late_values

STALE_CODES = frozenset({"duplicate", "version.mismatch"})
"""Refusals that mean the org has moved since the plan was made (platform-api.md, section 3)."""

ELEMENT_DEPTH = 3
"""Slashes of a pointer to a member of a list's element, less one: `/spec/members/0/userId` has four."""


def stale(change: Change, why: str) -> StalePlan:
    """The error of a change whose object has moved."""
    return StalePlan(f"{change.address}: {why}", hint="plan again", address=str(change.address))


def result_error(change: Change, error: ReconcilerError, *, path: str = "") -> ResultError:
    """An error of the org, or of a basis that moved, as a result's error.

    Args:
        path: of the request that met it.
    """
    if not isinstance(error, RemoteError):
        return ResultError(_diagnostic(change, error.code, error.message, hint=error.hint))
    code = "plan.stale" if error.remote_code in STALE_CODES else error.code
    places = [_place(change, found.field, path) for found in error.field_errors]
    lines = [
        _field_line(change, found, place) for found, place in zip(error.field_errors, places, strict=True)
    ]
    message, where = "".join([error.message, *lines]), (places or [_place(change, "", path)])[0]
    diagnostic = _diagnostic(change, code, message, hint=error.hint, path=where)
    return ResultError(diagnostic, error.http_status, error.correlation_id)


def nameless(method: str, path: str, answer: Answer) -> RemoteUnavailable:
    """The error of a create that the org took, and answered without an id: something is there, or will be."""
    return RemoteUnavailable(
        f"{method} {path} answered {answer.status} without the id of what it made",
        hint="apply again: it asks under the same key",
        http_status=answer.status,
        correlation_id=answer.correlation_id,
        outcome_unknown=True,
    )


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


def without_secrets(result: Result, change: Change, secrets: Secrets, others: Collection[str] = ()) -> Result:
    """The result, without the secrets of the body wherever the platform says them back (invariant 8).

    Args:
        others: values of the run's other secrets: the platform may quote an object that another change made.
    """
    found = {late for _, late in late_values(change.after) if isinstance(late, Secret)}
    if not (found or others) or (result.error is None and not result.warnings):
        return result
    alone = {Secret("${env." + name + "}", (name,)) for secret in found for name in secret.names}
    blot = Blotter({*map(secrets.reveal, found | alone), *others}).blot
    warnings = tuple(map(blot, result.warnings))
    if result.error is None:
        return replace(result, warnings=warnings)
    diagnostic = result.error.diagnostic
    diagnostic = replace(diagnostic, message=blot(diagnostic.message))
    return replace(result, warnings=warnings, error=replace(result.error, diagnostic=diagnostic))


def _place(change: Change, field: str, path: str) -> str:
    """Where the manifest says what a request's body says: a JSON pointer from the document's root.

    A body that is no part of `spec`, such as one member's weight, is of the element that has the path's id.
    """
    direct = f"/spec{field}" if field else ""
    if change.resource is None or (field and direct in change.resource.marks):
        return direct
    wanted = unquote(path.rpartition("/")[2])
    owners = (
        pointer.rpartition("/")[0]
        for pointer, text in _texts(change.resource.spec, "/spec")
        if text == wanted and pointer.count("/") > ELEMENT_DEPTH
    )
    return next(owners, direct)


def _texts(tree: Tree, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, str):
        yield pointer, tree
    elif isinstance(tree, Mapping):
        for name, value in tree.items():
            yield from _texts(value, f"{pointer}/{escape(name)}")
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from _texts(value, f"{pointer}/{index}")


def _field_line(change: Change, found: FieldError, place: str) -> str:
    """One of the platform's `errors[]` against the manifest's own line."""
    where = f"{change.resource.mark(place)}: " if change.resource else ""
    return f"\n  {where}{found.field}: {found.message}"


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
