"""A project: the configuration, the chosen org, and where its state is. The composition root begins here."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.commands.clocks import RandomIds, SystemClock
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.kinds import KINDS
from reconciler.manifests import (
    LoadedManifests,
    Variables,
    credential_names,
    judge_policies,
    load_configuration,
    load_manifests,
    load_policies,
    read_variables,
    select_org,
)
from reconciler.model.configuration import Configuration, OrgConfiguration
from reconciler.model.diagnostics import Diagnostic, InvalidManifests, Severity, errors_in, sort_diagnostics
from reconciler.model.ports import Clock, Ids
from reconciler.model.resource import Resource
from reconciler.model.values import JsonValue
from reconciler.planning.graph import cycle_diagnostic, edges_of, find_cycles
from reconciler.settings import Settings

_logger = logging.getLogger(__name__)

ACTORS = ("RECONCILER_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN")


@dataclass(frozen=True, slots=True)
class Project:
    """What is on disk and chosen.

    Args:
        given: the names of the variables that the command line says.
        state: as configured: a folder, relative to `state_root`, or a URL.
        clock: what waits for the org go by; the store's leases are other processes' business and keep
            real time.
        ids: what runs are called by.
    """

    configuration: Configuration
    org: OrgConfiguration
    state: str
    state_root: Path
    variables: Mapping[str, JsonValue]
    given: frozenset[str]
    surroundings: Surroundings
    settings: Settings = field(default_factory=Settings)
    clock: Clock = field(default_factory=SystemClock)
    ids: Ids = field(default_factory=RandomIds)


def open_project(
    common: CommonOptions, surroundings: Surroundings, settings: Settings | None = None
) -> Project:
    """Reads the configuration and chooses the org.

    Args:
        settings: other numbers than the usual ones; the guards are the configuration's all the same.

    Raises:
        ConfigError: there is none, or it cannot be used; or it has no such org.
        UsageError: a `--var` is not `name=value`.
    """
    configuration = load_configuration(
        file=common.config, start=surroundings.cwd, environ=surroundings.environ, settings=Settings()
    )
    project = project_of(configuration, select_org(configuration, name=common.org), common, surroundings)
    return replace(project, settings=replace(settings, safety=configuration.safety)) if settings else project


def project_of(
    configuration: Configuration, org: OrgConfiguration, common: CommonOptions, surroundings: Surroundings
) -> Project:
    """What configuration, org and options say together: an option before the org, the org before the rest.

    Raises:
        UsageError: a `--var` is not `name=value`.
    """
    given = read_variables(common.variables)
    _logger.info("org %s of %s", org.name or "(none)", configuration.file or "the environment")
    return Project(
        configuration=configuration,
        org=org,
        state=common.state or org.state or configuration.state,
        state_root=surroundings.cwd if common.state else configuration.root,
        variables={**configuration.vars, **org.vars, **given},
        given=frozenset(given),
        surroundings=surroundings,
        settings=Settings(safety=configuration.safety),
    )


def load_resources(project: Project, folder: Path | None = None) -> LoadedManifests:
    """Reads the manifests as `load_offline` does, for a command that needs each value.

    Raises:
        InvalidManifests: they break rules, or a `${env.X}` is not set.
    """
    loaded = load_offline(project, folder)
    unset = [found for found in loaded.diagnostics if found.code == "variable.unknown"]
    if unset:
        others = [found for found in loaded.diagnostics if found not in unset]
        raise InvalidManifests([*others, *(replace(found, severity=Severity.ERROR) for found in unset)])
    return loaded


def load_offline(project: Project, folder: Path | None = None) -> LoadedManifests:
    """Reads the manifests and judges all that can be judged offline, problems of a run together.

    Args:
        folder: another folder than the configured one.

    Raises:
        InvalidManifests: they break rules.
    """
    configuration = project.configuration
    folder = folder or configuration.manifests
    loaded = load_manifests(
        folder,
        root=configuration.root,
        kinds=KINDS,
        variables=Variables(
            project.variables,
            configuration.environment,
            project.surroundings.environ,
            credential_names(configuration),
        ),
        settings=project.settings.manifests,
        org=project.org.name,
        is_partial=is_partial(project, folder),
    )
    policies = load_policies(configuration.root, project.settings.manifests, tuple(KINDS))
    judged = judge_policies(policies, loaded.resources, project.clock.now().date())
    problems = sort_diagnostics((*loaded.diagnostics, *_between(loaded.resources), *judged))
    if errors_in(problems):
        raise InvalidManifests(problems)
    _logger.info("%d resources in %s", len(loaded.resources), folder)
    return replace(loaded, diagnostics=problems)


def _between(resources: tuple[Resource, ...]) -> list[Diagnostic]:
    """What is wrong between manifests: cycles, and what kinds have to say."""
    found = [cycle_diagnostic(cycle) for cycle in find_cycles(edges_of(resources))]
    for name, kind in KINDS.items():
        found += kind.peer_rules([resource for resource in resources if resource.address.kind == name])
    return found


def is_partial(project: Project, folder: Path | None) -> bool:
    """Whether the manifests are not the configured folder: then nothing is deleted."""
    return folder is not None and folder.resolve() != project.configuration.manifests.resolve()


def actor_of(environ: Mapping[str, str]) -> str:
    """Who is to be named in the audit (design.md, section 5)."""
    for name in ACTORS:
        if environ.get(name):
            return environ[name]
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
