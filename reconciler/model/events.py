"""Events of a run, for the screen: the engine emits these and never prints.

A log line is for a developer and the journal for recovery; these say what a person watching wants to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.model.address import Address
from reconciler.model.outcome import Result


@dataclass(frozen=True, slots=True)
class LockAwaited:
    """Another run holds the state's lock, and this one waits for it.

    Args:
        said: whose it is, as the failure of one that does not wait would say.
    """

    said: str


@dataclass(frozen=True, slots=True)
class ReadsPlanned:
    """So many more answers are awaited."""

    count: int


@dataclass(frozen=True, slots=True)
class ReadAnswered:
    """One of them has come."""

    path: str


@dataclass(frozen=True, slots=True)
class PlanMade:
    """The plan stands, and is about to be shown; nothing runs until `RunStarted`."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """An apply begins.

    Args:
        needs: for each change's address those of the changes that it waits for.
        actions: what each change is.
    """

    run_id: str
    changes: int
    needs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    actions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeStarted:
    """A change's first request is about to leave."""

    address: Address
    action: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    """One request of a change is about to leave; `number` counts from 1."""

    address: Address
    label: str
    number: int
    steps: int


@dataclass(frozen=True, slots=True)
class ChangeWaiting:
    """A change waits for the org to settle it."""

    address: Address
    note: str
    waited_s: float
    deadline_s: float


@dataclass(frozen=True, slots=True)
class ChangeFinished:
    """A change has its result; `done` of `total` have."""

    result: Result
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Stopping:
    """The user asked for an end.

    Args:
        waits: whether what is under way may still settle; a second request says no.
    """

    waits: bool


@dataclass(frozen=True, slots=True)
class WindowSeen:
    """An answer has told how the rate limit's window stands.

    Args:
        remaining: requests that may still leave in it; those under way are counted off.
        allowed: requests in a whole window.
        reset_s: seconds until the next one.
    """

    remaining: int
    allowed: int
    reset_s: float


@dataclass(frozen=True, slots=True)
class Throttled:
    """The rate limit is spent; the run goes on by itself."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Retrying:
    """A passing fault; the request is repeated."""

    method: str
    path: str
    attempt: int
    reason: str
    seconds: float


Event: TypeAlias = (
    LockAwaited
    | ReadsPlanned
    | ReadAnswered
    | PlanMade
    | RunStarted
    | ChangeStarted
    | StepStarted
    | ChangeWaiting
    | ChangeFinished
    | Stopping
    | WindowSeen
    | Throttled
    | Retrying
)
