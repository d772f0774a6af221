"""Where an org is and who we are there (platform-api.md, section 1).

Pure: environment and secrets come in as arguments. Credentials go to the hosts that this module names, so it
refuses rather than guesses: plain HTTP off this machine, hosts in a file that are none of the platform's, and
an environment that contradicts the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from reconciler.errors import ConfigError
from reconciler.model.configuration import OrgConfiguration
from reconciler.model.regions import AWS_REGIONS, REGIONS, is_loopback, is_trusted_region
from reconciler.model.values import Secret

BASE_URL = "GENESYS_BASE_URL"
LOGIN_URL = "GENESYS_LOGIN_URL"
REGION_NAMES = ("GENESYS_REGION", "GENESYS_ENVIRONMENT", "GENESYS_OAUTH_DOMAIN", "GENESYSCLOUD_REGION")
CLIENT_ID_NAMES = ("GENESYS_CLIENT_ID", "GENESYS_OAUTH_CLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_ID")
CLIENT_SECRET_NAMES = (
    "GENESYS_CLIENT_SECRET",
    "GENESYS_OAUTH_CLIENT_SECRET",
    "GENESYSCLOUD_OAUTHCLIENT_SECRET",
)

_UNTRUSTED = "config.untrusted-host"
_DEFAULT_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Target:
    """An org's hosts and the OAuth client; URLs without a slash at the end.

    Args:
        hidden: other secrets that requests may carry: blotted out of whatever the org says back.
    """

    api_url: str
    login_url: str
    client_id: str
    client_secret: str = field(repr=False)
    hidden: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def api_host(self) -> str:
        """`host[:port]` of the API; the scheme's own port is left out."""
        return host_of(self.api_url)

    @property
    def login_host(self) -> str:
        """`host[:port]` of the login host."""
        return host_of(self.login_url)


def resolve_target(
    org: OrgConfiguration, *, environ: Mapping[str, str], reveal: Callable[[Secret], str]
) -> Target:
    """Finds an org's hosts and client.

    Args:
        org: as configured; its own region and client come before the environment's.
        environ: the process's environment; an empty variable counts as not set.
        reveal: the value of a secret that the configuration names.

    Raises:
        ConfigError: host or client are not said, or (`config.untrusted-host`) the host may not be given a
        secret.
    """
    if org.sandbox:
        raise ConfigError(f"org {org.name} is the embedded sandbox: it has no host until it is started")
    urls = _configured_urls(org, environ) if org.region else _environment_urls(org, environ)
    client_id = _credential(org.client_id, CLIENT_ID_NAMES, environ=environ, reveal=reveal)
    client_secret = _credential(org.client_secret, CLIENT_SECRET_NAMES, environ=environ, reveal=reveal)
    _require_credentials(org, client_id, client_secret)
    return Target(*urls, client_id, client_secret)


def host_of(url: str) -> str:
    """`host[:port]` of a URL, lower case, without the scheme's own port."""
    parts = urlsplit(url)
    suffix = f":{_DEFAULT_PORTS.get(parts.scheme)}"
    return parts.netloc.lower().removesuffix(suffix)


def is_loopback_url(url: str) -> bool:
    """Whether a URL leads to this machine itself."""
    return is_loopback(urlsplit(url).hostname or "")


def first_set(names: tuple[str, ...], environ: Mapping[str, str]) -> tuple[str, str]:
    """The first of some variables that is set, and its value; empty where none is."""
    found = ((name, environ.get(name, "").strip()) for name in names)
    return next(((name, value) for name, value in found if value), ("", ""))


