"""Watching an org from the inside: what our runs send, what each request leaves, and deaths at a request."""

from __future__ import annotations

import os
import select
import signal
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.sandbox import SandboxOrg
from reconciler.sandbox.org import Delivery
from reconciler.sandbox.recorder import QUERY_PATH
from reconciler.sandbox.requests import Asked
from tests.properties.stories import Crash

Document = dict[str, Any]
Objects = Mapping[str, Mapping[str, Document]]

OURS = ("widgets", "channels", "schemas")
"""Collections whose objects our manifests make."""
_UNWATCHED = ("keys", "settlements")
_KEYS = ("idempotency-key", "x-genesys-idempotency-key")
_DEATH_S = 30.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of ours that asked for a change.

    Args:
        before: the object under the path, as it was; None where there was none.
        made, gone: ids of what the request made and took away.
    """

    method: str
    path: str
    body: Any
    key: str | None
    before: Document | None = None
    made: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.body}"


@dataclass(slots=True, repr=False)
class Watch:
    """Stands between an org and who asks it.

    Args:
        journal: the store of whoever is watched.
        problems: laws that were broken while a run was under way.
        tokens: every token that a request carried.
    """

    org: SandboxOrg
    journal: Path
    is_on: bool = False
    sent: list[Sent] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    crash: Crash | None = None
    victim: int | None = None

    def begin(self, crash: Crash | None = None) -> None:
        """Starts to take down what is sent."""
        self.sent.clear()
        self.crash, self.victim, self.is_on = crash, None, True

    def end(self) -> tuple[Sent, ...]:
        """Stops, and tells what was sent."""
        self.is_on = False
        return tuple(self.sent)

    def deliver(self, through: Callable[[Asked, bytes], Delivery], asked: Asked, raw: bytes) -> Delivery:
        """Lets a request through, and looks at the org before and after it."""
        self.tokens.add(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if not self.is_on or not _is_mutating(asked):
            return through(asked, raw)
        if self._dies("before"):
            return Delivery(None)
        with self.org.at_rest():
            delivery = self._look(through, asked, raw)
        return Delivery(None) if self._dies("after") else delivery

    def _look(self, through: Callable[[Asked, bytes], Delivery], asked: Asked, raw: bytes) -> Delivery:
        key = next((asked.headers[name] for name in _KEYS if name in asked.headers), None)
        if not self._is_journalled(asked, key):
            self.problems.append(f"{asked.method} {asked.path} left without an intent on disk")
        before, ids, dangling = _object_at(self.org, asked.path), _ids(self.org), set(_dangling(self.org))
        delivery = through(asked, raw)
        now = _ids(self.org)
        self.problems += [
            f"{asked.method} {asked.path} leaves a dangling reference: {each}"
            for each in set(_dangling(self.org)) - dangling
        ]
        self.sent.append(
            Sent(asked.method, asked.path, asked.payload.value, key, before, now - ids, ids - now)
        )
        return delivery

    def _is_journalled(self, asked: Asked, key: str | None) -> bool:
        """Invariant 5: the intent is on disk before its request leaves."""
        connection = sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True)
        try:
            where = (asked.method, asked.path)
            rows = connection.execute(
                "SELECT key FROM journal WHERE method = ? AND path = ?", where
            ).fetchall()
        finally:
            connection.close()
        return any(key in (None, found) for (found,) in rows)

    def _dies(self, when: str) -> bool:
        """Whether the applying process is dead now; it hears no answer any more."""
        if (
            self.crash is None
            or self.crash.when != when
            or len(self.sent) + (when == "before") != self.crash.at
        ):
            return False
        if self.victim is not None:
            kill(self.victim)
        return self.victim is not None


def watched(org: SandboxOrg, journal: Path) -> Watch:
    """A watch that every request to the org passes from now on."""
    watch, through = Watch(org, journal), SandboxOrg.deliver.__get__(org)
    org.deliver = lambda asked, raw: watch.deliver(through, asked, raw)  # type: ignore[method-assign]
    return watch


def kill(pid: int) -> None:
    """SIGKILL, and waits until the process has ended; its parent may be another one."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        os.kill(pid, signal.SIGKILL)
        ended, _, _ = select.select([descriptor], [], [], _DEATH_S)
        assert ended, f"process {pid} outlives SIGKILL"
    finally:
        os.close(descriptor)


def _is_mutating(asked: Asked) -> bool:
    return asked.method not in ("GET", "HEAD") and asked.path not in ("/oauth/token", QUERY_PATH)


def objects_of(org: SandboxOrg) -> Objects:
    """All objects of the org as they are; documents are never altered in place."""
    with org.at_rest():
        names = (name for name in org.names() if name not in _UNWATCHED)
        return {name: {each: entry.document for each, entry in _entries(org, name)} for name in names}


def _entries(org: SandboxOrg, name: str) -> Iterator[tuple[str, Any]]:
    collection = org.collection(name)
    return ((each, collection.peek(each)) for each in collection)


def _ids(org: SandboxOrg) -> frozenset[str]:
    return frozenset(each for name in OURS for each in org.collection(name))


def _object_at(org: SandboxOrg, path: str) -> Document | None:
    """What a path speaks of; of a schema's first path the one that the body names is not known here."""
    last = path.removesuffix("/refresh").rpartition("/")[2]
    for name in OURS:
        entry = org.collection(name).peek(last)
        if entry is not None:
            return entry.document
    return None


# -- references between schemas --------------------------------------------------------------------------


def _dangling(org: SandboxOrg) -> Iterator[str]:
    """References of schemas that are in force, or that are being drafted, to schemas that are not."""
    with org.at_rest():
        schemas = {each: entry.document for each, entry in _entries(org, "schemas")}
        versions = org.collection("schemaVersions")
        for name, newest in schemas.items():
            published = versions.peek(f"{name}/{newest.get('publishedVersion')}")
            for document in (newest, *((published.document,) if published else ())):
                if document["status"] != "DEPRECATED":
                    yield from (
                        f"{name} -> {target}"
                        for target in targets_of(document)
                        if not _is_there(target, schemas)
                    )


def targets_of(document: Document) -> set[str]:
    """The schemas that a version refers to."""
    found = {field.get("constraints", {}).get("referencedType") for field in document["fields"]}
    return found - {None, "user", "queue", "contact", "account", "conversation"}


def _is_there(name: str, schemas: Mapping[str, Document]) -> bool:
    return name in schemas and schemas[name]["status"] != "DEPRECATED"
