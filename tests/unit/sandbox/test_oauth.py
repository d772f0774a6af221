"""Tokens and scopes (platform-api.md, section 2)."""

import pytest

from reconciler.sandbox import ALL_SCOPES, SandboxOrg
from tests.unit.sandbox.caller import (
    CHANNELS,
    INTERACTIONS,
    QUERY,
    QUEUES,
    SCHEMAS,
    SUPPORT_QUEUE,
    WEBHOOKS,
    WIDGETS,
    Caller,
)


def test_token_answer_says_type_lifetime_and_scopes(org: SandboxOrg, caller: Caller) -> None:
    said = caller.ask_token(org.client_id, org.client_secret)

    assert said.status == 200
    assert set(said.document) == {"access_token", "token_type", "expires_in", "scope"}
    assert (said.document["token_type"], said.document["expires_in"]) == ("bearer", 3600)
    assert said.document["scope"] == " ".join(ALL_SCOPES)


@pytest.mark.parametrize(
    ("client_id", "secret", "grant", "status", "error"),
    [
        ("sandbox-client", "wrong", "client_credentials", 401, "invalid_client"),
        ("nobody", "sandbox-secret", "client_credentials", 401, "invalid_client"),
        ("sandbox-client", "sandbox-secret", "password", 400, "unsupported_grant_type"),
    ],
)
def test_bad_token_request_is_refused(
    caller: Caller, client_id: str, secret: str, grant: str, status: int, error: str
) -> None:
    said = caller.ask_token(client_id, secret, grant)

    assert (said.status, said.document["error"]) == (status, error)
    assert said.document["error_description"]


def test_token_request_in_json_is_refused(org: SandboxOrg, caller: Caller) -> None:
    body = {"grant_type": "client_credentials"}
    response = caller.client.post("/oauth/token", json=body, auth=(org.client_id, org.client_secret))

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("authorization", ["", "Bearer made-up", "Basic c2FuZGJveA=="])
def test_request_without_a_valid_token_is_401(caller: Caller, authorization: str) -> None:
    caller.headers["Authorization"] = authorization

    said = caller.get(QUEUES)

    assert (said.status, said.code) == (401, "bad.credentials")


def test_token_under_another_scheme_is_401(caller: Caller) -> None:
    caller.headers["Authorization"] = caller.headers["Authorization"].replace("Bearer", "Basic")

    assert caller.get(QUEUES).status == 401


def test_token_runs_out_with_its_lifetime(org: SandboxOrg, caller: Caller) -> None:
    org.advance(3599)
    assert caller.get(QUEUES).status == 200

    org.advance(1)

    assert caller.get(QUEUES).status == 401


def test_expired_and_revoked_tokens_are_401_until_the_next_log_in(org: SandboxOrg, caller: Caller) -> None:
    for spoil in (org.expire_tokens, org.revoke_tokens):
        spoil()
        assert caller.get(QUEUES).status == 401
        caller.log_in()
        assert caller.get(QUEUES).status == 200


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", WIDGETS, "analytics:dashboard:read"),
        ("POST", WIDGETS, "analytics:dashboard:write"),
        ("POST", QUERY, "analytics:conversation:view"),
        ("GET", CHANNELS, "webchat:config:read"),
        ("POST", CHANNELS, "webchat:config:write"),
        ("GET", QUEUES, "routing:queue:read"),
        ("PATCH", SUPPORT_QUEUE, "routing:queue:write"),
        ("GET", "/api/v2/routing/skills", "routing:queue:read"),
        ("GET", "/api/v2/users", "routing:queue:read"),
        ("GET", WEBHOOKS, "webhooks:read"),
        ("POST", WEBHOOKS, "webhooks:write"),
        ("GET", SCHEMAS, "customobjects:schema:read"),
        ("POST", SCHEMAS, "customobjects:schema:write"),
        ("POST", INTERACTIONS, "interaction:create"),
    ],
)
def test_missing_scope_is_403_that_names_it(
    org: SandboxOrg, caller: Caller, method: str, path: str, scope: str
) -> None:
    org.grant(set(ALL_SCOPES) - {scope, scope.replace(":read", ":write")})
    caller.log_in()

    said = caller.send(method, path)

    assert said.status == 403
    assert scope in str(said.document["message"])
    assert scope in str(said.document["errors"])


def test_write_scope_includes_its_read_scope_only(org: SandboxOrg, caller: Caller) -> None:
    org.grant(["routing:queue:write"])
    caller.log_in()

    assert caller.get(QUEUES).status == 200
    assert caller.get(SCHEMAS).status == 403


def test_organization_needs_a_token_but_no_scope(org: SandboxOrg, caller: Caller) -> None:
    org.grant([])
    caller.log_in()

    said = caller.get("/api/v2/organizations/me")

    assert said.document == {"id": org.org_id, "name": "Sandbox"}
