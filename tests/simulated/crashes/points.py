"""Where a run can die: on both sides of each commit of its store, and of each request to the org."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

NOT_WRITING = ("GET ", "POST /oauth/token", "POST /api/v2/analytics/conversations/details/query")


class Moment(StrEnum):
    """On which side of what."""

    COMMITTING = "before the commit"
    COMMITTED = "after the commit"
    RENEWING = "before the renewal of its lease"
    RENEWED = "after the renewal of its lease"
    UNDONE = "before the org carries out"
    UNANSWERED = "before the answer leaves to"
    ANSWERED = "after the answer to"

    @property
    def is_in_the_org(self) -> bool:
        """Whether it is the org that has come so far; the run learns that there is no answer."""
        return self in (Moment.UNDONE, Moment.UNANSWERED)


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a run.

    Args:
        number: of the commit, or of the request, from 1.
        what: the same for people.
    """

    moment: Moment
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.moment} {self.what}"


@dataclass(frozen=True, slots=True)
class Course:
    """What an undisturbed run passes: so many commits, and these requests.

    Leases are renewed by the clock, in a thread of their own, so no course tells of them.
    """

    commits: int
    requests: tuple[str, ...]

    def points(self) -> Iterator[Point]:
        """All of them."""
        for number in range(1, self.commits + 1):
            for moment in (Moment.COMMITTING, Moment.COMMITTED):
                yield Point(moment, number, f"number {number}")
        for number, request in enumerate(self.requests, 1):
            for moment in (Moment.UNDONE, Moment.UNANSWERED, Moment.ANSWERED):
                yield Point(moment, number, f"{request} (request {number})")

    def first_write(self) -> Point:
        """When the first request that changes the org has been carried out, and is not answered."""
        number, request = next(
            (number, request)
            for number, request in enumerate(self.requests, 1)
            if not request.startswith(NOT_WRITING)
        )
        return Point(Moment.UNANSWERED, number, request)
