"""Calls: what is to be sent, as values. Only `wire` sends them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

from reconciler.model.remote import Read
from reconciler.model.values import JsonValue
from reconciler.remote.endpoints import QUERY_PATH, TOKEN_PATH, is_repeatable


class Purpose(Enum):
    """What a call is for: it decides which statuses are answers, and whether it may be repeated."""

    READ = "read"
    QUERY = "query"
    WRITE = "write"
    TOKEN = "token"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, before credentials.

    Args:
        path: from the host's root, as people read it; `url_path` is what is sent.
        is_repeatable: it may be sent again when nobody knows what became of it.
    """

    purpose: Purpose
    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    is_repeatable: bool = True

    @property
    def is_write(self) -> bool:
        """Whether it changes the org."""
        return self.purpose is Purpose.WRITE

    @property
    def url_path(self) -> str:
        """The path in a URL: an id in it stays one segment that means itself.

        Escapes stay as they are. A `?` or `#` is never a query here, and dot segments, which HTTP libraries
        resolve, would turn the request for one object into one for its parent.
        """
        return "/".join(_segment(part) for part in self.path.split("/"))


def reading(read: Read, page: Mapping[str, str] | None = None) -> Call:
    """The call of a read, or of one page of a listing.

    Raises:
        ValueError: a QUERY elsewhere than at the analytics query: that POST might change something.
    """
    params = tuple({**dict(read.params), **(page or {})}.items())
    if read.method == "GET":
        return Call(Purpose.READ, "GET", read.path, params)
    if read.path != QUERY_PATH:
        raise ValueError(f"{read.path} takes no query: a read may POST to {QUERY_PATH} only")
    content = None if read.body is None else read.body.encode("utf-8", "surrogatepass")
    return Call(Purpose.QUERY, "POST", read.path, params, content, _JSON)


def writing(
    method: str,
    path: str,
    body: JsonValue,
    *,
    key: tuple[str, str] | None = None,
    if_match: str | None = None,
) -> Call:
    """The call of a write; `key` is header name and idempotency key."""
    content = None if body is None else _encoded(body)
    headers: tuple[tuple[str, str], ...] = _JSON if content is not None else ()
    headers += (key,) if key is not None else ()
    headers += (("If-Match", if_match),) if if_match is not None else ()
    repeatable = is_repeatable(method, path, is_keyed=key is not None)
    return Call(Purpose.WRITE, method, path, (), content, headers, repeatable)


def token_request() -> Call:
    """The call for a token (platform-api.md, section 2); the client is in its credentials."""
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    return Call(Purpose.TOKEN, "POST", TOKEN_PATH, (), b"grant_type=client_credentials", form)


_JSON = (("Content-Type", "application/json"),)
_SAFE = "!$&'()*+,;=:@%"


def _segment(part: str) -> str:
    if part in {".", ".."}:
        return part.replace(".", "%2E")
    return quote(part, safe=_SAFE, errors="surrogatepass")


def _encoded(body: JsonValue) -> bytes:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_as_dict)
    return text.encode("utf-8", "surrogatepass")


def _as_dict(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
