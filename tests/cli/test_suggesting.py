"""Which command is said to be the next one, and how it is put."""

from __future__ import annotations

import pytest

from reconciler.cli.suggesting import (
    Approval,
    Given,
    Pace,
    Refusal,
    allowing,
    next_step,
    step_after_failure,
    without_password,
    words_of,
)
from reconciler.errors import (
    AuthFailed,
    ConfigError,
    Interrupted,
    ReconcilerError,
    RemoteUnavailable,
    StateError,
    StateLocked,
    UsageError,
)
from reconciler.model.diagnostics import Diagnostic, InvalidManifests, Severity
from reconciler.model.outcome import Outcome, Result, ResultError, RunReport, RunStatus
from reconciler.planning.inputs import OnConflict, PlanOptions

COMMON = ("--config", "my conf.yaml", "--org", "prod", "--var", "a=it's")
SHAPE = ("--target", "Widget/*", "--adopt=Widget/a*", "--new-state")
ASKED = Given("apply", Approval.QUESTION, "dir", COMMON, SHAPE, ("--allow-unsafe", "f00"), Pace(4, 30))
YES = Given("apply", Approval.OPTION)
EXPECTED = Given("apply", Approval.FINGERPRINT, shape=("--fallback",))
SAVED = Given("apply", Approval.FILE, "p.json", ("--org", "prod"), ("--fallback",), folder="../other")
DESTROYED = Given("destroy", Approval.OPTION)
TYPED = "--config 'my conf.yaml' --org prod --var 'a=it'\"'\"'s' --target 'Widget/*' '--adopt=Widget/a*'"


def report(status: RunStatus, *codes: str, outcome: Outcome = Outcome.FAILED) -> RunReport:
    """A run of which each change failed with one of these codes, or ended without an error."""
    results = [
        Result("Widget/a", "create", outcome, error=ResultError(Diagnostic(Severity.ERROR, code, "no")))
        for code in codes
    ]
    return RunReport("run-1", "f1", status, (*results, Result("Widget/b", "create", outcome)))


UNSETTLED = report(RunStatus.UNSETTLED, outcome=Outcome.UNSETTLED)
DIFFERING = report(RunStatus.UNSETTLED, outcome=Outcome.SUCCEEDED)


@pytest.mark.parametrize(
    ("ran", "given", "said"),
    [
        (
            report(RunStatus.PARTIAL, "remote.rejected"),
            ASKED,
            f"`reconciler apply dir {TYPED} --parallelism 4 --lock-timeout 30` goes on with what is left",
        ),
        (
            report(RunStatus.PARTIAL, "remote.rejected"),
            YES,
            "`reconciler apply --auto-approve` goes on with what is left",
        ),
        (
            report(RunStatus.PARTIAL, "remote.rejected"),
            DESTROYED,
            "`reconciler destroy --auto-approve` goes on with what is left",
        ),
        (
            report(RunStatus.PARTIAL, "remote.unavailable"),
            EXPECTED,
            "`reconciler plan --fallback` shows what is left",
        ),
        (
            report(RunStatus.PARTIAL, "remote.unavailable", "auth.scope"),
            SAVED,
            "`reconciler apply p.json --org prod` goes on with what is left",
        ),
        (
            report(RunStatus.PARTIAL, "remote.unavailable", "remote.rejected"),
            SAVED,
            "`reconciler plan ../other --org prod --fallback --out p.json` shows what is left",
        ),
        (
            report(RunStatus.INTERRUPTED),
            SAVED,
            "`reconciler apply p.json --org prod` goes on with what is left",
        ),
        (report(RunStatus.INTERRUPTED), EXPECTED, "`reconciler plan --fallback` shows what is left"),
        (UNSETTLED, YES, "`reconciler apply --auto-approve` looks whether the org has settled by now"),
        (
            UNSETTLED,
            EXPECTED,
            "`reconciler plan --fallback` tells whether the org has settled by now",
        ),
        (DIFFERING, YES, "`reconciler plan` tells whether the org has settled by now"),
        (report(RunStatus.APPLIED), YES, "`reconciler plan` shows what the org holds by now"),
        (
            report(RunStatus.STALE),
            SAVED,
            "`reconciler plan ../other --org prod --fallback --out p.json` shows what has moved",
        ),
        (report(RunStatus.STALE), DESTROYED, "`reconciler plan --destroy` shows what has moved"),
        (
            report(RunStatus.REFUSED),
            ASKED,
            f"`reconciler plan dir {TYPED} --new-state --allow-unsafe f00` once that is put right",
        ),
    ],
)
def test_next_step_is_by_how_a_run_ended_and_what_approved_it(
    ran: RunReport, given: Given, said: str
) -> None:
    assert next_step(ran, given) == said


