"""What is known without org and store: for commands that look at manifests alone."""

from __future__ import annotations

from pathlib import Path

from reconciler.commands.project import Project, project_of
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.errors import ConfigError
from reconciler.manifests import bare_configuration, load_configuration, select_org
from reconciler.model.configuration import Configuration, OrgConfiguration
from reconciler.settings import Settings

NO_ORG = OrgConfiguration("")
"""Manifests can be judged before anybody has chosen where to apply them."""


def open_offline(common: CommonOptions, surroundings: Surroundings, folder: Path | None) -> Project:
    """The project, also where nothing says yet which org it is for.

    Without a configuration file and without an org in the environment, a folder that was named, or the
    folder `manifests`, is enough: checks before a commit need neither.

    Raises:
        ConfigError: the configuration cannot be used, or there is neither one nor a folder of manifests.
        UsageError: a `--var` is not `name=value`.
    """
    configuration = _configuration(common, surroundings, folder, Settings())
    org = NO_ORG if _is_free(common, configuration) else select_org(configuration, name=common.org)
    return project_of(configuration, org, common, surroundings)


def _configuration(
    common: CommonOptions, surroundings: Surroundings, folder: Path | None, settings: Settings
) -> Configuration:
    bare = bare_configuration(surroundings.cwd, settings)
    try:
        return load_configuration(
            file=common.config, start=surroundings.cwd, environ=surroundings.environ, settings=settings
        )
    except ConfigError as error:
        has_manifests = folder is not None or bare.manifests.is_dir()
        # Only where there is no file to read: one that is wrong is told.
        if error.file is None and common.config is None and common.org is None and has_manifests:
            return bare
        raise


def _is_free(common: CommonOptions, configuration: Configuration) -> bool:
    """Whether no org was named, here or in the configuration."""
    return common.org is None and configuration.default_org is None
