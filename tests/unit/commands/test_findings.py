"""What a survey means: pure, so that clocks, windows and locks can be as bad as they like."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reconciler.commands.findings import assemble
from reconciler.commands.surveys import HostSurvey, OrgSurvey, ProjectSurvey, StoreSurvey, Survey
from reconciler.errors import ExitCode, RemoteUnavailable, ScopeMissing, StateError, StateLocked
from reconciler.model.address import Address
from reconciler.model.checkup import Checkup, Finding, Health
from reconciler.model.state import Intent, StateIdentity
from reconciler.remote import Origins, Route, Window
from reconciler.store import Holder, Incarnation

SCOPES = frozenset({"customobjects:schema:write"})
DIRECT = Route(None, None)
HOST = HostSurvey("api.x.test", "login.x.test", "the-id", DIRECT, DIRECT, is_encrypted=True)
PROJECT = ProjectSurvey(
    Origins("GENESYS_REGION", "GENESYS_REGION", "GENESYS_CLIENT_ID", "GENESYS_CLIENT_SECRET"),
    org="env",
    org_source="the environment",
    kinds={"Schema": 2},
)
ORG = OrgSurvey(
    HOST,
    has_token=True,
    token_lifetime_s=86400.0,
    scopes=SCOPES,
    org_id="org-1",
    org_name="Acme",
    clock_skew_s=0.4,
    window=Window(300, 3, 40.0),
    analytics="healthy",
)
STORE = StoreSurvey(
    "/srv/state",
    exists=True,
    is_writable=True,
    version=2,
    lineage="a-lineage",
    identity=StateIdentity("a-lineage", 7, "org-1", "api.x.test", "the-id"),
    kinds={"Schema": 2},
    last_record={"seq": 9, "phase": "run_finished", "actor": "kim", "timestamp": "2026-01-02T03:04:05Z"},
)
HOLDER = Holder("apply by alex", "run-1", Incarnation("ci-7", "", 42, ""), "2026-01-02T03:04:05Z", 31.0)
INTENT = Intent(
    run_id="run-1",
    address=Address("Schema", "a"),
    action="create",
    step=0,
    label="create",
    method="POST",
    path="/x",
    key_header=None,
    key="k",
    body=None,
    creates=True,
    started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)


def test_healthy_survey_has_no_complaint() -> None:
    checkup = examined()

    assert (checkup.health, checkup.exit_code) == (Health.OK, ExitCode.OK)
    assert finding(checkup, "organization").message == "Acme (org-1)"
    assert finding(checkup, "state").message.startswith(
        "/srv/state: 2 resources (Schema 2), serial 7, lineage"
    )
    assert finding(checkup, "audit").message == (
        "9 records, the last run_finished by kim at 2026-01-02T03:04:05Z"
    )


@pytest.mark.parametrize(
    ("skew_s", "health", "message"),
    [
        (0.9, Health.OK, "as the org's"),
        (-12.0, Health.OK, "12 s behind the org's"),
        (30.0, Health.OK, "30 s ahead of the org's"),
        (31.0, Health.WARN, "31 s ahead of the org's"),
        (-3600.0, Health.WARN, "3600 s behind the org's"),
    ],
)
def test_clock_may_be_half_a_minute_off(skew_s: float, health: Health, message: str) -> None:
    found = finding(examined(org=replace(ORG, clock_skew_s=skew_s)), "clock")

    assert (found.health, found.message) == (health, message)


def test_clock_is_no_finding_where_the_org_does_not_say_its_time() -> None:
    assert "clock" not in names(examined(org=replace(ORG, clock_skew_s=None)))


@pytest.mark.parametrize(("count", "health"), [(0, Health.OK), (269, Health.OK), (270, Health.WARN)])
def test_window_that_others_have_spent_is_a_warning(count: int, health: Health) -> None:
    found = examined(org=replace(ORG, window=Window(300, count, 40.0)))

    assert finding(found, "rate_limit").health is health


@pytest.mark.parametrize("name", ["scopes", "rate_limit", "analytics"])
def test_what_an_org_does_not_say_is_no_complaint(name: str) -> None:
    found = finding(examined(org=replace(ORG, scopes=None, window=None, analytics=None)), name)

    assert found.health is Health.OK
    assert "not say" in found.message


@pytest.mark.parametrize("status", ["degraded", "maintenance"])
def test_analytics_that_is_not_healthy_is_a_warning(status: str) -> None:
    found = finding(examined(org=replace(ORG, analytics=status)), "analytics")

    assert (found.health, found.message) == (Health.WARN, status)


def test_analytics_that_cannot_be_asked_is_a_warning() -> None:
    error = ScopeMissing("scope analytics:conversation:view is missing", hint="grant it")

    checkup = examined(org=replace(ORG, analytics=None, analytics_error=error))

    assert checkup.exit_code == 0
    assert finding(checkup, "analytics").hint == "grant it"


@pytest.mark.parametrize(
    ("granted", "health", "words"),
    [
        ({"customobjects:schema:write"}, Health.OK, "all that is needed"),
        ({"customobjects:schema:read"}, Health.WARN, "can plan, cannot apply"),
        ({"webhooks:write"}, Health.FAIL, "cannot plan"),
        (set(), Health.FAIL, "cannot plan"),
    ],
)
def test_scopes_of_kinds_in_use_count(granted: set[str], health: Health, words: str) -> None:
    found = finding(examined(org=replace(ORG, scopes=frozenset(granted))), "scopes")

    assert found.health is health
    assert found.message.startswith(words)


def test_scopes_of_what_only_the_state_holds_count() -> None:
    checkup = examined(store=replace(STORE, kinds={"Schema": 2, "Channel": 1}))

    assert checkup.facts["missing_read_scopes"] == ["webchat:config:read"]


def test_scopes_of_all_kinds_count_where_none_is_in_use() -> None:
    checkup = examined(project=replace(PROJECT, kinds={}), store=replace(STORE, kinds={}))

    assert checkup.facts["missing_write_scopes"] == [
        "analytics:dashboard:write",
        "routing:queue:write",
        "webchat:config:write",
    ]


@pytest.mark.parametrize(
    ("lease_left_s", "is_gone", "words", "hint"),
    [
        (31.0, False, "held by apply by alex", "wait for that run"),
        (None, False, "held by apply by alex", "wait for that run"),
        (31.0, True, "left behind by apply by alex", "takes it over"),
        (-5.0, False, "left behind by apply by alex", "takes it over"),
    ],
)
def test_lock_says_what_becomes_of_it(
    lease_left_s: float | None, *, is_gone: bool, words: str, hint: str
) -> None:
    holder = replace(HOLDER, lease_left_s=lease_left_s)

    found = finding(examined(store=replace(STORE, holder=holder, is_holder_gone=is_gone)), "lock")

    assert found.health is Health.WARN
    assert found.message.startswith(words)
    assert hint in (found.hint or "")


def test_open_intents_say_what_the_next_apply_does_first() -> None:
    checkup = examined(store=replace(STORE, intents=(INTENT, replace(INTENT, step=1))))

    found = finding(checkup, "intents")
    assert (found.health, found.message) == (
        Health.WARN,
        "2 without a recorded answer: create Schema/a",
    )
    assert (checkup.facts["open_intents"], checkup.facts["oldest_intent"]) == (2, "2026-01-02T03:04:05.000Z")


@pytest.mark.parametrize(
    ("may_be_made", "health"), [(True, Health.OK), (False, Health.WARN)], ids=["may be made", "may not"]
)
def test_state_that_is_missing_is_told_by_whether_it_may_be_made(
    *, may_be_made: bool, health: Health
) -> None:
    checkup = examined(store=StoreSurvey("/srv/state", may_be_made=may_be_made, is_writable=True))

    assert finding(checkup, "state").health is health
    assert {"lock", "intents", "audit"}.isdisjoint(names(checkup))


def test_state_that_cannot_be_written_is_a_warning() -> None:
    found = finding(examined(store=replace(STORE, is_writable=False)), "state")

    assert found.health is Health.WARN
    assert "apply would stop" in found.message


@pytest.mark.parametrize("expecting", ["configuration", "state"])
def test_other_org_is_a_matter_of_configuration(expecting: str) -> None:
    elsewhere = StateIdentity("a-lineage", 7, "org-2", "api.x.test", "the-id")
    project = replace(PROJECT, organization="org-2") if expecting == "configuration" else PROJECT
    store = replace(STORE, identity=elsewhere) if expecting == "state" else STORE

    checkup = examined(project=project, store=store)

    found = finding(checkup, "organization")
    assert (checkup.exit_code, found.code) == (78, "state.other-org")
    assert "org-2, and org-1 answers" in found.message
    assert expecting in found.message


def test_host_that_names_no_organization_fails() -> None:
    found = finding(examined(org=replace(ORG, org_id=None)), "organization")

    assert (found.health, found.code) == (Health.FAIL, "remote.rejected")


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ((RemoteUnavailable("down"), None), 1),
        ((None, StateError("damaged")), 78),
        ((None, StateLocked("busy")), 75),
        ((RemoteUnavailable("down"), StateLocked("busy")), 75),
        ((RemoteUnavailable("down"), StateError("damaged")), 78),
    ],
)
def test_worst_exit_code_wins(errors: tuple[RemoteUnavailable | None, StateError | None], code: int) -> None:
    checkup = examined(org=replace(ORG, error=errors[0]), store=replace(STORE, error=errors[1]))

    assert checkup.exit_code == code


def test_every_complaint_says_what_to_do() -> None:
    checkup = examined(
        org=OrgSurvey(HOST, error=RemoteUnavailable("down")), store=replace(STORE, holder=HOLDER, error=None)
    )

    assert [found.name for found in checkup.findings if found.health is not Health.OK] == ["token", "lock"]
    assert all(found.hint for found in checkup.findings if found.health is not Health.OK)


def test_facts_have_the_same_names_however_little_is_known() -> None:
    nothing = assemble(Survey(ProjectSurvey(Origins(None, None, None, None))))

    assert list(nothing.facts) == list(examined().facts)


def examined(
    *, project: ProjectSurvey = PROJECT, org: OrgSurvey = ORG, store: StoreSurvey = STORE
) -> Checkup:
    """Judge a survey."""
    return assemble(Survey(project, org, store))


def finding(checkup: Checkup, name: str) -> Finding:
    """Pick the finding of a name."""
    (found,) = [found for found in checkup.findings if found.name == name]
    return found


def names(checkup: Checkup) -> set[str]:
    """Name what was looked at."""
    return {found.name for found in checkup.findings}
