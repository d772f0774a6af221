"""A survey as flat facts, for scripts: names, numbers and lists of names; no secret is among them. Pure."""

from __future__ import annotations

from datetime import datetime

from reconciler.commands.scopes import MissingScopes, missing_scopes
from reconciler.commands.surveys import OrgSurvey, ProjectSurvey, StoreSurvey, Survey
from reconciler.model.times import timestamp
from reconciler.model.values import JsonObject, JsonValue


def facts_of(survey: Survey) -> JsonObject:
    """Every fact under its own name, in the order of a run; None where it could not be found out."""
    org = survey.org or OrgSurvey()
    return {
        **_project(survey.project),
        **_way(org),
        **_token(survey, org),
        **_answers(org),
        **_store(survey.store or StoreSurvey("")),
    }


def _project(found: ProjectSurvey) -> dict[str, JsonValue]:
    origins = found.origins
    return {
        "configuration": found.file,
        "org": found.org,
        "org_source": found.org_source if found.org else None,
        "sandbox": found.is_sandbox,
        "manifests": sum(found.kinds.values()) if found.org and not found.manifests_error else None,
        "host_source": origins.host,
        "login_source": origins.login,
        "client_id_source": origins.client_id,
        "client_secret_source": origins.client_secret,
        "unused_variables": list(origins.passed_over),
    }


def _way(found: OrgSurvey) -> dict[str, JsonValue]:
    host = found.host
    return {
        "api_host": host.api_host if host else None,
        "login_host": host.login_host if host else None,
        "client_id": host.client_id if host else None,
        "api_proxy": host.api_route.proxy if host else None,
        "login_proxy": host.login_route.proxy if host else None,
        "certificates": host.api_route.certificates if host else None,
    }


def _token(survey: Survey, found: OrgSurvey) -> dict[str, JsonValue]:
    missing = missing_scopes(found.scopes, survey) if found.scopes is not None else MissingScopes()
    return {
        "token": found.has_token,
        "token_lifetime_s": found.token_lifetime_s,
        "scopes": sorted(found.scopes) if found.scopes is not None else None,
        "missing_read_scopes": list(missing.read),
        "missing_write_scopes": list(missing.write),
    }


def _answers(found: OrgSurvey) -> dict[str, JsonValue]:
    window = found.window
    return {
        "organization_id": found.org_id,
        "organization_name": found.org_name,
        "clock_skew_s": None if found.clock_skew_s is None else round(found.clock_skew_s, 1),
        "rate_limit_allowed": window.allowed if window else None,
        "rate_limit_count": window.count if window else None,
        "rate_limit_reset_s": window.reset_s if window else None,
        "analytics_status": found.analytics,
    }


def _store(found: StoreSurvey) -> dict[str, JsonValue]:
    identity, holder, last = found.identity, found.holder, found.last_record or {}
    return {
        "state": found.location or None,
        "state_exists": found.exists,
        "state_writable": found.is_writable,
        "store_version": found.version,
        "lineage": found.lineage,
        "serial": identity.serial if identity else None,
        "state_organization_id": identity.org_id if identity else None,
        "resources": sum(found.kinds.values()) if found.lineage else None,
        "lock_holder": holder.description if holder else None,
        "lock_run_id": holder.run_id if holder else None,
        "lock_lease_s": None if not holder or holder.lease_left_s is None else round(holder.lease_left_s, 1),
        "open_intents": len(found.intents) if found.lineage else None,
        "oldest_intent": _oldest([intent.started_at for intent in found.intents]),
        "audit_seq": last.get("seq"),
        "audit_timestamp": last.get("timestamp"),
    }


def _oldest(moments: list[datetime]) -> str | None:
    return timestamp(min(moments)) if moments else None
