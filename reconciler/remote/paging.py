"""Listings: all pages of one, in order (platform-api.md, section 3).

The first page says how many there are; the others are asked for at once. A listing that changes while it is
read is read again: an object that moved across a page's edge would be missing, and what is missing is planned
as absent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.remote import Answer, Read
from reconciler.model.values import JsonObject, JsonValue, canonical_json
from reconciler.remote.calls import Call, reading
from reconciler.remote.failures import not_a_page

MAX_PAGES = 1000
"""A listing of more than 100,000 objects is a server that counts wrong."""

MAX_ROUNDS = 3
"""Readings of a listing that changes meanwhile; after the last one it is taken as it is."""

Ask = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class _Page:
    """One page; `pages` and `total` are what it says of the whole listing (`total` None: it does not say)."""

    entities: tuple[JsonObject, ...]
    pages: int
    total: int | None

    @property
    def shape(self) -> tuple[int, int | None]:
        """What two pages of one unchanged listing agree on."""
        return (self.pages, self.total)


@dataclass(frozen=True, slots=True)
class _Round:
    """One reading of a whole listing; `gone` is the 404 that one of its pages got."""

    answers: tuple[Answer, ...]
    pages: tuple[_Page, ...]
    gone: Answer | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing changed while it was read."""
        return self.gone is not None or len({page.shape for page in self.pages}) == 1


async def read_listing(ask: Ask, read: Read, *, page_size: int) -> Answer:
    """Reads all pages.

    Returns:
        One answer whose body is the list of all entities, each once; 404 when the listing's owner is absent.
        Its attempts are the most that one page needed.

    Raises:
        RemoteError: a page has no answer, or is no page.
    """
    rounds = [await _read_round(ask, read, page_size)]
    while not rounds[-1].is_settled and len(rounds) < MAX_ROUNDS:
        rounds.append(await _read_round(ask, read, page_size))
    last = rounds[-1]
    answers = [answer for each in rounds for answer in each.answers]
    summary = last.gone or replace(last.answers[0], body=_distinct(last.pages))
    return replace(summary, attempts=max(answer.attempts for answer in answers))


async def _read_round(ask: Ask, read: Read, page_size: int) -> _Round:
    """Reads each page once, following a listing that turns out longer than its first page said."""
    answers: list[Answer] = []
    pages: list[_Page] = []
    wanted = 1
    while len(answers) < wanted:
        numbers = range(len(answers) + 1, wanted + 1)
        calls = [reading(read, _place(number, page_size)) for number in numbers]
        for number, call, answer in zip(numbers, calls, await _all_at_once(ask, calls), strict=True):
            answers.append(answer)
            if not answer.found:
                return _Round(tuple(answers), (), gone=answer)
            pages.append(_page_in(call, answer, number, page_size))
        wanted = max(page.pages for page in pages)
        _refuse_repeats(calls[-1], answers, pages)
    return _Round(tuple(answers), tuple(pages))


async def _all_at_once(ask: Ask, calls: Sequence[Call]) -> tuple[Answer, ...]:
    """All answers, in the order of the calls; the first error ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_coroutine(ask, call)) for call in calls]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return tuple(task.result() for task in tasks)


def _coroutine(ask: Ask, call: Call) -> Coroutine[None, None, Answer]:
    async def asked() -> Answer:
        return await ask(call)

    return asked()


def _place(number: int, page_size: int) -> Mapping[str, str]:
    return {"pageSize": str(page_size), "pageNumber": str(number)}


def _page_in(call: Call, answer: Answer, number: int, page_size: int) -> _Page:
    problem, body = "the answer is no object", answer.body
    if isinstance(body, dict):
        problem = _problem_of(body, number)
    if problem or not isinstance(body, dict):
        raise not_a_page(call, f"page {number}: {problem}", correlation_id=answer.correlation_id)
    listed = body["entities"]
    entities = (
        tuple(entity for entity in listed if isinstance(entity, dict)) if isinstance(listed, list) else ()
    )
    total = _count(body.get("total"))
    stated = _count(body.get("pageCount"))
    full = max(len(entities), _count(body.get("pageSize")) or page_size)
    by_total = -(-total // full) if total is not None else 0
    return _Page(entities, max(stated or 0, by_total, 1), total)


def _problem_of(body: JsonObject, number: int) -> str:
    """What is wrong with a page; empty when nothing is."""
    listed = body.get("entities")
    if not isinstance(listed, list) or not all(isinstance(entity, dict) for entity in listed):
        return "it has no list of entities"
    counts = [_count(body.get(name)) for name in ("pageCount", "total")]
    if counts == [None, None]:
        return "it says neither pageCount nor total"
    if max(count or 0 for count in counts[:1]) > MAX_PAGES or (counts[1] or 0) > MAX_PAGES * 100:
        return f"it says {counts[0]} pages of {counts[1]} in all; at most {MAX_PAGES} pages are read"
    told = _count(body.get("pageNumber"))
    return f"page {told} came instead" if told not in {None, number} else ""


def _refuse_repeats(call: Call, answers: Sequence[Answer], pages: Sequence[_Page]) -> None:
    """A server that knows no paging answers the same page for ever: nobody knows what is missing."""
    for number in range(1, len(pages)):
        if pages[number].entities and pages[number].entities == pages[number - 1].entities:
            raise not_a_page(
                call,
                f"page {number + 1} repeats page {number}",
                correlation_id=answers[number].correlation_id,
            )


def _distinct(pages: Sequence[_Page]) -> list[JsonValue]:
    """All entities in order, each once: pages that shift show one twice."""
    found: dict[str, JsonValue] = {}
    for page in pages:
        for entity in page.entities:
            found.setdefault(_identity(entity), entity)
    return list(found.values())


def _identity(entity: JsonObject) -> str:
    remote_id = entity.get("id")
    return remote_id if isinstance(remote_id, str) else canonical_json(entity)


def _count(value: JsonValue) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
