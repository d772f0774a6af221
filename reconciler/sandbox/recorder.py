"""The request recorder: what was asked of the org, for tests to look at."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.sandbox.documents import Document, JsonValue, as_object

QUERY_PATH = "/api/v2/analytics/conversations/details/query"
_NOT_MUTATING = frozenset({"/oauth/token", QUERY_PATH})
_KEPT_HEADERS = (
    "accept",
    "content-type",
    "idempotency-key",
    "if-match",
    "user-agent",
    "x-genesys-idempotency-key",
)
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request that reached the org.

    Attributes:
        method: The HTTP method.
        path: The path, decoded.
        query: The query's members.
        headers: The telling headers by lower-case name; never the credentials.
        body: The JSON body; None where there was none, and for token requests.
        status: What was answered; None where the connection was dropped.
        at: The org's time, seconds since 1970.
        correlation_id: The answer's correlation id.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: JsonValue
    status: int | None
    at: float
    correlation_id: str

    def is_mutating(self) -> bool:
        """Tell whether it asked for a change: neither a GET nor a token request nor an analytics query."""
        return self.method not in ("GET", "HEAD") and self.path not in _NOT_MUTATING

    def document(self) -> Document:
        """Return the JSON object that this request is in `/sandbox/requests`."""
        return {
            "method": self.method,
            "path": self.path,
            "query": as_object({**self.query}),
            "headers": as_object({**self.headers}),
            "body": self.body,
            "status": self.status,
            "at": self.at,
            "correlationId": self.correlation_id,
        }


class Recorder:
    """Keeps the latest requests, 100,000 at most."""

    def __init__(self) -> None:
        """Start empty."""
        self._requests: deque[RecordedRequest] = deque(maxlen=_MOST)

    def record(self, request: RecordedRequest) -> None:
        """Keep a request."""
        self._requests.append(request)

    def requests(self) -> tuple[RecordedRequest, ...]:
        """Return all kept requests in the order in which they were answered."""
        return tuple(self._requests)

    def forget(self) -> None:
        """Forget all requests."""
        self._requests.clear()


def kept_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers that are worth recording."""
    return {name: headers[name] for name in _KEPT_HEADERS if name in headers}
