"""What goes wrong: the faults of platform-api.md, section 3, and how a client is to get over each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.sandbox import Fault
from tests.simulated.faults.sites import Site

MEMBERS = "/api/v2/routing/queues/*/members"
PAST = "Thu, 01 Jan 2026 00:00:00 GMT"
SOON = 2
TOO_LONG = 900
FAR = "Fri, 01 Jan 2100 00:00:00 GMT"
GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
TOKEN_PATH = "/oauth/token"


class Course(StrEnum):
    """How a trouble goes on."""

    PASSES = "passes"
    """The client gets over it by itself."""
    REFUSES = "refuses"
    """An answer that no repeat changes; the next request is answered as ever."""
    LASTS = "lasts"
    """No patience outlasts it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing to go wrong.

    Args:
        family: of troubles that differ only in how often, how late and with which `Retry-After`.
        faults: those without a path of their own strike at the site.
        expires_tokens: every token runs out as the site is reached.
    """

    family: str
    variant: str
    course: Course
    faults: tuple[Fault, ...] = ()
    expires_tokens: bool = False

    @property
    def name(self) -> str:
        """For a test's id."""
        return f"{self.family}-{self.variant}" if self.variant else self.family

    @property
    def status(self) -> int | None:
        """What is answered."""
        return self.faults[0].status if self.faults else None

    @property
    def has_no_token(self) -> bool:
        """Whether the client is left without a token."""
        return self.course is Course.LASTS and any(fault.path == TOKEN_PATH for fault in self.faults)

    @property
    def is_slow(self) -> bool:
        """Whether nothing is answered in time, so that the client had better not be patient."""
        return any(fault.silent for fault in self.faults)

    @property
    def replaces_text(self) -> bool:
        """Whether what was carried out is answered with another text."""
        return any(fault.body is not None and fault.status is None for fault in self.faults)

    def at(self, site: Site) -> tuple[Fault, ...]:
        """The faults for one site."""
        path = MEMBERS if self.family == "pages" and site.kind == "WeightMatrix" else site.path
        return tuple(
            replace(fault, method=site.method, path=path) if fault.path == "*" else fault
            for fault in self.faults
        )


def troubles() -> tuple[Trouble, ...]:
    """All of them, each with a name of its own."""
    return (
        *(*_refusals(), *_tokens(), *_throttling(), *_servers()),
        *(*_connections(), *_nonsense(), *_pages(), *_settling()),
    )


def _once_and_always(name: str, fault: Fault, variant: str = "") -> Iterator[Trouble]:
    yield Trouble(name, f"{variant}once", Course.PASSES, (fault,))
    yield Trouble(name, f"{variant}always", Course.LASTS, (replace(fault, times=None),))


def _refusals() -> Iterator[Trouble]:
    for status in (400, 403, 404, 409, 412, 413):
        yield Trouble(str(status), "", Course.REFUSES, (Fault(status=status),))
        yield Trouble(str(status), "seconds", Course.REFUSES, (Fault(status=status, retry_after=SOON),))
    yield Trouble("409", "duplicate", Course.REFUSES, (Fault(status=409, code="duplicate"),))
    yield Trouble("409", "version", Course.REFUSES, (Fault(status=409, code="version.mismatch"),))


def _tokens() -> Iterator[Trouble]:
    yield from _once_and_always("401", Fault(status=401))
    yield Trouble("401", "seconds", Course.PASSES, (Fault(status=401, retry_after=SOON),))
    yield Trouble("401", "revoked", Course.PASSES, (Fault(revoke_token=True),))
    yield Trouble("401", "expired", Course.PASSES, expires_tokens=True)
    for name, failing in (
        ("400", Fault(status=400, path=TOKEN_PATH, times=None)),
        ("401", Fault(status=401, path=TOKEN_PATH, times=None)),
        ("503", Fault(status=503, path=TOKEN_PATH, times=None)),
        ("html", Fault(body=GATEWAY_PAGE, path=TOKEN_PATH, times=None)),
        ("reset", Fault(drop="before", path=TOKEN_PATH, times=None)),
    ):
        yield Trouble("token", name, Course.LASTS, (Fault(revoke_token=True), failing))


def _throttling() -> Iterator[Trouble]:
    yield from _once_and_always("429", Fault(status=429))
    yield from _once_and_always("429", Fault(status=429, retry_after=SOON), "seconds-")
    yield Trouble("429", "date", Course.PASSES, (Fault(status=429, retry_after=PAST),))
    yield Trouble("429", "too-long", Course.LASTS, (Fault(status=429, retry_after=TOO_LONG, times=None),))
    yield Trouble("429", "date-too-far", Course.LASTS, (Fault(status=429, retry_after=FAR, times=None),))


def _servers() -> Iterator[Trouble]:
    for status in (408, 500, 502, 503, 504):
        yield from _once_and_always(str(status), Fault(status=status))
        yield Trouble(str(status), "seconds", Course.PASSES, (Fault(status=status, retry_after=SOON),))
    yield Trouble("503", "date", Course.PASSES, (Fault(status=503, retry_after=PAST),))
    yield Trouble("503", "too-long", Course.LASTS, (Fault(status=503, retry_after=TOO_LONG, times=None),))
    yield from _once_and_always("late504", Fault(status=504, late=True))


def _connections() -> Iterator[Trouble]:
    yield from _once_and_always("reset-before", Fault(drop="before"))
    yield from _once_and_always("reset-after", Fault(drop="after"))
    yield from _once_and_always("cut", Fault(truncate=True))
    yield from _once_and_always("slow", Fault(drop="before", silent=True), "before-")
    yield from _once_and_always("slow", Fault(drop="after", silent=True), "after-")


def _nonsense() -> Iterator[Trouble]:
    yield from _once_and_always("not-json", Fault(body='{"entities": [nonsense'))
    yield from _once_and_always("page", Fault(body=GATEWAY_PAGE), "200-")
    yield from _once_and_always("page", Fault(status=502, body=GATEWAY_PAGE), "502-")


def _pages() -> Iterator[Trouble]:
    """Listings whose every page is the same one."""
    page = {"entities": [{"id": "a"}], "pageCount": 3, "total": 3}
    for variant, members in (("first", {"pageNumber": 1}), ("unnumbered", {})):
        fault = Fault(body=json.dumps({**page, **members}), times=None)
        yield Trouble("pages", variant, Course.LASTS, (fault,))


def _settling() -> Iterator[Trouble]:
    yield Trouble("activation", "fails", Course.LASTS, (Fault(activation="fail"),))
    yield Trouble("activation", "hangs", Course.LASTS, (Fault(activation="hang"),))
    yield Trouble("render", "fails", Course.PASSES, (Fault(render="fail"),))
    yield Trouble("render", "hangs", Course.PASSES, (Fault(render="hang"),))
