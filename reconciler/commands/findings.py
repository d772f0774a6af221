"""What a survey means: a finding for each thing that was looked at, and the same as flat facts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.commands.facts import facts_of
from reconciler.commands.scopes import missing_scopes
from reconciler.commands.surveys import HostSurvey, OrgSurvey, ProjectSurvey, StoreSurvey, Survey
from reconciler.errors import ExitCode, ReconcilerError, Rejected
from reconciler.model.checkup import Checkup, Finding, Health, doubtful, failed, well
from reconciler.remote import Origins, UnusableBundle, UnusableProxy, Window
from reconciler.store import SCHEMA_VERSION

LARGEST_SKEW_S = 30.0
"""Beyond it, times in the audit trail and the org's own cannot be compared."""

SCARCE = 0.1
"""Of a rate window: with less of it left, a run begins with a wait."""


def assemble(survey: Survey) -> Checkup:
    """Judges what was read."""
    return Checkup(tuple(_findings(survey)), facts_of(survey))


def _findings(survey: Survey) -> Iterator[Finding]:
    yield from _project(survey.project)
    yield _credentials(survey.project, survey.org)
    if survey.org is not None:
        yield from _org(survey, survey.org)
    if survey.store is not None:
        yield from _store(survey.store)


def _project(found: ProjectSurvey) -> Iterator[Finding]:
    if found.error is not None:
        yield failed("configuration", found.error)
    else:
        yield well("configuration", found.file or "no file; the environment describes the org")
    if found.org_error is not None:
        yield failed("org", found.org_error)
    elif found.org is not None:
        yield well("org", f"{found.org}, chosen by {found.org_source}")
        yield _manifests(found)


def _manifests(found: ProjectSurvey) -> Finding:
    if found.manifests_error is not None:
        message = f"cannot be used: {found.manifests_error.message}"
        hint = "`reconciler validate` tells all that is wrong with them"
        return doubtful("manifests", message, hint=hint, code=found.manifests_error.code)
    return well("manifests", _counted(found.kinds))


def _credentials(found: ProjectSurvey, org: OrgSurvey | None) -> Finding:
    """Which names won, and which came too late."""
    if found.is_sandbox:
        return well("credentials", "the embedded org's own")
    said = _winners(found.origins)
    if org is not None and org.host is None and org.host_error is not None:
        lacking = failed("credentials", org.host_error)
        return replace(lacking, message=f"{lacking.message} ({said})")
    return well("credentials", said)


def _winners(origins: Origins) -> str:
    said = ", ".join(f"{part} from {name}" for part, name in _parts(origins) if name)
    late = f"; set too, and not used: {', '.join(origins.passed_over)}" if origins.passed_over else ""
    return f"{said or 'none in the environment'}{late}"


def _parts(origins: Origins) -> tuple[tuple[str, str | None], ...]:
    login = None if origins.login == origins.host else origins.login
    return (
        ("host", origins.host),
        ("login host", login),
        ("client id", origins.client_id),
        ("client secret", origins.client_secret),
    )


def _org(survey: Survey, found: OrgSurvey) -> Iterator[Finding]:
    error = found.host_error
    if found.host is not None:
        yield from _way(found.host, error, is_sandbox=survey.project.is_sandbox)
    is_told = error is None or isinstance(error, UnusableProxy | UnusableBundle)
    if error is not None and not is_told and (found.host is not None or survey.project.is_sandbox):
        yield failed("connection", error)
    if not found.has_token:
        if found.error is not None:
            yield _behind(failed("token", found.error), found.host)
        return
    yield well("token", _lifetime(found.token_lifetime_s))
    yield _scopes(survey, found)
    yield _organization(survey, found)
    yield from _clock(found.clock_skew_s)
    yield _rate_limit(found.window)
    if found.error is None:
        yield _analytics(found)


def _way(host: HostSurvey, error: ReconcilerError | None, *, is_sandbox: bool) -> Iterator[Finding]:
    """Host, proxy and certificates; `error` is why there is no connection, where there is none."""
    login = f", signing in at {host.login_host}" if host.login_host != host.api_host else ""
    where = f"{host.api_host}{login}, as client {host.client_id}"
    yield well("host", f"{where} (started for this command)" if is_sandbox else where)
    proxies = {host.api_host: host.api_route.proxy, host.login_host: host.login_route.proxy}
    said = ", ".join(f"{proxy} to {name}" for name, proxy in proxies.items() if proxy)
    yield _usable("proxy", said or "none", error if isinstance(error, UnusableProxy) else None)
    bundle = host.api_route.certificates or "the bundle that comes with the program"
    certificates = bundle if host.is_encrypted else "not used: plain http on this machine"
    yield _usable("certificates", certificates, error if isinstance(error, UnusableBundle) else None)


def _usable(name: str, what: str, error: ReconcilerError | None) -> Finding:
    if error is None:
        return well(name, what)
    found = failed(name, error)
    return replace(found, message=f"{what}: {found.message}")


def _behind(found: Finding, host: HostSurvey | None) -> Finding:
    """A failure to reach the login host, with the proxy that was asked to."""
    proxy = host.login_route.proxy if host else None
    return replace(found, message=f"{found.message} (through {proxy})") if proxy else found


def _lifetime(lifetime_s: float | None) -> str:
    return "obtained" if lifetime_s is None else f"obtained, serves {lifetime_s:.0f} s"


