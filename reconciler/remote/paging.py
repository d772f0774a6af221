"""Listings: all pages of one, in order (platform-api.md, section 3).

The first page says how many there are; the others are asked for at once. A listing that changes while it is
read is read again: an object that moved across a page's edge would be missing, and what is missing is planned
as absent.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.remote import Answer, Read
from reconciler.model.values import JsonObject, JsonValue, canonical_json
from reconciler.remote.calls import Call, reading
from reconciler.remote.failures import not_a_page

MAX_PAGES = 1000
"""A listing of more than 100,000 objects is a server that counts wrong."""

MAX_ROUNDS = 3
"""Readings of a listing that changes meanwhile; after the last one it is taken as it is."""

Ask = Callable[[Call], Coroutine[None, None, Answer]]


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


async def read_listing(ask: Ask, read: Read, *, page_size: int) -> Answer:
    """Reads all pages.

    Returns:
        One answer whose body is the list of all entities, each once; 404 when the listing's owner is absent.
        Its attempts are the most that one page needed.

    Raises:
        RemoteError: a page has no answer, or is no page.
    """
    listing = _Listing(ask, read, page_size)
    pages = await listing.read_all()
    for _ in range(MAX_ROUNDS - 1):
        if len({page.shape for page in pages}) <= 1:
            break
        pages = await listing.read_all()
    first = listing.answers[0]
    summary = replace(first, body=_distinct(pages)) if pages else first
    return replace(summary, attempts=max(answer.attempts for answer in listing.answers))


class _Listing:
    """A listing while it is read; `answers` are all that came so far."""

    def __init__(self, ask: Ask, read: Read, page_size: int) -> None:
        self.answers: list[Answer] = []
        self._ask = ask
        self._read = read
        self._page_size = page_size

    async def read_all(self) -> list[_Page]:
        """Each page once, following a listing that turns out longer than its first page said; none on 404."""
        pages: list[_Page] = []
        wanted = 1
        while len(pages) < wanted:
            wave = await self._read_pages(range(len(pages) + 1, wanted + 1))
            if not wave:
                return []
            pages += wave
            wanted = max(page.pages for page in pages)
        return pages

    async def _read_pages(self, numbers: range) -> list[_Page]:
        calls = [reading(self._read, _place(number, self._page_size)) for number in numbers]
        answers = await _all_at_once(self._ask, calls)
        self.answers += answers
        if numbers.start == 1 and not answers[0].found:
            return []
        told = zip(numbers, calls, answers, strict=True)
        pages = [_page_in(call, answer, number, self._page_size) for number, call, answer in told]
        for number, (earlier, later) in enumerate(itertools.pairwise(pages), numbers.start + 1):
            if later.entities and later.entities == earlier.entities:
                raise not_a_page(calls[0], f"page {number} repeats the one before", correlation_id=None)
        return pages


async def _all_at_once(ask: Ask, calls: Sequence[Call]) -> tuple[Answer, ...]:
    """All answers, in the order of the calls; the first error ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask(call)) for call in calls]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return tuple(task.result() for task in tasks)


def _place(number: int, page_size: int) -> Mapping[str, str]:
    return {"pageSize": str(page_size), "pageNumber": str(number)}


def _page_in(call: Call, answer: Answer, number: int, page_size: int) -> _Page:
    try:
        return _parsed(answer.body if isinstance(answer.body, dict) else {}, number, page_size)
    except _NoPageError as problem:
        raise not_a_page(call, f"page {number}: {problem}", correlation_id=answer.correlation_id) from None


class _NoPageError(Exception):
    """What is wrong with a page."""


def _parsed(body: JsonObject, number: int, page_size: int) -> _Page:
    listed = body.get("entities")
    entities = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    if not isinstance(listed, list) or len(entities) < len(listed):
        raise _NoPageError("it has no list of entities")
    if (told := _count(body.get("pageNumber"))) not in {None, number}:
        raise _NoPageError(f"page {told} came instead")
    stated, total = _count(body.get("pageCount")), _count(body.get("total"))
    if stated is None and total is None:
        raise _NoPageError("it says neither pageCount nor total")
    full = max(len(entities), _count(body.get("pageSize")) or page_size)
    pages = max(stated or 0, -(-(total or 0) // full), 1)
    if pages > MAX_PAGES:
        raise _NoPageError(f"it says that there are {pages} pages; at most {MAX_PAGES} are read")
    return _Page(tuple(entities), pages, total)


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
