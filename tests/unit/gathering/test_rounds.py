"""Rounds of reads: asked until nothing is new, each read once, failures of optional reads as answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from reconciler.errors import AuthFailed, RemoteError, RemoteUnavailable
from reconciler.gathering import gather
from reconciler.model.events import Event, ReadAnswered, ReadsPlanned
from reconciler.model.remote import Answer, Facts, Read, get
from reconciler.model.values import JsonValue


@dataclass(slots=True)
class Org:
    """Answers reads from a table; an error in it is raised."""

    bodies: Mapping[str, JsonValue | RemoteError]
    rounds: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    requests_made: int = 0
    granted_scopes: frozenset[str] | None = None

    async def read(self, read: Read) -> Answer:
        self.rounds.append(read.path)
        await asyncio.sleep(0)
        found = self.bodies[read.path]
        if isinstance(found, RemoteError):
            raise found
        return Answer(200, found)

    def notify(self, event: Event) -> None:
        self.events.append(event)


A, B, C = get("/a"), get("/b"), get("/c")


def asked(org: Org, *reads: Read, known: Facts | None = None) -> Facts:
    """The facts after asking for some reads."""
    return asyncio.run(gather(org, lambda _: reads, known or Facts(), org))


def test_equal_reads_are_sent_once() -> None:
    org = Org({"/a": {"x": 1}})
    facts = asked(org, A, A, get("/a", optional=True))
    assert (org.rounds, facts.one(A)) == (["/a"], {"x": 1})


def test_what_is_known_is_not_asked_again() -> None:
    org = Org({"/b": {}})
    asked(org, A, B, known=Facts({A: Answer(200, {})}))
    assert org.rounds == ["/b"]


def test_later_round_can_follow_an_answer() -> None:
    org = Org({"/a": {"next": "/b"}, "/b": {"next": "/c"}, "/c": {}})

    def follow(facts: Facts) -> Iterable[Read]:
        read: Read | None = A
        while read is not None:
            yield read
            body = facts.one(read)
            read = get(str(body["next"])) if body and "next" in body else None

    facts = asyncio.run(gather(org, follow, Facts(), org))

    assert (org.rounds, len(facts)) == (["/a", "/b", "/c"], 3)
    assert [event.count for event in org.events if isinstance(event, ReadsPlanned)] == [1, 1, 1]
    assert [event.path for event in org.events if isinstance(event, ReadAnswered)] == ["/a", "/b", "/c"]


def test_required_read_that_fails_ends_the_gathering() -> None:
    org = Org({"/a": RemoteUnavailable("down"), "/b": {}})
    with pytest.raises(RemoteUnavailable, match="down"):
        asked(org, A, B)


def test_optional_read_that_fails_is_an_answer_without_a_body() -> None:
    org = Org({"/a": RemoteUnavailable("down", http_status=503, correlation_id="c-1")})
    facts = asked(org, get("/a", optional=True))
    assert facts[A] == Answer(503, correlation_id="c-1", problem="down")
    assert facts.one(A) is None


def test_read_that_somebody_requires_is_required() -> None:
    org = Org({"/a": RemoteUnavailable("down")})
    with pytest.raises(RemoteUnavailable):
        asked(org, get("/a", optional=True), A)


def test_client_that_is_nobody_ends_it_also_for_optional_reads() -> None:
    org = Org({"/a": AuthFailed("no token")})
    with pytest.raises(AuthFailed):
        asked(org, get("/a", optional=True))


def test_reads_of_one_round_are_under_way_together() -> None:
    org = Org({"/a": {}, "/b": {}, "/c": {}})
    asked(org, A, B, C)
    assert org.rounds == ["/a", "/b", "/c"]
    assert [type(event) for event in org.events] == [ReadsPlanned, *[ReadAnswered] * 3]