def _scopes(survey: Survey, found: OrgSurvey) -> Finding:
    if found.scopes is None:
        return well("scopes", "the login host does not say which are granted")
    client = found.host.client_id if found.host else ""
    missing = missing_scopes(found.scopes, survey)
    hint = f"grant them to the OAuth client {client} (Admin > Integrations > OAuth)"
    if missing.read:
        message = f"cannot plan: {', '.join((*missing.read, *missing.write))} missing"
        return Finding("scopes", Health.FAIL, message, hint, "auth.scope")
    if missing.write:
        message = f"can plan, cannot apply: {', '.join(missing.write)} missing"
        return doubtful("scopes", message, hint=f"{hint}, where this client is to apply", code="auth.scope")
    return well("scopes", f"all that is needed, of {len(found.scopes)} granted")


def _organization(survey: Survey, found: OrgSurvey) -> Finding:
    if found.error is not None:
        return failed("organization", found.error)
    if found.org_id is None:
        error = Rejected(
            "the host does not say which organization it is of",
            hint="check the region: this seems not to be the platform's API",
        )
        return failed("organization", error)
    identity = survey.store.identity if survey.store else None
    expected = (
        (survey.project.organization, "the configuration expects"),
        (identity.org_id if identity else None, "the state is of"),
    )
    for org_id, whose in expected:
        if org_id is not None and org_id != found.org_id:
            return _other_org(f"{whose} organization {org_id}, and {found.org_id} answers")
    return well("organization", f"{found.org_name or 'without a name'} ({found.org_id})")


def _other_org(message: str) -> Finding:
    hint = "check region and credentials; another org needs another entry under orgs, with its own state"
    return Finding("organization", Health.FAIL, message, hint, "state.other-org", ExitCode.CONFIG)


def _clock(skew_s: float | None) -> Iterator[Finding]:
    if skew_s is None:
        return
    # The platform's time is in whole seconds.
    message = f"{abs(skew_s):.0f} s {'ahead of' if skew_s > 0 else 'behind'} the org's"
    if abs(skew_s) > LARGEST_SKEW_S:
        yield doubtful(
            "clock", message, hint="set this machine's clock: leases and the audit trail rely on it"
        )
    else:
        yield well("clock", "as the org's" if abs(skew_s) < 2 else message)


def _rate_limit(window: Window | None) -> Finding:
    if window is None:
        return well("rate_limit", "the org does not say")
    message = f"{window.count} of {window.allowed} requests used, a new window in {window.reset_s:.0f} s"
    if window.allowed - window.count <= SCARCE * window.allowed:
        hint = "somebody else uses this client: a run would begin with a wait; give it a client of its own"
        return doubtful("rate_limit", message, hint=hint, code="remote.rate-limited")
    return well("rate_limit", message)


def _analytics(found: OrgSurvey) -> Finding:
    if found.analytics_error is not None:
        hint = found.analytics_error.hint or "widgets cannot be checked before they are made; try again"
        code = found.analytics_error.code
        return doubtful("analytics", found.analytics_error.message, hint=hint, code=code)
    if found.analytics in (None, "healthy"):
        return well("analytics", found.analytics or "the org does not say")
    return doubtful("analytics", str(found.analytics), hint="apply widgets when it is healthy again")


def _store(found: StoreSurvey) -> Iterator[Finding]:
    if found.error is not None:
        yield failed("state", found.error)
        return
    yield _state(found)
    if found.exists:
        yield _lock(found)
        yield _intents(found)
        yield _audit(found)


def _state(found: StoreSurvey) -> Finding:
    if found.is_writable is False:
        hint = "give this user the right to write there; planning goes on without"
        return doubtful("state", f"{found.location} cannot be written: apply would stop", hint=hint)
    if found.exists:
        serial = f"serial {found.identity.serial}" if found.identity else "never applied to"
        return well(
            "state",
            f"{found.location}: {_counted(found.kinds)}, {serial}, lineage {found.lineage}, "
            f"store version {_version(found)}",
        )
    if found.may_be_made:
        return well("state", f"{found.location}: none yet; the first apply makes it")
    hint = (
        "if this org was never applied to, the first plan and apply take --new-state; else the state is "
        "elsewhere: check --state and the configuration, or fill this one by `reconciler state push FILE`"
    )
    return doubtful("state", f"{found.location}: there is none", hint=hint, code="state.missing")


def _version(found: StoreSurvey) -> str:
    if found.version is None or found.version >= SCHEMA_VERSION:
        return str(found.version)
    return f"{found.version}, which the next apply brings to {SCHEMA_VERSION}"


def _lock(found: StoreSurvey) -> Finding:
    holder = found.holder
    if holder is None:
        return well("lock", "free")
    if found.is_holder_gone or not holder.is_valid:
        why = "its process has ended" if found.is_holder_gone else "its lease has run out"
        return doubtful("lock", f"left behind by {holder}: {why}", hint="the next apply takes it over")
    hint = "wait for that run (--lock-timeout), or `reconciler state unlock` if it is surely gone"
    return doubtful("lock", f"held by {holder}", hint=hint, code="state.locked")


def _intents(found: StoreSurvey) -> Finding:
    if not found.intents:
        return well("intents", "none open")
    shown = ", ".join(sorted({f"{intent.action} {intent.address}" for intent in found.intents}))
    hint = "the next apply looks them up in the org and resolves them first"
    return doubtful("intents", f"{len(found.intents)} without a recorded answer: {shown}", hint=hint)


def _audit(found: StoreSurvey) -> Finding:
    last = found.last_record
    if last is None:
        return well("audit", "no record yet")
    return well(
        "audit", f"{last['seq']} records, the last {last['phase']} by {last['actor']} at {last['timestamp']}"
    )


def _counted(kinds: Mapping[str, int]) -> str:
    total = sum(kinds.values())
    each = ", ".join(f"{name} {count}" for name, count in sorted(kinds.items()))
    return f"{total} resource{'' if total == 1 else 's'}" + (f" ({each})" if each else "")
