"""`audit`: the trail of an org, read and checked; reading leaves nothing behind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.commands.addresses import read_address
from reconciler.commands.project import Project
from reconciler.commands.stores import existing_store
from reconciler.errors import UsageError
from reconciler.model.audit import Phase
from reconciler.model.values import JsonValue
from reconciler.store import AuditQuery, AuditVerification, OpenMode

_BEGINNING = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d(\.\d+)?)?)?)?)?)?Z?")
"""A UTC time, or the beginning of one, as records are written."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which records, as a person asks for them.

    Args:
        since: a time with its zone, or the beginning of a UTC time (`2026-01-31`): the records from then on.
        until: the same: the records before it.
        last: at most so many, from the end.
    """

    run: str | None = None
    address: str | None = None
    phase: Phase | None = None
    outcome: str | None = None
    since: str | None = None
    until: str | None = None
    last: int | None = None


def read_audit(project: Project, wanted: AuditFilter) -> Iterator[Mapping[str, JsonValue]]:
    """The records that match, oldest first, read as they are taken.

    Raises:
        UsageError: a filter has no such form.
        StateError: `state.missing`, or it cannot be read.
    """
    query = _query(wanted)
    with existing_store(project, OpenMode.READ) as store:
        yield from store.read_audit(query)


def verify_audit(project: Project) -> AuditVerification:
    """Checks the hash chain from its first record to its end.

    Raises:
        StateError: `state.missing`, or it cannot be read.
    """
    with existing_store(project, OpenMode.READ) as store:
        return store.verify_audit()


def _query(wanted: AuditFilter) -> AuditQuery:
    return AuditQuery(
        run_id=wanted.run,
        address=read_address(wanted.address) if wanted.address is not None else None,
        phase=wanted.phase,
        outcome=wanted.outcome,
        since=_moment("--since", wanted.since),
        until=_moment("--until", wanted.until),
        last=wanted.last,
    )


def _moment(option: str, text: str | None) -> str | None:
    """The time as records have it, without the `Z`: so that it is a beginning of every finer one."""
    if text is None:
        return None
    if _BEGINNING.fullmatch(text):
        return text.rstrip("Z").replace(" ", "T")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(
            f"{option} {text}: no time that can be read",
            hint="write 2026-01-31, 2026-01-31T10:30 (UTC) or 2026-01-31T10:30:00+01:00",
        )
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()
