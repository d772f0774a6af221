"""The configuration of a run: `reconciler.yaml`, or what the environment says (design.md, section 3).

A file is where anybody with write access to the repository can change it: a host in it is one of the
platform's regions or loopback, and secrets are named, not written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reconciler.errors import ConfigError
from reconciler.manifests.configuration_file import ConfigurationModel, OrgModel, SafetyModel
from reconciler.manifests.documents import Document
from reconciler.manifests.files import CONFIGURATION_NAME, read_text, shown_name
from reconciler.manifests.suggestions import did_you_mean, listed
from reconciler.manifests.validation import Part, validate
from reconciler.manifests.variables import secret_names
from reconciler.manifests.yaml_documents import read_documents
from reconciler.model.configuration import Configuration, OrgConfiguration
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.regions import REGIONS, is_trusted_region
from reconciler.model.values import JsonValue, Secret, escape
from reconciler.model.windows import parse_window
from reconciler.settings import SafetySettings, Settings

ENVIRONMENT_ORG = "env"
"""The org that the environment describes where no file does."""

_HOSTS = (
    "GENESYS_BASE_URL",
    "GENESYS_REGION",
    "GENESYS_ENVIRONMENT",
    "GENESYS_OAUTH_DOMAIN",
    "GENESYSCLOUD_REGION",
)
_CLIENT_IDS = ("GENESYS_CLIENT_ID", "GENESYS_OAUTH_CLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_ID")
_SEVERAL = 3
"""Problems of a configuration file that one message names."""


def load_configuration(
    *, file: Path | None, start: Path, environ: Mapping[str, str], settings: Settings
) -> Configuration:
    """Finds and reads the configuration.

    Args:
        file: the file to take; None: `reconciler.yaml` in `start` or the nearest parent that has one.
        start: the working folder.

    Raises:
        ConfigError: there is neither a file nor an org in the environment, or the file breaks a rule.
    """
    found = _absolute(file, start) if file else _nearest(start)
    if found is not None:
        return _read(found, start, environ, settings)
    if not describes_org(environ):
        raise ConfigError(
            f"no {CONFIGURATION_NAME} in {start} or a parent, and no org in the environment",
            hint="write one (with `orgs: {sandbox: {sandbox: true}}` it needs no account), or set "
            "GENESYS_REGION, GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET",
        )
    return bare_configuration(start, settings)


def bare_configuration(start: Path, settings: Settings) -> Configuration:
    """What holds without a file: `manifests` and `state` in the working folder, the org `env`."""
    return Configuration(
        file=None,
        root=start,
        manifests=start / "manifests",
        state=str(start / "state"),
        orgs={ENVIRONMENT_ORG: OrgConfiguration(ENVIRONMENT_ORG)},
        default_org=ENVIRONMENT_ORG,
        safety=settings.safety,
    )


def describes_org(environ: Mapping[str, str]) -> bool:
    """Whether the environment says host and client id of an org (platform-api.md, section 1)."""
    return any(environ.get(name) for name in _HOSTS) and any(environ.get(name) for name in _CLIENT_IDS)


def select_org(configuration: Configuration, *, name: str | None) -> OrgConfiguration:
    """The org to work with.

    Args:
        name: as asked for; None: the configuration's default.

    Raises:
        ConfigError: `config.unknown-org`.
    """
    orgs = configuration.orgs
    wanted = name or configuration.default_org
    file = shown_name(configuration.file, configuration.root) if configuration.file else None
    known = f"configured: {listed(orgs)}" if orgs else "none is configured"
    if wanted is None:
        hint = f"name one by --org, RECONCILER_ORG or defaultOrg; {known}"
        raise ConfigError("no org is chosen", code="config.unknown-org", hint=hint, file=file)
    if wanted not in orgs:
        near = did_you_mean(wanted, orgs, otherwise=known)
        raise ConfigError(f"there is no org {wanted}", code="config.unknown-org", hint=near, file=file)
    return orgs[wanted]


def credential_names(configuration: Configuration) -> tuple[str, ...]:
    """The environment names that hold the tool's own credentials for any org: no manifest may read them."""
    named = [(org.client_id, org.client_secret) for org in configuration.orgs.values()]
    secrets = [found for pair in named for found in pair if isinstance(found, Secret)]
    return tuple(sorted({name for secret in secrets for name in secret.names}))


def _absolute(file: Path, start: Path) -> Path:
    path = start / file
    if not path.is_file():
        raise ConfigError(f"there is no configuration file {file}", file=str(file))
    return path


def _nearest(start: Path) -> Path | None:
    folders = (start, *start.parents)
    return next((path for folder in folders if (path := folder / CONFIGURATION_NAME).is_file()), None)


