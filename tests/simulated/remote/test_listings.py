"""Listings over real HTTP: all pages, at once, in order, and what is no page."""

import asyncio
from dataclasses import replace

import pytest

from reconciler.errors import RemoteUnavailable, ScopeMissing
from reconciler.model.remote import Answer, listing
from reconciler.model.values import JsonValue
from tests.simulated.remote.scripted import Answering, Scene, Scripted, Seen, page, problem, scene

QUEUES = "/api/v2/routing/queues"
WINDOW = {"inin-ratelimit-allowed": "300", "inin-ratelimit-count": "1", "inin-ratelimit-reset": "60"}


def _ids(answer: Answer) -> list[JsonValue]:
    assert isinstance(answer.body, list)
    return [entity["id"] for entity in answer.body if isinstance(entity, dict)]


def _by_number(*rounds: dict[int, Scripted]) -> Answering:
    """Answers by page number; a further round for each time that page 1 is asked for again."""
    begun = 0

    async def answering(seen: Seen) -> Scripted:
        nonlocal begun
        number = int(seen.query["pageNumber"])
        begun += number == 1
        return rounds[min(begun, len(rounds)) - 1].get(number, page(number, 1))

    return answering


async def _read(at: Scene, *rounds: dict[int, Scripted]) -> Answer:
    at.host.answer("GET", QUEUES, _by_number(*rounds))
    async with asyncio.timeout(5):
        return await at.client.read(listing(QUEUES))


def _listed(*rounds: dict[int, Scripted]) -> tuple[Answer, list[Seen]]:
    async def told() -> tuple[Answer, list[Seen]]:
        async with scene() as at:
            return await _read(at, *rounds), at.host.calls

    return asyncio.run(told())


def test_single_page_is_one_request_of_the_largest_size() -> None:
    answer, sent = _listed({1: page(1, 1, "a", "b", total=2)})

    assert (answer.status, answer.body) == (200, [{"id": "a"}, {"id": "b"}])
    assert [seen.query for seen in sent] == [{"pageSize": "100", "pageNumber": "1"}]


def test_empty_listing_is_an_empty_list() -> None:
    answer, sent = _listed({1: page(1, 0, total=0)})

    assert (answer.body, len(sent)) == ([], 1)


def test_own_parameters_are_sent_with_every_page() -> None:
    async def told() -> list[str]:
        async with scene() as at:
            at.host.answer("GET", QUEUES, _by_number({1: page(1, 2, "a"), 2: page(2, 2, "b")}))
            await at.client.read(listing(QUEUES, {"name": "Süd & Co"}))
            return [seen.query["name"] for seen in at.host.calls]

    assert asyncio.run(told()) == ["Süd & Co"] * 2


def test_later_pages_are_asked_for_at_once_and_put_in_order() -> None:
    async def told() -> Answer:
        async with scene() as at:
            together = asyncio.Barrier(4)
            pages = {number: page(number, 5, f"q{number}") for number in range(1, 6)}
            answered = _by_number({number: replace(each, headers=WINDOW) for number, each in pages.items()})

            async def answering(seen: Seen) -> Scripted:
                if seen.query["pageNumber"] != "1":
                    await together.wait()
                return await answered(seen)

            at.host.answer("GET", QUEUES, answering)
            async with asyncio.timeout(5):
                return await at.client.read(listing(QUEUES))

    assert _ids(asyncio.run(told())) == ["q1", "q2", "q3", "q4", "q5"]


def test_object_on_two_pages_counts_once() -> None:
    answer, _ = _listed({1: page(1, 2, "a", "b", total=3), 2: page(2, 2, "b", "c", total=3)})

    assert _ids(answer) == ["a", "b", "c"]


