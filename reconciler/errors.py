"""Exceptions and exit codes.

One root, `ReconcilerError`; the class says whose fault it is and carries the process's exit code
(design.md, section 4). A message says what happened; a hint says what to do.

    ReconcilerError                 1   anything that failed
    ├── UsageError                 64   the command line is off
    ├── InvalidManifests           65   (model.diagnostics) the manifests break rules
    ├── ConfigError                78   configuration cannot be used
    ├── StateError                 78   the store cannot be used
    │   └── StateLocked            75   another run holds the lock
    ├── Refused                     3   a guard, check, conflict or prompt said no; nothing was sent
    ├── StalePlan                   4   the plan's basis no longer holds; nothing was sent
    ├── Interrupted               130   the user stopped the run
    └── RemoteError                 1   the org answered with an error, or not at all
        ├── RemoteUnavailable           passing faults outlasted every try
        ├── RateLimited                 the wait asked for is too long
        ├── AuthFailed                  no token, or it was refused twice
        ├── ScopeMissing                a permission is not granted
        ├── Rejected                    the request breaks a rule of the platform
        ├── NotFound                    the object is gone
        └── StoppedWaiting              the user did not want to wait for the answer
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of every command (design.md, section 4)."""

    OK = 0
    ERROR = 1
    CHANGES = 2
    REFUSED = 3
    STALE = 4
    PARTIAL = 5
    UNSETTLED = 6
    USAGE = 64
    INVALID = 65
    LOCKED = 75
    CONFIG = 78
    INTERRUPTED = 130


class ReconcilerError(Exception):
    """Root of all errors that a user may see.

    Args:
        message: what happened, to what.
        code: a stable diagnostic code (design.md, section 5).
        hint: what to do about it.
        address: `Kind/name` of the resource concerned, where there is one.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.ERROR
    default_code: ClassVar[str] = "remote.unavailable"

    def __init__(
        self, message: str, *, code: str | None = None, hint: str | None = None, address: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.address = address


class UsageError(ReconcilerError):
    """The command line cannot be understood."""

    exit_code = ExitCode.USAGE
    default_code = "usage"


class ConfigError(ReconcilerError):
    """The configuration cannot be used.

    Args:
        file: the configuration file, where one was read.
        line: 1-based line in it.
    """

    exit_code = ExitCode.CONFIG
    default_code = "config.invalid"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.file = file
        self.line = line


class StateError(ReconcilerError):
    """The store is missing, damaged, too new, or belongs to another org."""

    exit_code = ExitCode.CONFIG
    default_code = "state.damaged"


class StateLocked(StateError):
    """Another run holds the state's lock; the message names the holder."""

    exit_code = ExitCode.LOCKED
    default_code = "state.locked"


class Refused(ReconcilerError):
    """Refused before any write."""

    exit_code = ExitCode.REFUSED
    default_code = "plan.guard"


class StalePlan(ReconcilerError):
    """The plan's basis no longer holds; nothing was sent."""

    exit_code = ExitCode.STALE
    default_code = "plan.stale"


class Interrupted(ReconcilerError):
    """The user stopped the run; what was under way has settled."""

    exit_code = ExitCode.INTERRUPTED
    default_code = "interrupted"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One of the platform's `errors[]`: a JSON pointer into the request body, and a message."""

    field: str
    message: str


class RemoteError(ReconcilerError):
    """The org answered with an error, or not at all.

    Args:
        http_status: the answer's status; None when there was no answer.
        correlation_id: the platform's id of the exchange, for its support.
        remote_code: the member `code` of the platform's error body.
        field_errors: the platform's `errors[]`.
        outcome_unknown: True when the request may have taken effect all the same.
    """

    default_code = "remote.rejected"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        http_status: int | None = None,
        correlation_id: str | None = None,
        remote_code: str | None = None,
        field_errors: Sequence[FieldError] = (),
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.http_status = http_status
        self.correlation_id = correlation_id
        self.remote_code = remote_code
        self.field_errors = tuple(field_errors)
        self.outcome_unknown = outcome_unknown


class RemoteUnavailable(RemoteError):
    """Passing faults (5xx, connection errors, time-outs) outlasted every try."""

    default_code = "remote.unavailable"


class RateLimited(RemoteError):
    """The platform asks for a longer wait than is reasonable (platform-api.md, section 3)."""

    default_code = "remote.rate-limited"


class AuthFailed(RemoteError):
    """No token could be had, or a fresh one was refused; never names the secret."""

    default_code = "auth.failed"


class ScopeMissing(RemoteError):
    """The client lacks a scope or permission; the message names it."""

    default_code = "auth.scope"


class Rejected(RemoteError):
    """The request breaks a rule of the platform (400, 409, 412, 413)."""

    default_code = "remote.rejected"


class NotFound(RemoteError):
    """The object is not there (404 on a write)."""

    default_code = "remote.not-found"


class StoppedWaiting(RemoteError):
    """The user asked a second time to stop, while an answer was awaited."""

    exit_code = ExitCode.INTERRUPTED
    default_code = "interrupted"
