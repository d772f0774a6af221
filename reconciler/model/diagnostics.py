"""Diagnostics: what is wrong, where, and what to do (design.md, section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

from reconciler.errors import ConfigError, ExitCode, ReconcilerError
from reconciler.model.values import JsonObject


class Severity(StrEnum):
    """Errors stop a run; warnings are shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem. `path` is a JSON pointer from the document's root; line and column are 1-based."""

    severity: Severity
    code: str
    message: str
    hint: str | None = None
    address: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    path: str | None = None

    def as_json(self) -> JsonObject:
        """Every member as plain data, by its own name."""
        return {
            **{member.name: getattr(self, member.name) for member in fields(self)},
            "severity": self.severity.value,
        }


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; line and column are 1-based."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class InvalidManifests(ReconcilerError):
    """The manifests break rules; carries every problem of the run, warnings included."""

    exit_code = ExitCode.INVALID
    default_code = "manifest.invalid-value"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = sort_diagnostics(diagnostics)
        first = next(iter(errors_in(self.diagnostics)), None)
        super().__init__(first.message if first else "invalid manifests", code=first.code if first else None)


def errors_in(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Those that stop a run."""
    return tuple(found for found in diagnostics if found.severity is Severity.ERROR)


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By place, then code: the order of discovery never shows. Repeats are dropped."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=_place))


def _place(found: Diagnostic) -> tuple[str, int, int, str, str, str]:
    return (
        found.file or "",
        found.line or 0,
        found.column or 0,
        found.code,
        found.address or "",
        found.message,
    )


def diagnostics_of(error: ReconcilerError) -> tuple[Diagnostic, ...]:
    """An error as diagnostics: its own, or one made of its message."""
    if isinstance(error, InvalidManifests):
        return error.diagnostics
    place = (error.file, error.line) if isinstance(error, ConfigError) else (None, None)
    return (
        Diagnostic(
            Severity.ERROR,
            error.code,
            error.message,
            hint=error.hint,
            address=error.address,
            file=place[0],
            line=place[1],
        ),
    )
