"""`doctor`: looks at everything that a run needs, and tells all of it, whatever fails.

Read-only: takes no lock, writes nothing, and speaks to the org through a client that cannot change it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.commands.clocks import SystemClock
from reconciler.commands.findings import assemble
from reconciler.commands.org import ORG, Connection, visit
from reconciler.commands.plan import USER_AGENT, may_create_state
from reconciler.commands.project import Project, load_resources, open_project
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.commands.surveys import HostSurvey, OrgSurvey, ProjectSurvey, StoreSurvey, Survey
from reconciler.errors import ConfigError, ReconcilerError, StateError
from reconciler.manifests import load_configuration
from reconciler.model.checkup import Checkup
from reconciler.model.configuration import Configuration, OrgConfiguration
from reconciler.model.ports import Observer
from reconciler.model.remote import Answer, get
from reconciler.planning.inputs import PlanOptions
from reconciler.remote import ReadOnlyClient, open_client, origins_of, route_to
from reconciler.settings import HttpSettings, Settings
from reconciler.store import (
    AuditQuery,
    OpenMode,
    RunIdentity,
    Store,
    open_store,
    state_location,
    store_exists,
    this_process,
)
from reconciler.store.holders import is_gone
from reconciler.store.opening import schema_version
from reconciler.store.rights import is_writable

ANALYTICS = get("/api/v2/analytics/status")
LONGEST_WAIT_S = 5.0
"""A diagnosis says that a window is spent; it does not sit it out."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is to be looked at.

    Args:
        org_source: what named the org, where common options did.
    """

    common: CommonOptions
    surroundings: Surroundings
    org_source: str | None = None


async def examine(patient: Patient, observer: Observer) -> Checkup:
    """Looks at configuration, org and store.

    Raises:
        UsageError: a `--var` is not `name=value`.
    """
    configuration, error = _configuration(patient)
    if configuration is None:
        origins = origins_of(OrgConfiguration(""), patient.surroundings.environ)
        return assemble(Survey(ProjectSurvey(origins, error=error)))
    project, org_error = _project(patient)
    found = _survey_project(patient, configuration, project)
    if project is None:
        return assemble(Survey(replace(found, org_error=org_error)))
    store = _survey_store(project)
    return assemble(Survey(found, await _survey_org(project, observer), store))


def _configuration(patient: Patient) -> tuple[Configuration | None, ConfigError | None]:
    around = patient.surroundings
    try:
        return load_configuration(
            file=patient.common.config, start=around.cwd, environ=around.environ, settings=Settings()
        ), None
    except ConfigError as error:
        return None, error


def _project(patient: Patient) -> tuple[Project | None, ConfigError | None]:
    try:
        return open_project(patient.common, patient.surroundings), None
    except ConfigError as error:
        return None, error


def _survey_project(patient: Patient, configuration: Configuration, project: Project | None) -> ProjectSurvey:
    org = project.org if project else OrgConfiguration("")
    found = ProjectSurvey(
        origins_of(org, patient.surroundings.environ),
        file=str(configuration.file) if configuration.file else None,
        org=project.org.name if project else None,
        org_source=patient.org_source or ("defaultOrg" if configuration.file else "the environment"),
        is_sandbox=org.sandbox,
        organization=org.organization,
    )
    if project is None:
        return found
    try:
        resources = load_resources(project).resources
    except ReconcilerError as error:
        return replace(found, manifests_error=error)
    return replace(found, kinds=Counter(resource.address.kind for resource in resources))


async def _survey_org(project: Project, observer: Observer) -> OrgSurvey:
    found = OrgSurvey()
    try:
        with visit(project) as place:
            found = OrgSurvey(_host(place))
            async with open_client(
                place.target,
                settings=_impatient(project.settings.http),
                clock=project.clock,
                observer=observer,
                user_agent=USER_AGENT,
            ) as client:
                return await _ask(client, found)
    except (ConfigError, StateError) as error:
        return replace(found, host_error=error)


def _host(place: Connection) -> HostSurvey:
    target = place.target
    return HostSurvey(
        target.api_host,
        target.login_host,
        target.client_id,
        route_to(target.api_url),
        route_to(target.login_url),
        is_encrypted=target.api_url.startswith("https://"),
    )


def _impatient(settings: HttpSettings) -> HttpSettings:
    """What is wrong now is to be told now."""
    return replace(settings, tries=1, longest_wait_s=LONGEST_WAIT_S)


async def _ask(client: ReadOnlyClient, found: OrgSurvey) -> OrgSurvey:
    answer, error = await _try(client, ORG.path)
    body: Mapping[str, object] = answer.body if answer and isinstance(answer.body, Mapping) else {}
    analytics, analytics_error = await _try(client, ANALYTICS.path) if error is None else (None, None)
    status = analytics.body if analytics and isinstance(analytics.body, Mapping) else {}
    return replace(
        found,
        has_token=client.has_token,
        token_lifetime_s=client.token_lifetime_s,
        scopes=client.granted_scopes,
        org_id=_text(body.get("id")),
        org_name=_text(body.get("name")),
        error=error,
        clock_skew_s=client.clock_skew_s,
        window=client.rate_window,
        analytics=_text(status.get("status")),
        analytics_error=analytics_error,
    )


async def _try(client: ReadOnlyClient, path: str) -> tuple[Answer | None, ReconcilerError | None]:
    try:
        return await client.read(get(path)), None
    except ReconcilerError as error:
        return None, error


def _survey_store(project: Project) -> StoreSurvey:
    found = StoreSurvey(_shown_place(project), may_be_made=may_create_state(project, PlanOptions()))
    try:
        location = state_location(project.state, project.state_root)
        if not store_exists(location, project.org.name):
            return replace(found, is_writable=is_writable(location))
        found = replace(
            found, exists=True, is_writable=is_writable(location), version=schema_version(location)
        )
        run = RunIdentity(project.ids.run_id())
        with open_store(
            location, org=project.org.name, mode=OpenMode.READ, clock=SystemClock(), run=run
        ) as store:
            return _look_into(store, found)
    except ReconcilerError as error:
        return replace(found, error=error)


def _shown_place(project: Project) -> str:
    """The state's place; a URL that cannot be read is not shown, because it may hold a password."""
    try:
        return str(state_location(project.state, project.state_root))
    except ConfigError:
        return "a URL"


def _look_into(store: Store, found: StoreSurvey) -> StoreSurvey:
    prior, holder = store.load(), store.lock_holder()
    return replace(
        found,
        lineage=store.lineage,
        identity=prior.identity,
        kinds=Counter(address.kind for address in prior.entries),
        holder=holder,
        is_holder_gone=holder is not None and is_gone(holder.process, here=this_process()),
        intents=prior.open_intents,
        last_record=next(store.read_audit(AuditQuery(last=1)), None),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