def _read(path: Path, start: Path, environ: Mapping[str, str], settings: Settings) -> Configuration:
    document = _document(path, shown_name(path, start), settings)
    if not isinstance(document.value, Mapping):
        raise _error([document.diagnostic("config.invalid", "the configuration must be a mapping")])
    validated = validate(ConfigurationModel, document.value, Part(document))
    model = validated.model
    if model is None or document.diagnostics:
        raise _error([*document.diagnostics, *validated.diagnostics])
    problems = _problems(model, document)
    if problems:
        raise _error(problems)
    return _configuration(model, document, path, _safety(model.safety, settings.safety), environ)


def _document(path: Path, name: str, settings: Settings) -> Document:
    text = read_text(path, name=name, settings=settings.manifests)
    if isinstance(text, Diagnostic):
        raise _error([text])
    content = read_documents(text, file=name, settings=settings.manifests)
    if content.diagnostics:
        raise _error(content.diagnostics)
    if len(content.documents) != 1:
        count = len(content.documents) or "none"
        raise ConfigError(f"{name} must hold one document; found {count}", file=name)
    return content.documents[0]


def _problems(model: ConfigurationModel, document: Document) -> list[Diagnostic]:
    found = [problem for name, org in model.orgs.items() for problem in _org_problems(name, org, document)]
    if model.default_org is not None and model.orgs and model.default_org not in model.orgs:
        known = f"configured: {listed(model.orgs)}"
        found.append(
            document.diagnostic(
                "config.unknown-org",
                f"defaultOrg names {model.default_org}, which is not configured",
                path="/defaultOrg",
                hint=did_you_mean(model.default_org, model.orgs, otherwise=known),
            )
        )
    return found


def _org_problems(name: str, org: OrgModel, document: Document) -> list[Diagnostic]:
    path = f"/orgs/{escape(name)}"
    found: list[Diagnostic] = []
    if org.sandbox and org.region is not None:
        message = f"org {name} is the sandbox and has a region: it can be one of the two"
        found.append(document.diagnostic("config.invalid", message, path=f"{path}/region"))
    elif org.region is not None and not is_trusted_region(org.region):
        found.append(
            document.diagnostic(
                "config.untrusted-host",
                f"{org.region} is none of the platform's regions",
                path=f"{path}/region",
                hint=did_you_mean(
                    org.region, REGIONS, otherwise="another host comes from GENESYS_BASE_URL only"
                ),
            )
        )
    return found


def _configuration(
    model: ConfigurationModel,
    document: Document,
    path: Path,
    safety: SafetySettings,
    environ: Mapping[str, str],
) -> Configuration:
    root = path.parent
    orgs = {name: _org(name, org, document, root) for name, org in model.orgs.items()}
    default = model.default_org
    if not orgs and describes_org(environ):
        orgs = {ENVIRONMENT_ORG: OrgConfiguration(ENVIRONMENT_ORG)}
        default = default or ENVIRONMENT_ORG
    return Configuration(
        file=path,
        root=root,
        manifests=root / model.manifests,
        state=_state(model.state, root),
        orgs=orgs,
        default_org=default,
        environment=tuple(model.environment),
        vars=_json(model.vars),
        safety=safety,
        lines={pointer: place[0] for pointer, place in document.marks.items()},
        windows=tuple(parse_window(found.allow, found.timezone) for found in model.safety.windows or ()),
    )


def _org(name: str, model: OrgModel, document: Document, root: Path) -> OrgConfiguration:
    return OrgConfiguration(
        name,
        sandbox=model.sandbox,
        region=model.region,
        organization=model.organization,
        vars=_json(model.vars),
        state=_state(model.state, root) if model.state else None,
        protected=model.protected,
        client_id=_credential(model.client_id),
        client_secret=_credential(model.client_secret),
        line=document.keys[f"/orgs/{escape(name)}"][0],
    )


def _state(state: str, root: Path) -> str:
    return state if "://" in state else str(root / state)


def _credential(text: str | None) -> str | Secret | None:
    names = secret_names(text or "")
    return Secret(text or "", names) if names else text


def _json(values: Mapping[str, object]) -> dict[str, JsonValue]:
    """What YAML gave and validation passed through is JSON."""
    return dict(values)  # type: ignore[arg-type]


def _safety(model: SafetyModel, default: SafetySettings) -> SafetySettings:
    said = {name: value for name, value in model.model_dump(exclude={"windows"}).items() if value is not None}
    return replace(default, **said)


def _error(found: list[Diagnostic] | tuple[Diagnostic, ...]) -> ConfigError:
    """The first problem with its line and way out, the next ones by line."""
    first, *more = sorted(found, key=lambda problem: (problem.line or 0, problem.column or 0))
    others = "".join(f"; line {problem.line}: {problem.message}" for problem in more[: _SEVERAL - 1])
    rest = f"; and {len(more) - _SEVERAL + 1} more" if len(more) >= _SEVERAL else ""
    code = first.code if first.code.startswith("config.") else "config.invalid"
    return ConfigError(
        f"{first.message}{others}{rest}", code=code, hint=first.hint, file=first.file, line=first.line
    )
