"""Where an org is and who we are there (platform-api.md, section 1)."""

from collections.abc import Mapping

import pytest

from reconciler.errors import ConfigError
from reconciler.model.configuration import OrgConfiguration
from reconciler.model.values import Secret
from reconciler.remote import Target, resolve_target

CLIENT = {"GENESYS_CLIENT_ID": "id", "GENESYS_CLIENT_SECRET": "the-secret"}
ENV = OrgConfiguration("env")


def _reveal(secret: Secret) -> str:
    return f"revealed {secret.names[0]}"


def _resolved(environ: Mapping[str, str], org: OrgConfiguration = ENV) -> Target:
    return resolve_target(org, environ={**CLIENT, **environ}, reveal=_reveal)


def _refused(environ: Mapping[str, str], org: OrgConfiguration = ENV) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        _resolved(environ, org)
    return raised.value


@pytest.mark.parametrize(
    ("environ", "api_url", "login_url"),
    [
        (
            {"GENESYS_REGION": "mypurecloud.com"},
            "https://api.mypurecloud.com",
            "https://login.mypurecloud.com",
        ),
        (
            {"GENESYS_REGION": "us-east-1"},
            "https://api.mypurecloud.com",
            "https://login.mypurecloud.com",
        ),
        (
            {"GENESYS_REGION": "https://api.mypurecloud.com/"},
            "https://api.mypurecloud.com",
            "https://login.mypurecloud.com",
        ),
        (
            {"GENESYS_REGION": "https://mypurecloud.de"},
            "https://api.mypurecloud.de",
            "https://login.mypurecloud.de",
        ),
        (
            {"GENESYS_REGION": "api.mypurecloud.de"},
            "https://api.mypurecloud.de",
            "https://login.mypurecloud.de",
        ),
        (
            {"GENESYS_REGION": "https://gateway.example"},
            "https://gateway.example",
            "https://gateway.example",
        ),
        (
            {"GENESYS_REGION": "cloud.example"},
            "https://api.cloud.example",
            "https://login.cloud.example",
        ),
        ({"GENESYS_REGION": "127.0.0.1:8080"}, "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ({"GENESYS_BASE_URL": "http://[::1]:9"}, "http://[::1]:9", "http://[::1]:9"),
        ({"GENESYS_BASE_URL": "http://localhost:9/"}, "http://localhost:9", "http://localhost:9"),
        ({"GENESYS_BASE_URL": "https://GW.Example:443/v/"}, "https://gw.example/v", "https://gw.example/v"),
        ({"GENESYS_BASE_URL": "gw.example"}, "https://gw.example", "https://gw.example"),
        (
            {"GENESYS_BASE_URL": "https://gw.example", "GENESYS_REGION": "mypurecloud.com"},
            "https://gw.example",
            "https://gw.example",
        ),
        (
            {"GENESYS_BASE_URL": "https://gw.example", "GENESYS_LOGIN_URL": "https://login.example"},
            "https://gw.example",
            "https://login.example",
        ),
        (
            {"GENESYS_REGION": "mypurecloud.ie", "GENESYS_LOGIN_URL": "https://login.example"},
            "https://api.mypurecloud.ie",
            "https://login.example",
        ),
    ],
)
def test_environment_says_the_hosts(environ: Mapping[str, str], api_url: str, login_url: str) -> None:
    assert _resolved(environ) == Target(api_url, login_url, "id", "the-secret")


def test_first_variable_that_is_set_says_the_region() -> None:
    names = ("GENESYS_REGION", "GENESYS_ENVIRONMENT", "GENESYS_OAUTH_DOMAIN", "GENESYSCLOUD_REGION")
    for first in range(len(names)):
        environ = {name: f"{name.lower().replace('_', '-')}.example" for name in names[first:]}
        cleared = dict.fromkeys(names[:first], " ")
        wanted = f"https://api.{names[first].lower().replace('_', '-')}.example"
        assert _resolved(environ | cleared).api_url == wanted


@pytest.mark.parametrize("what", ["ID", "SECRET"])
def test_first_variable_that_is_set_says_the_client(what: str) -> None:
    names = (f"GENESYS_CLIENT_{what}", f"GENESYS_OAUTH_CLIENT_{what}", f"GENESYSCLOUD_OAUTHCLIENT_{what}")
    for first in range(len(names)):
        environ = {name: name for name in names[first:]} | dict.fromkeys(names[:first], "")
        target = _resolved({"GENESYS_REGION": "mypurecloud.com", **environ})
        assert (target.client_id if what == "ID" else target.client_secret) == names[first]


def test_client_of_the_org_comes_before_the_variables() -> None:
    secret = Secret("${env.PROD_SECRET}", ("PROD_SECRET",))
    org = OrgConfiguration("prod", region="mypurecloud.com", client_id="own", client_secret=secret)

    target = _resolved({}, org)

    assert (target.client_id, target.client_secret) == ("own", "revealed PROD_SECRET")


@pytest.mark.parametrize(
    ("region", "api_url"),
    [
        ("mypurecloud.de", "https://api.mypurecloud.de"),
        ("eu-central-1", "https://api.mypurecloud.de"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("localhost:8080", "http://localhost:8080"),
    ],
)
def test_region_of_a_configured_org_decides(region: str, api_url: str) -> None:
    target = _resolved({"GENESYS_REGION": "mypurecloud.ie"}, OrgConfiguration("prod", region=region))

    assert target.api_url == api_url


def test_configured_org_without_a_region_takes_the_environment_s() -> None:
    target = _resolved({"GENESYS_BASE_URL": "https://gw.example"}, OrgConfiguration("prod"))

    assert target.api_host == "gw.example"


@pytest.mark.parametrize(
    "environ",
    [
        {"GENESYS_BASE_URL": "https://api.mypurecloud.com"},
        {"GENESYS_BASE_URL": "http://127.0.0.1:1"},
        {"GENESYS_LOGIN_URL": "https://login.evil.example"},
    ],
)
def test_environment_that_contradicts_a_region_is_refused(environ: Mapping[str, str]) -> None:
    error = _refused(environ, OrgConfiguration("prod", region="mypurecloud.de", line=7))

    assert (error.code, error.exit_code, error.line) == ("config.untrusted-host", 78, 7)
    assert next(iter(environ)) in str(error)


def test_environment_that_says_the_same_as_the_region_is_taken() -> None:
    org = OrgConfiguration("prod", region="mypurecloud.de")

    assert (
        _resolved({"GENESYS_BASE_URL": "https://api.mypurecloud.de/"}, org).api_host == "api.mypurecloud.de"
    )


@pytest.mark.parametrize("region", ["evil.example", "http://api.mypurecloud.com", "mypurecloud.com.evil"])
def test_file_may_not_name_another_host(region: str) -> None:
    assert _refused({}, OrgConfiguration("prod", region=region)).code == "config.untrusted-host"


@pytest.mark.parametrize("name", ["GENESYS_BASE_URL", "GENESYS_LOGIN_URL", "GENESYS_REGION"])
@pytest.mark.parametrize("url", ["http://gw.example", "http://127.0.0.1.evil.example", "http://10.0.0.1"])
def test_plain_http_off_this_machine_is_refused(name: str, url: str) -> None:
    environ = {"GENESYS_BASE_URL": "https://gw.example", name: url}
    if name == "GENESYS_REGION":
        del environ["GENESYS_BASE_URL"]

    error = _refused(environ)

    assert (error.code, name in str(error)) == ("config.untrusted-host", True)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:word@gw.example",
        "http://127.0.0.1@evil.example",
        "http://evil.example\\@127.0.0.1",
        "https://gw.example?x=1",
        "https://gw.example#x",
        "https://gw.example:port",
        "ftp://gw.example",
        "https://",
        "https://[::1",
        "not a host",
    ],
)
def test_text_that_is_no_base_url_is_refused_without_repeating_it(url: str) -> None:
    error = _refused({"GENESYS_BASE_URL": url})

    assert error.exit_code == 78
    assert "word" not in str(error)


