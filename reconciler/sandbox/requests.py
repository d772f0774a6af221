"""A request as the org sees it, and its answer: values without a word of HTTP's machinery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from reconciler.sandbox.collection import Entry
from reconciler.sandbox.documents import Document, JsonValue, decode, encode
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.refusals import Refusal, invalid_field

_NOTHING: Mapping[str, str] = MappingProxyType({})
BODY_LIMIT = 1_048_576
OBJECT_LIMIT = 102_400


@dataclass(frozen=True, slots=True)
class Payload:
    """A request's body, read once.

    Attributes:
        value: The JSON value; None where there is none.
        size: The body's length in bytes.
        problem: Why it could not be read.
    """

    value: JsonValue = None
    size: int = 0
    problem: str | None = None

    @classmethod
    def read(cls, raw: bytes) -> "Payload":
        """Read a body's bytes."""
        if not raw:
            return cls()
        try:
            value = decode(raw)
            # What cannot be written again (1e999, half a surrogate pair) is no JSON for a strict org.
            encode(value)
            return cls(value, len(raw))
        except (ValueError, RecursionError) as error:
            return cls(None, len(raw), f"the body is not JSON: {error}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to the API.

    Attributes:
        method: The HTTP method.
        path: The path, decoded.
        segments: The path's parts, each decoded on its own.
        query: The query's members; of a repeated one the last.
        headers: The headers by lower-case name.
        payload: The body.
        params: What the call's template named in the path.
        client_id: Who asks, once the token is known.
        fault: The fault that this request met.
    """

    method: str
    path: str
    segments: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    payload: Payload = field(default_factory=Payload)
    params: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    client_id: str = ""
    fault: Fault | None = None

    def document(self, limit: int = BODY_LIMIT) -> Document:
        """Return the body, which must be a JSON object.

        Args:
            limit: The most bytes it may have.

        Raises:
            Refusal: 400 where it is no JSON object, 413 where it is too large.
        """
        if self.payload.size > limit:
            message = f"the body has {self.payload.size} bytes, at most {limit} are allowed"
            raise invalid_field("", message).with_status(413, "payload.too.large")
        if self.payload.problem is not None:
            raise invalid_field("", self.payload.problem)
        if not isinstance(self.payload.value, dict):
            raise invalid_field("", "the body must be a JSON object")
        return self.payload.value


@dataclass(frozen=True, slots=True)
class Answer:
    """What the org answers: a status, JSON text and headers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    def with_headers(self, headers: Mapping[str, str]) -> "Answer":
        """Return the answer with further headers."""
        return Answer(self.status, self.body, {**self.headers, **headers})


def answered(status: int, value: JsonValue) -> Answer:
    """Return an answer with a JSON body."""
    return Answer(status, encode(value))


def shown(entry: Entry, status: int = 200) -> Answer:
    """Return an answer that shows an object."""
    return Answer(status, entry.encoded())


def paged(entries: Sequence[Entry], query: Mapping[str, str]) -> Answer:
    """Return one page of a listing (platform-api.md, section 3).

    Raises:
        Refusal: 400 where `pageSize` or `pageNumber` is no number in its range.
    """
    size = _natural(query, "pageSize", default=25, most=100)
    number = _natural(
        query, "page" if "page" in query and "pageNumber" not in query else "pageNumber", default=1
    )
    page = entries[(number - 1) * size : number * size]
    pages = -(-len(entries) // size)
    figures = f'],"pageSize":{size},"pageNumber":{number},"pageCount":{pages},"total":{len(entries)}}}'
    return Answer(200, b'{"entities":[' + b",".join(entry.encoded() for entry in page) + figures.encode())


def refused(refusal: Refusal, correlation_id: str) -> Answer:
    """Return the answer that a refusal stands for."""
    return answered(refusal.status, refusal.body(correlation_id)).with_headers(refusal.headers)


def _natural(query: Mapping[str, str], name: str, *, default: int, most: int | None = None) -> int:
    told = query.get(name)
    if told is None:
        return default
    if not (told.isascii() and told.isdigit()) or int(told) < 1 or (most is not None and int(told) > most):
        raise invalid_field(
            name, f"{name} must be a number from 1{f' to {most}' if most else ''}, not {told!r}"
        )
    return int(told)
