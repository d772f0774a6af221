"""What to run next after an apply has ended: one command, as it is to be typed. Pure.

It repeats what was given on the command line, quoted for a shell; what the environment said still holds. What
has been used up is left out: a fingerprint is of the changes that were planned, and some of them are made.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from reconciler.errors import ExitCode, ReconcilerError, StateLocked

if TYPE_CHECKING:
    from reconciler.model.outcome import RunReport
    from reconciler.planning.inputs import PlanOptions

PARALLELISM = 10
"""Changes under way at once, where nobody has said it."""

PATIENCE_S = 300.0
"""How long to wait for a lock, where nobody has said it."""

ROLLBACK = "rollback"
"""A command whose place is the run that it undoes."""

_PASSING = frozenset({"remote.unavailable", "remote.rate-limited", "auth.failed", "auth.scope"})
"""Codes of failures after which the same saved plan may succeed: nothing in the manifests is wrong."""

_PASSWORDS = {
    re.compile(r"(?<=://)([^/@:]*):[^/@]*(?=@)"): r"\1",
    re.compile(r"(?<=[?&])password=[^&]*&?"): "",
}
"""Of a URL, and what is left in their place."""


class Approval(Enum):
    """What approves an apply."""

    QUESTION = "question"
    OPTION = "--auto-approve"
    FINGERPRINT = "--expect"
    FILE = "plan file"


class Refusal(Enum):
    """What refused a plan."""

    PLAN = "something in it"
    NOBODY = "there was nobody to approve it, or the org takes fingerprints only"
    ANSWER = "whoever was asked"


@dataclass(frozen=True, slots=True)
class Pace:
    """How quickly an apply goes, and for how long it waits for the lock."""

    parallelism: int = PARALLELISM
    lock_timeout_s: float = 0.0

    @property
    def words(self) -> tuple[str, ...]:
        """As they are typed; what is usual is not."""
        parallelism = ("--parallelism", str(self.parallelism)) if self.parallelism != PARALLELISM else ()
        patience = ("--lock-timeout", f"{self.lock_timeout_s:g}") if self.lock_timeout_s else ()
        return parallelism + patience


@dataclass(frozen=True, slots=True)
class Given:
    """A command line of `apply` or `destroy`, as far as it may be repeated.

    Args:
        place: folder or plan file; None: the configured folder.
        common: words of the common options.
        shape: words of the options that shape a plan, but for `allowed`.
        allowed: words of those that let guards pass.
        folder: where a saved plan's manifests are, if not in the configured folder.
    """

    command: str
    approval: Approval
    place: str | None = None
    common: tuple[str, ...] = ()
    shape: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    pace: Pace = Pace()
    folder: str | None = None


def next_step(report: RunReport, given: Given, refusal: Refusal = Refusal.PLAN) -> str | None:
    """The command to run after a run, and what it does; None where nothing is left to do."""
    from reconciler.model.outcome import RunStatus

    match report.status:
        case RunStatus.APPLIED if given.command == ROLLBACK and report.converged:
            return _after_rollback(report, given)
        case RunStatus.APPLIED:
            return None if report.converged else _said(_plan(given), "shows what the org holds by now")
        case RunStatus.UNSETTLED:
            return _after_unsettled(report, given)
        case RunStatus.PARTIAL | RunStatus.INTERRUPTED:
            return _after_part(report, given)
        case RunStatus.STALE:
            return _said(_plan(given), "shows what has moved")
        case RunStatus.REFUSED:
            return _after_refusal(report, given, refusal)
        case status:
            assert_never(status)


def step_after_failure(error: ReconcilerError, given: Given, *, has_begun: bool) -> str | None:
    """The same after an apply that failed without a report.

    Args:
        has_begun: it failed in the middle of its changes.
    """
    if has_begun:
        return _said(_again(_used(given)), "goes on with what is left")
    if isinstance(error, StateLocked):
        patient = replace(given.pace, lock_timeout_s=max(given.pace.lock_timeout_s, PATIENCE_S))
        return _said(_again(replace(given, pace=patient)), "waits for that run to end")
    match error.exit_code:
        case ExitCode.USAGE:
            return None
        case ExitCode.INVALID:
            place = [] if given.approval is Approval.FILE or given.place is None else [given.place]
            return _said(["reconciler", "validate", *place, *given.common], "once that is put right")
        case ExitCode.CONFIG if error.code == "plan.format":
            return _said(_plan(given), "makes it anew")
        case ExitCode.CONFIG | ExitCode.ERROR:
            return _said(["reconciler", "doctor", *given.common], "looks at all that a run needs")
        case _:
            return _said(_again(given), "begins anew")


def words_of(options: PlanOptions) -> tuple[str, ...]:
    """The options that shape a plan, as they are typed; not those that let guards pass."""
    return tuple(_shape(options))


def allowing(fingerprints: Iterable[str]) -> tuple[str, ...]:
    """The option that lets guards pass, as it is typed."""
    return tuple(word for fingerprint in fingerprints for word in ("--allow-unsafe", fingerprint))


def without_password(url: str) -> str:
    """A state's place as it may be shown: the password has to come from somewhere else."""
    for password, left in _PASSWORDS.items():
        url = re.sub(password, left, url)
    return url.rstrip("?&")


