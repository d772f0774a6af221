"""The org of a run: the embedded sandbox, started for the command, or a real host."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.commands.project import Project
from reconciler.errors import ConfigError, Rejected, StateError
from reconciler.model.ports import OrgReader
from reconciler.model.remote import Answer, get
from reconciler.model.state import StateIdentity
from reconciler.remote import Target, resolve_target
from reconciler.store import EnvironmentSecrets, local_folder, state_location

FAULTS = "RECONCILER_SANDBOX_FAULTS"
"""Faults of the embedded org, one a line or separated by `;`: for demonstrations."""

SANDBOX_HOST = "sandbox"
ORG = get("/api/v2/organizations/me")


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the org answers.

    Args:
        host: what the store is bound to; the embedded org listens on another port each time.
        org_id: the org's id, where it is known without asking: of the embedded one.
    """

    target: Target
    host: str
    org_id: str | None = None


@contextmanager
def connection(project: Project) -> Iterator[Connection]:
    """The org while the block lasts.

    Raises:
        ConfigError: host or credentials are missing or not to be trusted.
    """
    if not project.org.sandbox:
        yield _real(project)
        return
    objects = _objects_of(project)
    objects.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _embedded(project, objects) as place:
        yield place


@contextmanager
def visit(project: Project) -> Iterator[Connection]:
    """As `connection`, making no file: an embedded org that was never started lives as long as the block.

    Raises:
        ConfigError: host or credentials are missing or not to be trusted.
    """
    if not project.org.sandbox:
        yield _real(project)
        return
    objects = _objects_of(project)
    with _embedded(project, objects if objects.exists() else None) as place:
        yield place


def _real(project: Project) -> Connection:
    environ = project.surroundings.environ
    reveal = EnvironmentSecrets(environ, None).reveal
    target = resolve_target(project.org, environ=environ, reveal=reveal)
    return Connection(replace(target, hidden=hidden_values(project)), target.api_host)


def hidden_values(project: Project) -> frozenset[str]:
    """The values of all that manifests may send as a secret."""
    environ, names = project.surroundings.environ, project.configuration.environment
    return frozenset(environ[name] for name in names if name in environ)


def _objects_of(project: Project) -> Path:
    """The file that keeps the embedded org's objects."""
    location = state_location(project.state, project.state_root)
    return local_folder(location, project.configuration.root) / "sandbox.sqlite3"


@contextmanager
def _embedded(project: Project, objects: Path | None) -> Iterator[Connection]:
    from reconciler.sandbox import SandboxOptions, parse_faults, running_sandbox  # noqa: PLC0415  # 150 ms

    environ = project.surroundings.environ
    try:
        faults = parse_faults(environ.get(FAULTS, ""))
    except ValueError as error:
        raise ConfigError(f"{FAULTS}: {error}") from error
    options = SandboxOptions(data=objects, faults=faults)
    with ExitStack() as running:
        try:
            org = running.enter_context(running_sandbox(options))
        except (OSError, sqlite3.Error) as error:
            raise _unusable(objects, error) from error
        hidden = hidden_values(project)
        target = Target(org.base_url, org.base_url, org.client_id, org.client_secret, hidden)
        yield Connection(target, SANDBOX_HOST, org.org_id)


def _unusable(objects: Path | None, error: Exception) -> StateError:
    return StateError(
        f"the embedded org cannot be started: {objects or 'no file'}: {error}",
        hint="move the file away for a new org, with a state of its own (--state)" if objects else None,
    )


async def identify(
    reader: OrgReader, project: Project, place: Connection, known: StateIdentity | None
) -> StateIdentity:
    """Which org answers there, compared with what the store and the configuration say.

    A client id belongs to one org for ever, so a plan need not ask again for what the store has written down.

    Raises:
        StateError: `state.other-org`.
        RemoteError: the host does not say.
    """
    org_id = _org_id_in(await reader.read(ORG), place)
    found = StateIdentity(
        known.lineage if known else "",
        known.serial if known else 0,
        org_id,
        place.host,
        place.target.client_id,
    )
    if known is not None and known.org_id != org_id:
        raise _other_org(project.org.name, expected=known.org_id, found=org_id, whose="the state is of")
    return confirm_organization(project, found)


def _org_id_in(answer: Answer, place: Connection) -> str:
    """The id; without one nothing may be bound to the store, for every later run would be of another org."""
    org_id = answer.body.get("id") if answer.found and isinstance(answer.body, dict) else None
    if isinstance(org_id, str) and org_id:
        return org_id
    raise Rejected(
        f"{place.host} does not say which org it is: GET {ORG.path} answered {answer.status} without an id",
        hint="check the region or base URL: this seems not to be the platform's API",
        http_status=answer.status,
        correlation_id=answer.correlation_id,
    )


def is_known(place: Connection, known: StateIdentity | None) -> bool:
    """Whether the store has written down the org of this host and client, and nothing says otherwise."""
    if known is None or place.org_id not in (None, known.org_id):
        return False
    return (known.api_host, known.client_id) == (place.host, place.target.client_id)


def confirm_organization(project: Project, found: StateIdentity) -> StateIdentity:
    """The identity, if it is the org that the configuration expects.

    Raises:
        StateError: `state.other-org`.
    """
    expected = project.org.organization
    if expected is not None and expected != found.org_id:
        raise _other_org(
            project.org.name, expected=expected, found=found.org_id, whose="the configuration expects"
        )
    return found


def _other_org(name: str, *, expected: str, found: str, whose: str) -> StateError:
    return StateError(
        f"org {name}: {whose} organization {expected}, and {found} answers",
        code="state.other-org",
        hint="check region and credentials; another org needs another entry under orgs, with its own state",
    )