def test_missing_host_names_the_variables() -> None:
    error = _refused({})

    assert "nothing says where it is" in str(error)
    assert error.hint is not None
    assert "GENESYS_BASE_URL" in error.hint
    assert "GENESYS_REGION, GENESYS_ENVIRONMENT, GENESYS_OAUTH_DOMAIN, GENESYSCLOUD_REGION" in error.hint


def test_missing_client_names_the_variables() -> None:
    error = _refused(
        {"GENESYS_REGION": "mypurecloud.com", "GENESYS_CLIENT_ID": "", "GENESYS_CLIENT_SECRET": " "}
    )

    assert str(error) == "org env: no client id and no client secret"
    assert error.hint is not None
    assert "GENESYS_CLIENT_ID, GENESYS_OAUTH_CLIENT_ID, GENESYSCLOUD_OAUTHCLIENT_ID" in error.hint
    assert "GENESYS_CLIENT_SECRET, GENESYS_OAUTH_CLIENT_SECRET, GENESYSCLOUD_OAUTHCLIENT_SECRET" in error.hint


def test_sandbox_is_never_looked_for_in_the_environment() -> None:
    error = _refused({"GENESYS_REGION": "mypurecloud.com"}, OrgConfiguration("sandbox", sandbox=True))

    assert "sandbox" in str(error)


def test_secret_is_in_no_text_of_a_target() -> None:
    assert "the-secret" not in repr(_resolved({"GENESYS_REGION": "mypurecloud.com"}))
