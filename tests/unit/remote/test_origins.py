"""Which variable won: the order of `resolve_target`, told by name."""

from collections.abc import Mapping

import pytest

from reconciler.model.configuration import OrgConfiguration
from reconciler.model.values import Secret
from reconciler.remote import Origins, origins_of, resolve_target

ENV = OrgConfiguration("env")
PROD = OrgConfiguration(
    "prod",
    region="mypurecloud.com",
    client_id="the-id",
    client_secret=Secret("${env.PROD_SECRET}", ("PROD_SECRET",)),
)
USUAL = {"GENESYS_REGION": "mypurecloud.com", "GENESYS_CLIENT_ID": "id", "GENESYS_CLIENT_SECRET": "s"}
REGION, ID, SECRET = USUAL


@pytest.mark.parametrize(
    ("org", "environ", "expected"),
    [
        (ENV, {}, Origins(None, None, None, None)),
        (ENV, USUAL, Origins(REGION, REGION, ID, SECRET)),
        (
            ENV,
            {**USUAL, "GENESYS_BASE_URL": "https://api.x.test", "GENESYS_LOGIN_URL": "https://login.x.test"},
            Origins("GENESYS_BASE_URL", "GENESYS_LOGIN_URL", ID, SECRET, (REGION,)),
        ),
        (
            ENV,
            {**USUAL, "GENESYS_CLIENT_ID": " ", "GENESYS_OAUTH_CLIENT_ID": "other"},
            Origins(REGION, REGION, "GENESYS_OAUTH_CLIENT_ID", SECRET),
        ),
        (
            PROD,
            {"PROD_SECRET": "s", "GENESYS_CLIENT_ID": "id"},
            Origins(
                "region of org prod",
                "region of org prod",
                "clientId of org prod",
                "PROD_SECRET",
                ("GENESYS_CLIENT_ID",),
            ),
        ),
    ],
)
def test_origins_are_named(org: OrgConfiguration, environ: Mapping[str, str], expected: Origins) -> None:
    assert origins_of(org, environ) == expected


@pytest.mark.parametrize(
    "dropped", [(), ("GENESYS_CLIENT_ID",), ("GENESYS_CLIENT_ID", "GENESYS_OAUTH_CLIENT_ID")]
)
def test_the_named_variable_is_the_one_that_is_used(dropped: tuple[str, ...]) -> None:
    names = ("GENESYS_CLIENT_ID", "GENESYS_OAUTH_CLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_ID")
    environ = {**USUAL, **{name: f"of {name}" for name in names if name not in dropped}}
    environ = {name: value for name, value in environ.items() if name not in dropped}

    target = resolve_target(ENV, environ=environ, reveal=lambda secret: secret.template)

    assert target.client_id == f"of {origins_of(ENV, environ).client_id}"
