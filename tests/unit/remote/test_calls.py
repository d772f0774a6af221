"""Calls as values, and what is known of single paths."""

from types import MappingProxyType

import pytest

from reconciler.model.remote import Read
from reconciler.model.values import JsonObject
from reconciler.remote.calls import Purpose, reading, token_request, writing
from reconciler.remote.endpoints import scope_of


@pytest.mark.parametrize(
    ("path", "url_path"),
    [
        ("/api/v2/routing/queues/q1", "/api/v2/routing/queues/q1"),
        ("/api/v2/customobjects/schemas/a b", "/api/v2/customobjects/schemas/a%20b"),
        ("/api/v2/customobjects/schemas/a%2Fb", "/api/v2/customobjects/schemas/a%2Fb"),
        ("/api/v2/customobjects/schemas/a?b#c", "/api/v2/customobjects/schemas/a%3Fb%23c"),
        ("/api/v2/customobjects/schemas/..", "/api/v2/customobjects/schemas/%2E%2E"),
        ("/api/v2/customobjects/schemas/./x", "/api/v2/customobjects/schemas/%2E/x"),
        ("/api/v2/customobjects/schemas/ü", "/api/v2/customobjects/schemas/%C3%BC"),
        ("/api/v2/customobjects/schemas/a\nb", "/api/v2/customobjects/schemas/a%0Ab"),
    ],
)
def test_id_in_a_path_means_itself(path: str, url_path: str) -> None:
    assert reading(Read("GET", path)).url_path == url_path


def test_place_in_a_listing_is_added_to_the_parameters() -> None:
    call = reading(Read("GET", "/x", (("name", "a"),)), {"pageNumber": "2"})

    assert call.params == (("name", "a"), ("pageNumber", "2"))


def test_body_is_compact_json_of_any_mapping() -> None:
    body: JsonObject = MappingProxyType({"a": (1, 2.5), "b": MappingProxyType({"c": None})})

    assert writing("PUT", "/x", body).content == b'{"a":[1,2.5],"b":{"c":null}}'


@pytest.mark.parametrize("body", [float("nan"), float("inf")])
def test_number_that_is_no_json_is_a_mistake(body: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        writing("PUT", "/x", body)


@pytest.mark.parametrize(
    ("method", "path", "key", "is_repeatable"),
    [
        ("POST", "/api/v2/interactions", None, False),
        ("POST", "/api/v2/interactions", ("Idempotency-Key", "k"), True),
        ("PUT", "/api/v2/platform/webhooks/w", None, True),
        ("DELETE", "/api/v2/platform/webhooks/w", None, True),
        ("PATCH", "/api/v2/routing/queues/q", None, False),
        ("PATCH", "/api/v2/routing/queues/q/members/u", None, False),
        ("PATCH", "/api/v2/routing/queues/q/members/u", ("X-Genesys-Idempotency-Key", "k"), True),
        ("PATCH", "/api/v2/customobjects/schemas/s", None, True),
    ],
)
def test_write_is_repeatable_by_method_key_or_nature(
    method: str, path: str, key: tuple[str, str] | None, is_repeatable: bool
) -> None:
    assert writing(method, path, {}, key=key).is_repeatable is is_repeatable


def test_only_writes_change_the_org() -> None:
    calls = [token_request(), reading(Read("GET", "/x")), writing("POST", "/x", None)]

    assert [(call.purpose, call.is_write) for call in calls] == [
        (Purpose.TOKEN, False),
        (Purpose.READ, False),
        (Purpose.WRITE, True),
    ]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/v2/analytics/dashboards", "analytics:dashboard:read"),
        ("POST", "/api/v2/analytics/dashboards/d/widgets/w/refresh", "analytics:dashboard:write"),
        ("POST", "/api/v2/analytics/conversations/details/query", "analytics:conversation:view"),
        ("GET", "/api/v2/analytics/status", "analytics:conversation:view"),
        ("PUT", "/api/v2/wi/engagements/configurations/c", "webchat:config:write"),
        ("GET", "/api/v2/routing/queues/q/members", "routing:queue:read"),
        ("GET", "/api/v2/routing/skills", "routing:queue:read"),
        ("GET", "/api/v2/users", "routing:queue:read"),
        ("PATCH", "/api/v2/routing/queues/q/members/u", "routing:queue:write"),
        ("DELETE", "/api/v2/platform/webhooks/w", "webhooks:write"),
        ("GET", "/api/v2/interactions", "interaction:create"),
        ("GET", "/api/v2/customobjects/schemas/s/versions/1", "customobjects:schema:read"),
        ("PATCH", "/api/v2/customobjects/schemas/s", "customobjects:schema:write"),
        ("GET", "/api/v2/organizations/me", None),
        ("GET", "/api/v2/usersgroups", None),
    ],
)
def test_scope_of_a_call(method: str, path: str, scope: str | None) -> None:
    assert scope_of(method, path) == scope