def test_nothing_is_next_where_nothing_is_left() -> None:
    assert next_step(RunReport("r", "f", RunStatus.APPLIED, converged=True), YES) is None


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Refusal.NOBODY, "`reconciler destroy --expect f1` applies this plan"),
        (Refusal.ANSWER, "`reconciler destroy` asks again"),
        (Refusal.PLAN, "`reconciler plan --destroy` once that is put right"),
    ],
)
def test_refusal_is_followed_by_what_would_get_past_it(refusal: Refusal, said: str) -> None:
    given = Given("destroy", Approval.QUESTION)

    assert next_step(report(RunStatus.REFUSED), given, refusal) == said


INVALID = InvalidManifests([Diagnostic(Severity.ERROR, "manifest.syntax", "no")])
DOCTOR = "`reconciler doctor --org prod` looks at all that a run needs"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UsageError("what?"), None),
        (INVALID, "`reconciler validate --org prod` once that is put right"),
        (ConfigError("no org"), DOCTOR),
        (StateError("no state"), DOCTOR),
        (AuthFailed("no token"), DOCTOR),
        (RemoteUnavailable("nobody there"), DOCTOR),
        (
            ConfigError("no plan", code="plan.format"),
            "`reconciler plan ../other --org prod --fallback --out p.json` makes it anew",
        ),
        (
            StateLocked("held by alex"),
            "`reconciler apply p.json --org prod --lock-timeout 300` waits for that run to end",
        ),
        (Interrupted("interrupted"), "`reconciler apply p.json --org prod` begins anew"),
    ],
)
def test_failure_before_the_first_change_says_what_helps(error: ReconcilerError, said: str | None) -> None:
    assert step_after_failure(error, SAVED, has_begun=False) == said


@pytest.mark.parametrize("error", [StateLocked("taken over"), StateError("disk full"), ReconcilerError("?")])
def test_failure_in_the_middle_of_a_run_is_gone_on_from(error: ReconcilerError) -> None:
    said = "`reconciler apply --auto-approve` goes on with what is left"

    assert step_after_failure(error, YES, has_begun=True) == said


def test_longer_patience_than_ours_is_kept() -> None:
    given = Given("apply", Approval.OPTION, pace=Pace(lock_timeout_s=900))

    assert "--lock-timeout 900`" in str(step_after_failure(StateLocked("held"), given, has_begun=False))


def test_every_option_that_shapes_a_plan_is_put_as_it_is_typed() -> None:
    options = PlanOptions(
        targets=("Widget/a", "Schema/*"),
        excludes=("Schema/x",),
        selectors={"team": "care desk"},
        adopt=("*", "Widget/*"),
        on_conflict=OnConflict.THEIRS,
        fallback=True,
        destroy=True,
        new_state=True,
    )

    assert " ".join(words_of(options)) == (
        "--target Widget/a --target Schema/* --exclude Schema/x --selector team=care desk --adopt "
        "--adopt=Widget/* --on-conflict theirs --fallback --destroy --new-state"
    )
    assert allowing(["f1", "f2"]) == ("--allow-unsafe", "f1", "--allow-unsafe", "f2")


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("state", "state"),
        ("postgresql://kim@db.example/x", "postgresql://kim@db.example/x"),
        ("postgresql://kim:pl%40nted@db.example:5432/x", "postgresql://kim@db.example:5432/x"),
        ("postgresql://db.example/x?password=planted", "postgresql://db.example/x"),
        (
            "postgresql://db.example/x?user=kim&password=planted&sslmode=require",
            "postgresql://db.example/x?user=kim&sslmode=require",
        ),
    ],
)
def test_password_of_a_state_is_never_repeated(place: str, shown: str) -> None:
    assert without_password(place) == shown