def test_objects_without_an_id_are_told_apart_by_their_members() -> None:
    def members(number: int, *users: str) -> Scripted:
        entities: JsonValue = [{"user": {"id": user}, "score": 0.1} for user in users]
        return Scripted(200, {"entities": entities, "pageNumber": number, "pageCount": 2})

    answer, _ = _listed({1: members(1, "u1", "u2"), 2: members(2, "u2", "u3")})

    assert isinstance(answer.body, list)
    assert len(answer.body) == 3


def test_listing_that_changes_while_it_is_read_is_read_again() -> None:
    answer, sent = _listed(
        {1: page(1, 2, "a", "b", total=4), 2: page(2, 2, "d", total=3)},
        {1: page(1, 2, "b", "c", total=3), 2: page(2, 2, "d", total=3)},
    )

    assert (_ids(answer), len(sent)) == (["b", "c", "d"], 4)


def test_listing_that_never_stops_changing_is_taken_as_it_is() -> None:
    answer, sent = _listed({1: page(1, 2, "a", total=2), 2: page(2, 3, "b", total=3), 3: page(3, 2, "c")})

    assert (_ids(answer), len(sent)) == (["a", "b", "c"], 9)


def test_page_count_that_is_too_low_is_corrected_by_the_total() -> None:
    first = [f"a{number}" for number in range(100)]
    answer, sent = _listed({1: page(1, 1, *first, total=101), 2: page(2, 1, "b", total=101)})

    assert (len(_ids(answer)), len(sent)) == (101, 2)


def test_page_count_that_is_too_high_costs_only_empty_pages() -> None:
    answer, sent = _listed({1: page(1, 3, "a"), 2: page(2, 3), 3: page(3, 3)})

    assert (_ids(answer), len(sent)) == (["a"], 3)


def test_listing_of_an_absent_owner_is_absent() -> None:
    async def told() -> Answer:
        async with scene() as at:
            at.host.on("GET", QUEUES, problem(404))
            return await at.client.read(listing(QUEUES))

    answer = asyncio.run(told())

    assert (answer.status, answer.found, answer.correlation_id) == (404, False, "corr-1")


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (Scripted(200, []), None, "page 1: it has no list of entities"),
        (Scripted(200, "7"), None, "page 1: it has no list of entities"),
        (Scripted(200, {"entities": None, "pageCount": 1}), None, "page 1: it has no list of entities"),
        (Scripted(200, {"entities": ["a"], "pageCount": 1}), None, "page 1: it has no list of entities"),
        (Scripted(200, {"entities": []}), None, "it says neither pageCount nor total"),
        (Scripted(200, {"entities": [], "pageCount": True}), None, "it says neither pageCount nor total"),
        (page(1, 100_000, "a"), None, "there are 100000 pages; at most 1000 are read"),
        (page(1, 2, "a"), page(1, 2, "a"), "page 2: page 1 came instead"),
        (page(1, 2, "a"), problem(404), "page 2: it has no list of entities"),
    ],
)
def test_answer_that_is_no_page_is_told(first: Scripted, second: Scripted | None, reason: str) -> None:
    with pytest.raises(RemoteUnavailable, match="GET /api/v2/routing/queues answered no usable") as raised:
        _listed({1: first, 2: second or first})

    assert reason in str(raised.value)


def test_server_that_knows_no_paging_is_told() -> None:
    pages = {number: page(number, 3, "a", "b") for number in range(1, 4)}
    with pytest.raises(RemoteUnavailable, match="repeats the one before"):
        _listed(pages)


def test_error_of_a_later_page_is_the_listing_s() -> None:
    with pytest.raises(ScopeMissing, match="routing:queue:read"):
        _listed({1: page(1, 3, "a"), 2: problem(403), 3: page(3, 3, "c")})


def test_attempts_are_the_most_that_a_page_needed() -> None:
    async def told() -> Answer:
        async with scene() as at:
            at.host.on("GET", QUEUES, problem(500), problem(500), page(1, 2, "a"), page(2, 2, "b"))
            return await at.client.read(listing(QUEUES))

    assert asyncio.run(told()).attempts == 3
