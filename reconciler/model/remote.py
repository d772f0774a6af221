"""What to read from the org and what to send to it, as values.

Kinds make these; only `remote` turns them into HTTP. `Facts` are the answers so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias, cast

from reconciler.model.values import JsonObject, JsonValue, Tree, canonical_json


class Paging(StrEnum):
    """How a listing is cut into pages."""

    NONE = "none"
    NUMBER = "number"
    """`pageSize` and `pageNumber`; the answer says `pageCount` (platform-api.md, section 3)."""


class Lock(StrEnum):
    """How a lost update is prevented."""

    NONE = "none"
    IF_MATCH = "if_match"
    """`If-Match` carries the version of the re-read just before the write."""


@dataclass(frozen=True, slots=True)
class Read:
    """A question to the org. Equal reads are sent once a run.

    Args:
        method: `GET`, or `QUERY` for the analytics query (a POST that changes nothing).
        path: from the host's root, e.g. `/api/v2/routing/queues`.
        params: query parameters, sorted; paging adds its own.
        body: the query's body as canonical JSON text, so that reads hash.
        optional: the run goes on without an answer (a check's read); not part of equality.
    """

    method: Literal["GET", "QUERY"]
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    paging: Paging = Paging.NONE
    optional: bool = field(default=False, compare=False)


def get(path: str, *, optional: bool = False) -> Read:
    """Reads one object."""
    return Read("GET", path, optional=optional)


def listing(path: str, params: Mapping[str, str] | None = None, *, optional: bool = False) -> Read:
    """Reads all pages of a listing."""
    wanted = tuple(sorted((params or {}).items()))
    return Read("GET", path, wanted, paging=Paging.NUMBER, optional=optional)


def query(path: str, body: JsonObject, *, optional: bool = False) -> Read:
    """Asks the analytics query."""
    return Read("QUERY", path, body=canonical_json(body), optional=optional)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the org answered. A listing's body is the list of all entities, of all pages.

    Args:
        status: HTTP status; 404 is an answer of a read ("absent"), and so is 400 to a query.
        problem: why there is no answer; only ever set for optional reads.
    """

    status: int
    body: JsonValue = None
    correlation_id: str | None = None
    attempts: int = 1
    latency_ms: float = 0.0
    problem: str | None = None

    @property
    def found(self) -> bool:
        """Whether there is a body to look at."""
        return self.problem is None and 200 <= self.status < 300


class Facts(Mapping[Read, Answer]):
    """All answers so far, by read; immutable, grown by `with_answers`."""

    def __init__(self, answers: Mapping[Read, Answer] | None = None) -> None:
        self._answers = dict(answers or {})
        self._by_path: dict[str, list[Read]] = {}
        self._by_member: dict[tuple[str, str], Mapping[str, JsonObject]] = {}

    def __getitem__(self, read: Read) -> Answer:
        return self._answers[read]

    def __iter__(self) -> Iterator[Read]:
        return iter(self._answers)

    def __len__(self) -> int:
        return len(self._answers)

    def with_answers(self, answers: Mapping[Read, Answer]) -> Facts:
        """These facts and more."""
        return Facts({**self._answers, **answers})

    def one(self, read: Read) -> JsonObject | None:
        """The object that a read answered; None when absent, unanswered or not an object."""
        answer = self._answers.get(read)
        if answer is None or not answer.found or not isinstance(answer.body, Mapping):
            return None
        return answer.body

    def entities(self, read: Read) -> tuple[JsonObject, ...] | None:
        """All entities of a listing; None when it is unanswered or failed."""
        answer = self._answers.get(read)
        if answer is None or not answer.found or not isinstance(answer.body, list | tuple):
            return None
        return tuple(cast("JsonObject", entity) for entity in answer.body if isinstance(entity, Mapping))

    def reads_of(self, path: str) -> Sequence[Read]:
        """All reads of a path, filtered ones too."""
        if not self._by_path:
            for read in self._answers:
                self._by_path.setdefault(read.path, []).append(read)
        return self._by_path.get(path, ())

    def find(self, path: str, member: str, value: str) -> JsonObject | None:
        """The first entity of a path's listings whose member has the value; made for many questions."""
        index = self._by_member.get((path, member))
        if index is None:
            found = [entity for read in self.reads_of(path) for entity in self.entities(read) or ()]
            index = {str(entity[member]): entity for entity in reversed(found) if member in entity}
            self._by_member[path, member] = index
        return index.get(value)

    def missing(self, reads: Iterable[Read]) -> tuple[Read, ...]:
        """Those not answered yet, each once; a read that somebody requires is required."""
        wanted: dict[Read, Read] = {}
        for read in reads:
            if read not in self._answers and (read not in wanted or not read.optional):
                wanted.pop(read, None)
                wanted[read] = read
        return tuple(wanted.values())


@dataclass(frozen=True, slots=True)
class Request:
    """A request that changes the org. `{remote_id}` in the path is filled in by the change runner."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"]
    path: str
    body: Tree = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What was waited for has come."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Not yet; `note` is for the screen."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It will not come; `reason` is the platform's."""

    reason: str


Verdict: TypeAlias = Settled | Pending | Failed


@dataclass(frozen=True, slots=True)
class Wait:
    """What settling is: read until the verdict is not `Pending`, or the deadline has passed.

    Args:
        reads: asked afresh each time; `{remote_id}` in a path is filled in by the change runner.
        every_s: seconds between two rounds.
        deadline_s: seconds after which waiting ends, unsettled.
        verdict: judges one round's answers.
    """

    reads: tuple[Read, ...]
    every_s: float
    deadline_s: float
    verdict: Callable[[Facts], Verdict]


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a change.

    Args:
        label: for people: `create draft`, `publish`, `weight of u1: 0.2 -> 0.4`.
        key_header: carries the idempotency key; None where the method is idempotent by itself.
        lock: how a lost update is prevented.
        until: what settling is; None: the answer settles it.
        undo: the request that puts it back.
        best_effort: a failure is a warning.
        yields: JSON pointer into the answer: the new remote id.
        managed: the part of the body that the manifest decides; None: all of it (fingerprint, section 5).
    """

    label: str
    request: Request
    key_header: str | None = None
    lock: Lock = Lock.NONE
    until: Wait | None = None
    undo: Request | None = None
    best_effort: bool = False
    yields: str | None = None
    managed: Tree = None
