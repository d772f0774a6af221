"""What the client knows of single paths: scopes, and which requests repeat safely.

Facts about the platform (platform-api.md, sections 2 to 8), by path, and no kind. Pure.
"""

from __future__ import annotations

TOKEN_PATH = "/oauth/token"
QUERY_PATH = "/api/v2/analytics/conversations/details/query"
"""The POST that changes nothing."""

SCHEMAS_PATH = "/api/v2/customobjects/schemas"

SCOPES = frozenset(
    {
        "analytics:dashboard:read",
        "analytics:dashboard:write",
        "analytics:conversation:view",
        "webchat:config:read",
        "webchat:config:write",
        "routing:queue:read",
        "routing:queue:write",
        "webhooks:read",
        "webhooks:write",
        "interaction:create",
        "customobjects:schema:read",
        "customobjects:schema:write",
    }
)

_READ_AND_WRITE = (
    ("/api/v2/analytics/dashboards", "analytics:dashboard"),
    ("/api/v2/wi/engagements/configurations", "webchat:config"),
    ("/api/v2/routing", "routing:queue"),
    ("/api/v2/users", "routing:queue"),
    ("/api/v2/platform/webhooks", "webhooks"),
    (SCHEMAS_PATH, "customobjects:schema"),
)
_SINGLE = (
    ("/api/v2/analytics/conversations", "analytics:conversation:view"),
    ("/api/v2/analytics/status", "analytics:conversation:view"),
    ("/api/v2/interactions", "interaction:create"),
)


def scope_of(method: str, path: str) -> str | None:
    """The scope that a call needs; None for a path that the platform's documents do not name."""
    for prefix, scope in _SINGLE:
        if is_under(path, prefix):
            return scope
    for prefix, scope in _READ_AND_WRITE:
        if is_under(path, prefix):
            return f"{scope}:read" if method == "GET" else f"{scope}:write"
    return None


def is_repeatable(method: str, path: str, *, is_keyed: bool) -> bool:
    """Whether a write may be sent again when nobody knows what became of it.

    An unkeyed PATCH counts as repeatable only where the platform says so: a schema's status.
    """
    if is_keyed or method in {"PUT", "DELETE"}:
        return True
    return method == "PATCH" and is_under(path, SCHEMAS_PATH)


def is_under(path: str, prefix: str) -> bool:
    """Whether a path is the prefix itself or lies below it."""
    return path == prefix or path.startswith(f"{prefix}/")
