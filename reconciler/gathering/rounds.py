"""Rounds of reads: all that is named at once is read at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeAlias

from reconciler.errors import AuthFailed, RemoteError
from reconciler.model.events import ReadAnswered, ReadsPlanned
from reconciler.model.ports import Observer, OrgReader
from reconciler.model.remote import Answer, Facts, Read

Ask: TypeAlias = Callable[[Facts], Iterable[Read]]


async def gather(reader: OrgReader, ask: Ask, facts: Facts, observer: Observer) -> Facts:
    """The facts, grown until everything that `ask` names has an answer.

    Raises:
        RemoteError: a required read failed.
    """
    while reads := facts.missing(ask(facts)):
        observer.notify(ReadsPlanned(len(reads)))
        facts = facts.with_answers(dict(zip(reads, await _read_all(reader, reads, observer), strict=True)))
    return facts


async def _read_all(reader: OrgReader, reads: tuple[Read, ...], observer: Observer) -> list[Answer]:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_read(reader, read, observer)) for read in reads]
    except* RemoteError as failures:
        raise _first(failures) from failures
    return [task.result() for task in tasks]


async def _read(reader: OrgReader, read: Read, observer: Observer) -> Answer:
    try:
        answer = await reader.read(read)
    except AuthFailed:
        raise
    except RemoteError as error:
        if not read.optional:
            raise
        answer = Answer(error.http_status or 0, correlation_id=error.correlation_id, problem=error.message)
    observer.notify(ReadAnswered(read.path))
    return answer


def _first(failures: BaseExceptionGroup[RemoteError]) -> RemoteError:
    """One of several failures of a round: reading stops at the first."""
    found: BaseException = failures
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    if not isinstance(found, RemoteError):
        raise TypeError(found)
    return found
