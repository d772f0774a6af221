"""A checkup: what was found out about credentials, org and store, and what of it is not well."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.errors import ConfigError, ExitCode, ReconcilerError
from reconciler.model.values import JsonObject

_WORST_FIRST = (ExitCode.CONFIG, ExitCode.LOCKED)
"""Exit codes that win over a plain failure (design.md, section 4)."""


class Health(StrEnum):
    """How a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        name: what was looked at, one word.
        hint: what to do; always there for what is not ok.
        code: a diagnostic code, where there is one for this.
        exit_code: what a failure ends the command with.
        file: the configuration file that it is about, with the line.
    """

    name: str
    health: Health
    message: str
    hint: str | None = None
    code: str | None = None
    exit_code: ExitCode = ExitCode.ERROR
    file: str | None = None
    line: int | None = None

    @property
    def place(self) -> str:
        """`file:line: `, before the message; empty where it is about no file."""
        return "".join(f"{part}:" for part in (self.file, self.line) if part is not None) + " " * bool(
            self.file
        )


@dataclass(frozen=True, slots=True)
class Checkup:
    """All findings, in the order in which a run meets what they speak of.

    Args:
        facts: the same for scripts: scalars and lists of names, None where it could not be found out.
    """

    findings: tuple[Finding, ...]
    facts: JsonObject

    @property
    def health(self) -> Health:
        """The worst of all findings."""
        found = {finding.health for finding in self.findings}
        return next(health for health in (Health.FAIL, Health.WARN, Health.OK) if health in found)

    @property
    def exit_code(self) -> ExitCode:
        """0 without a failure; 78 where configuration or state is at fault, else 1."""
        codes = {found.exit_code for found in self.findings if found.health is Health.FAIL}
        if not codes:
            return ExitCode.OK
        return next((code for code in _WORST_FIRST if code in codes), ExitCode.ERROR)


def well(name: str, message: str) -> Finding:
    """A finding that asks for nothing."""
    return Finding(name, Health.OK, message)


def doubtful(name: str, message: str, *, hint: str, code: str | None = None) -> Finding:
    """A finding that stops nothing yet."""
    return Finding(name, Health.WARN, message, hint, code)


def failed(name: str, error: ReconcilerError) -> Finding:
    """The finding that an error is; its hint says what to do, or its message does."""
    hint = error.hint or "put right what the message says"
    file, line = (error.file, error.line) if isinstance(error, ConfigError) else (None, None)
    return Finding(name, Health.FAIL, error.message, hint, error.code, error.exit_code, file, line)