def _after_refusal(report: RunReport, given: Given, refusal: Refusal) -> str:
    match refusal:
        case Refusal.PLAN:
            return _said(_plan(given), "once that is put right")
        case Refusal.NOBODY:
            words = _again(replace(given, approval=Approval.FINGERPRINT), report.plan_fingerprint)
            return _said(words, "applies this plan")
        case Refusal.ANSWER:
            return _said(_again(given), "asks again")
        case _:
            assert_never(refusal)


def _after_rollback(report: RunReport, given: Given) -> str | None:
    """The manifests still say what was undone."""
    if not report.results:
        return None
    what = "shows what the manifests would bring back: change them, too, or `git revert` their commit"
    return _said(["reconciler", "plan", *given.common], what)


def _after_unsettled(report: RunReport, given: Given) -> str:
    from reconciler.model.outcome import Outcome

    is_differing = all(result.outcome is not Outcome.UNSETTLED for result in report.results)
    if is_differing or given.approval is Approval.FINGERPRINT:
        return _said(_plan(given), "tells whether the org has settled by now")
    return _said(_again(_used(given)), "looks whether the org has settled by now")


def _after_part(report: RunReport, given: Given) -> str:
    """What is left has another fingerprint; a saved plan may go on unless it is itself what was refused."""
    codes = {result.error.diagnostic.code for result in report.results if result.error}
    is_spent = given.approval is Approval.FILE and not codes <= _PASSING
    if is_spent or given.approval is Approval.FINGERPRINT:
        return _said(_plan(_used(given)), "shows what is left")
    return _said(_again(_used(given)), "goes on with what is left")


def _used(given: Given) -> Given:
    """A state is there by now, and what was allowed was another plan."""
    return replace(given, shape=tuple(word for word in given.shape if word != "--new-state"), allowed=())


def _again(given: Given, fingerprint: str | None = None) -> list[str]:
    words = ["reconciler", given.command, *([given.place] if given.place else []), *given.common]
    if given.approval is not Approval.FILE:
        words += [*given.shape, *given.allowed]
    match given.approval:
        case Approval.OPTION:
            words.append("--auto-approve")
        case Approval.FINGERPRINT if fingerprint:
            words += ["--expect", fingerprint]
        case _:
            pass
    return [*words, *given.pace.words]


def _plan(given: Given) -> list[str]:
    is_saved = given.approval is Approval.FILE
    place = given.folder if is_saved else given.place
    if given.command == ROLLBACK:  # it shows its plan before it asks
        shape = [*given.common, *given.shape, *given.allowed]
        return ["reconciler", ROLLBACK, *([place] if place else []), *shape]
    destroys = given.command == "destroy" and "--destroy" not in given.shape
    return [
        *("reconciler", "plan"),
        *([place] if place else []),
        *given.common,
        *given.shape,
        *given.allowed,
        *(["--destroy"] if destroys else []),
        *(["--out", given.place] if is_saved and given.place else []),
    ]


def _said(words: Sequence[str], what: str) -> str:
    return f"`{shlex.join(words)}` {what}"


def _shape(options: PlanOptions) -> Iterator[str]:
    for target in options.targets:
        yield from ("--target", target)
    for exclude in options.excludes:
        yield from ("--exclude", exclude)
    for label, value in options.selectors.items():
        yield from ("--selector", f"{label}={value}")
    for glob in options.adopt:
        yield "--adopt" if glob == "*" else f"--adopt={glob}"
    if options.on_conflict != "refuse":
        yield from ("--on-conflict", options.on_conflict.value)
    switches = {"fallback": options.fallback, "destroy": options.destroy, "new-state": options.new_state}
    yield from (f"--{name}" for name, is_on in switches.items() if is_on)
