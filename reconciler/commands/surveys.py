"""What `doctor` reads before it judges: values only. What could not be read is the error that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.errors import ReconcilerError
from reconciler.model.state import Intent, StateIdentity
from reconciler.model.values import JsonValue
from reconciler.remote import Origins, Route, Window
from reconciler.store import Holder


@dataclass(frozen=True, slots=True)
class ProjectSurvey:
    """Configuration, org and manifests.

    Args:
        file: the configuration's, as shown; None where there is none.
        org: its name; None where none could be chosen.
        org_source: what chose it.
        organization: the org id that the configuration expects.
        kinds: resources of each kind in the manifests; empty where they cannot be read.
    """

    origins: Origins
    file: str | None = None
    error: ReconcilerError | None = None
    org: str | None = None
    org_source: str = ""
    org_error: ReconcilerError | None = None
    is_sandbox: bool = False
    organization: str | None = None
    kinds: Mapping[str, int] = field(default_factory=dict)
    manifests_error: ReconcilerError | None = None


@dataclass(frozen=True, slots=True)
class HostSurvey:
    """Where an org is said to be, and how it is reached.

    Args:
        is_encrypted: not so on loopback alone.
    """

    api_host: str
    login_host: str
    client_id: str
    api_route: Route
    login_route: Route
    is_encrypted: bool


@dataclass(frozen=True, slots=True)
class OrgSurvey:
    """What the org answered.

    Args:
        host: None where it is not known.
        host_error: why it is not, or why no connection can be made there.
        scopes: as the login host said; None where it did not.
    """

    host: HostSurvey | None = None
    host_error: ReconcilerError | None = None
    has_token: bool = False
    token_lifetime_s: float | None = None
    scopes: frozenset[str] | None = None
    org_id: str | None = None
    org_name: str | None = None
    error: ReconcilerError | None = None
    clock_skew_s: float | None = None
    window: Window | None = None
    analytics: str | None = None
    analytics_error: ReconcilerError | None = None


@dataclass(frozen=True, slots=True)
class StoreSurvey:
    """What the store holds.

    Args:
        may_be_made: a run started like this one may make it.
        is_writable: None where it could not be asked.
        version: of the tables as they are; the next command that writes brings an older one up to date.
        is_holder_gone: the lock's holder has ended for certain.
        last_record: of the audit trail.
    """

    location: str
    exists: bool = False
    may_be_made: bool = False
    error: ReconcilerError | None = None
    is_writable: bool | None = None
    version: int | None = None
    lineage: str | None = None
    identity: StateIdentity | None = None
    kinds: Mapping[str, int] = field(default_factory=dict)
    holder: Holder | None = None
    is_holder_gone: bool = False
    intents: tuple[Intent, ...] = ()
    last_record: Mapping[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """All of it; org and store are None where no org could be chosen."""

    project: ProjectSurvey
    org: OrgSurvey | None = None
    store: StoreSurvey | None = None
