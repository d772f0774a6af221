"""Queues among the facts: by id before any listing, from any listing, and how many of them are read."""

from __future__ import annotations

import pytest

from reconciler.kinds.queues import (
    ALL_QUEUES,
    QUEUES,
    find_queue,
    is_queue_known,
    is_unreadable,
    listed_queues,
    queue_read,
    queue_reads,
)
from reconciler.model.remote import Answer, Facts, Read, listing
from reconciler.model.values import JsonObject


def queue(queue_id: str, **members: str) -> JsonObject:
    """A queue."""
    return {"id": queue_id, "name": f"queue {queue_id}", **members}


def listed(*queues: JsonObject, read: Read = ALL_QUEUES) -> Facts:
    """Facts in which a listing shows these queues."""
    return Facts({read: Answer(200, list(queues))})


def test_queue_is_found_in_any_listing() -> None:
    facts = listed(queue("a"), read=listing(QUEUES, {"name": "queue a"})).with_answers(
        {ALL_QUEUES: Answer(200, [queue("b")])}
    )

    assert [find_queue(name, facts) for name in "abc"] == [queue("a"), queue("b"), None]
    assert [found["id"] for found in listed_queues(facts)] == ["a", "b"]


def test_queue_read_by_id_is_newer_than_any_listing() -> None:
    facts = listed(queue("a"), queue("b")).with_answers(
        {queue_read("a"): Answer(200, queue("a", name="new")), queue_read("b"): Answer(404)}
    )

    assert find_queue("a", facts) == queue("a", name="new")
    assert find_queue("b", facts) is None
    assert is_queue_known("b", facts)


def test_facts_that_grew_show_what_was_added() -> None:
    before = listed(queue("a"))
    assert find_queue("b", before) is None

    after = before.with_answers({listing(QUEUES, {"name": "b"}): Answer(200, [queue("b")])})

    assert find_queue("b", after) == queue("b")
    assert find_queue("b", before) is None


def test_first_listing_that_shows_a_queue_counts() -> None:
    facts = listed(queue("a")).with_answers(
        {listing(QUEUES, {"name": "a"}): Answer(200, [queue("a", name="other")])}
    )

    assert find_queue("a", facts) == queue("a")


def test_queue_without_an_id_is_no_queue() -> None:
    assert find_queue("None", listed({"name": "nameless"})) is None


@pytest.mark.parametrize(("status", "problem", "expected"), [(404, None, False), (503, "down", True)])
def test_queue_that_could_not_be_asked_for_is_not_absent(
    status: int, problem: str | None, *, expected: bool
) -> None:
    facts = Facts({queue_read("a"): Answer(status, problem=problem)})

    assert is_unreadable("a", facts) is expected


@pytest.mark.parametrize(("count", "is_listing"), [(1, False), (2, True), (8, True)])
def test_one_queue_is_read_by_id_and_several_by_one_listing(count: int, *, is_listing: bool) -> None:
    names = [f"q{index}" for index in range(count)]

    found = queue_reads([*names, *names], Facts())

    assert found == ((ALL_QUEUES,) if is_listing else tuple(map(queue_read, names)))
    assert all(read.optional for read in found)


def test_queues_that_a_listing_does_not_show_are_read_one_by_one() -> None:
    names = [f"q{index}" for index in range(3)]

    assert queue_reads(names, listed()) == tuple(map(queue_read, names))


def test_known_queues_are_not_read_again() -> None:
    assert queue_reads(["a", "b"], listed(queue("a"))) == (queue_read("b"),)


def test_id_with_a_slash_stays_one_segment() -> None:
    assert queue_read("a/b").path == f"{QUEUES}/a%2Fb"