def _configured_urls(org: OrgConfiguration, environ: Mapping[str, str]) -> tuple[str, str]:
    region = org.region or ""
    if not is_trusted_region(region):
        raise ConfigError(
            f"org {org.name}: {region!r} is none of the platform's regions and no loopback address",
            code=_UNTRUSTED,
            hint=f"a file may not name other hosts; set {BASE_URL} for an org without a region",
            line=org.line,
        )
    urls = _region_urls(region, f"region of org {org.name}")
    for name, own in zip((BASE_URL, LOGIN_URL), urls, strict=True):
        told = environ.get(name, "").strip()
        if told and _base_url(told, name) != own:
            raise ConfigError(
                f"{name} is {told}, but org {org.name} is in region {region} ({own})",
                code=_UNTRUSTED,
                hint=f"unset {name}, or choose an org without a region",
                line=org.line,
            )
    return urls


def _environment_urls(org: OrgConfiguration, environ: Mapping[str, str]) -> tuple[str, str]:
    base, login = environ.get(BASE_URL, "").strip(), environ.get(LOGIN_URL, "").strip()
    name, region = first_set(REGION_NAMES, environ)
    if base:
        api_url = login_url = _base_url(base, BASE_URL)
    elif region:
        api_url, login_url = _region_urls(region, name)
    else:
        raise ConfigError(
            f"org {org.name}: nothing says where it is",
            hint=f"set {BASE_URL}, or the region in one of {', '.join(REGION_NAMES)}",
            line=org.line,
        )
    return api_url, _base_url(login, LOGIN_URL) if login else login_url


def _region_urls(text: str, origin: str) -> tuple[str, str]:
    """API and login URL of a region: a host name, a base URL, or an AWS region name."""
    region = AWS_REGIONS.get(text.lower(), text)
    if "://" in region or _leads_here(region):
        url = _base_url(region, origin)
        known = host_of(url).removeprefix("api.")
        return (f"https://api.{known}", f"https://login.{known}") if known in REGIONS else (url, url)
    if _HOST.fullmatch(region) is None:
        raise ConfigError(f"{origin}: {text!r} is neither a host name nor a URL nor an AWS region")
    host = region.lower()
    bare = host.removeprefix("api.").removeprefix("login.")
    host = bare if bare in REGIONS else host
    return f"https://api.{host}", f"https://login.{host}"


def _base_url(text: str, origin: str) -> str:
    """The URL without a slash at the end; a bare host is HTTPS, or HTTP on loopback."""
    if "://" not in text:
        text = f"http://{text}" if _leads_here(text) else f"https://{text}"
    parts = _split(text, origin)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ConfigError(
            f"{origin}: plain http:// to {parts.hostname} is refused",
            code=_UNTRUSTED,
            hint="use https://; http:// is for loopback only",
        )
    return f"{parts.scheme}://{host_of(text)}{parts.path.rstrip('/')}"


def _split(url: str, origin: str) -> SplitResult:
    """The parts of a URL that no two readers can take differently; user names in it would reach logs."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port that is no number
    except ValueError as error:
        raise ConfigError(f"{origin}: not a URL ({error})") from error
    extras = parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in _DEFAULT_PORTS or extras or _HOST.fullmatch(parts.netloc) is None:
        raise ConfigError(
            f"{origin} is not a base URL",
            hint="a base URL is https://host, without user name, query or fragment",
        )
    return parts


def _leads_here(bare: str) -> bool:
    return _HOST.fullmatch(bare.rstrip("/")) is not None and is_loopback_url(f"http://{bare}")


def _credential(
    own: str | Secret | None,
    names: tuple[str, ...],
    *,
    environ: Mapping[str, str],
    reveal: Callable[[Secret], str],
) -> str:
    if own is None:
        return first_set(names, environ)[1]
    return reveal(own) if isinstance(own, Secret) else own


def _require_credentials(org: OrgConfiguration, client_id: str, client_secret: str) -> None:
    wanted = (
        ("client id", client_id, CLIENT_ID_NAMES),
        ("client secret", client_secret, CLIENT_SECRET_NAMES),
    )
    missing = [(what, names) for what, value, names in wanted if not value]
    if missing:
        raise ConfigError(
            f"org {org.name}: no {' and no '.join(what for what, _ in missing)}",
            hint="; ".join(f"set one of {', '.join(names)}" for _, names in missing),
            line=org.line,
        )
