"""A collection: the objects of one sort, by id, with indexes, cached JSON text and listings that can lag.

It must not know SQLite, which is behind `Ledger`, nor what its documents mean.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from reconciler.sandbox.documents import Document, JsonValue, copied, encode, merged


class Ledger(Protocol):
    """Where a collection's changes go."""

    listing_lag_s: float

    def now(self) -> float:
        """Return the org's time."""

    def transaction(self) -> AbstractContextManager[None]:
        """Keep other threads out, and commit at the end of the outermost one."""

    def note(self, collection: str, object_id: str, document: Document | None) -> None:
        """Take a change down; None is a removal."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a collection is like.

    Attributes:
        name: Its name.
        indexed: The top-level members by whose value objects are looked up.
        hidden: The top-level members that no answer shows.
    """

    name: str
    indexed: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()


class Entry:
    """One object: its document, which nobody may alter in place, and its JSON text for answers."""

    __slots__ = ("_encoded", "_hidden", "document")

    def __init__(self, document: Document, hidden: frozenset[str]) -> None:
        """Keep the document; the text is made when an answer first needs it."""
        self.document = document
        self._hidden = hidden
        self._encoded: bytes | None = None

    def shown(self) -> Document:
        """Return the document without its hidden members."""
        if not self._hidden:
            return self.document
        return {name: value for name, value in self.document.items() if name not in self._hidden}

    def encoded(self) -> bytes:
        """Return the JSON text for answers."""
        if self._encoded is None:
            self._encoded = encode(self.shown())
        return self._encoded


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What listings still show of an object that was just changed; None is nothing."""

    entry: Entry | None
    changed_at: float


class Collection:
    """The objects of one sort.

    `get`, `all`, `find`, `add`, `put`, `alter` and `remove` are for tests and admins: they copy what they
    give out. `peek`, `where` and `listing` are for the org itself: they do not.
    """

    def __init__(self, definition: Definition, ledger: Ledger) -> None:
        """Start empty."""
        self._definition = definition
        self._ledger = ledger
        self._entries: dict[str, Entry] = {}
        self._indexes: dict[str, dict[JsonValue, dict[str, None]]] = {}
        self._order: list[Entry] | None = None
        self._earlier: dict[str, _Earlier] = {}
        self.load({})

    def __len__(self) -> int:
        """Return how many objects there are."""
        return len(self._entries)

    def __contains__(self, object_id: object) -> bool:
        """Tell whether there is an object of this id."""
        return object_id in self._entries

    def __iter__(self) -> Iterator[str]:
        """Go over the ids in the order of creation."""
        return iter(tuple(self._entries))

    def get(self, object_id: str) -> Document | None:
        """Return a copy of an object, hidden members included, or None."""
        entry = self._entries.get(object_id)
        return None if entry is None else copied(entry.document)

    def all(self) -> tuple[Document, ...]:
        """Return copies of all objects in the order of creation."""
        with self._ledger.transaction():
            return tuple(copied(entry.document) for entry in self._entries.values())

    def find(self, **members: JsonValue) -> Document:
        """Return a copy of the one object with these members.

        Raises:
            LookupError: There is none, or there are several.
        """
        found = [
            each for each in self.all() if all(each.get(name) == value for name, value in members.items())
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} objects in {self._definition.name} have {members}")
        return found[0]

    def add(self, *documents: Document) -> None:
        """Put whole objects in under their member `id`, all in one transaction."""
        self.add_all(documents)

    def add_all(self, documents: Iterable[Document]) -> None:
        """Put many objects in under their member `id`, all in one transaction."""
        with self._ledger.transaction():
            for document in documents:
                self.put(str(document["id"]), document)

    def put(self, object_id: str, document: Document) -> None:
        """Set an object whole."""
        with self._ledger.transaction():
            self._remember_earlier(object_id)
            self._unindex(object_id, keeping=document)
            self._entries[object_id] = Entry(document, self._definition.hidden)
            self._index(object_id, document)
            self._order = None
            self._ledger.note(self._definition.name, object_id, document)

    def alter(self, object_id: str, patch: Mapping[str, JsonValue]) -> Document:
        """Lay a merge patch over an object as it is; nothing else moves, its version neither.

        Raises:
            KeyError: There is no such object.
        """
        with self._ledger.transaction():
            document = merged(self._entries[object_id].document, patch)
            self.put(object_id, document)
            return copied(document)

    def remove(self, object_id: str) -> None:
        """Take an object out; without effect where there is none."""
        with self._ledger.transaction():
            if object_id not in self._entries:
                return
            self._remember_earlier(object_id)
            self._unindex(object_id, keeping={})
            del self._entries[object_id]
            self._order = None
            self._ledger.note(self._definition.name, object_id, None)

    def clear(self) -> None:
        """Take all objects out."""
        with self._ledger.transaction():
            for object_id in tuple(self._entries):
                self.remove(object_id)

    def peek(self, object_id: str) -> Entry | None:
        """Return an object without copying it."""
        return self._entries.get(object_id)

    def oldest(self) -> tuple[str, Entry] | None:
        """Return the object that was put in first, with its id, or None where there is none."""
        return next(iter(self._entries.items()), None)

    def where(self, member: str, value: JsonValue) -> Sequence[Entry]:
        """Return the objects whose indexed member has this value, without copying them."""
        return [self._entries[object_id] for object_id in self._indexes[member].get(value, {})]

    def entries(self) -> Sequence[Entry]:
        """Return all objects without copying them."""
        if self._order is None:
            self._order = list(self._entries.values())
        return self._order

    def listing(self, filters: Mapping[str, JsonValue]) -> Sequence[Entry]:
        """Return what a listing shows now: the objects with these members, as they were before the lag.

        Args:
            filters: Indexed members and the values they must have.
        """
        if self._ledger.listing_lag_s > 0:
            return _filtered(self._lagging(), filters)
        if not filters:
            return self.entries()
        (member, value), *others = filters.items()
        return _filtered(self.where(member, value), dict(others))

    def load(self, documents: Mapping[str, Document]) -> None:
        """Take the objects of a file in place of all there are."""
        self._entries = {key: Entry(document, self._definition.hidden) for key, document in documents.items()}
        self._indexes = {member: {} for member in self._definition.indexed}
        self._order = None
        for object_id, document in documents.items():
            self._index(object_id, document)

    def _index(self, object_id: str, document: Document) -> None:
        for member, index in self._indexes.items():
            value = document.get(member)
            if isinstance(value, str):
                index.setdefault(value, {})[object_id] = None

    def _unindex(self, object_id: str, *, keeping: Document) -> None:
        """Take an object out of the indexes, save where its value and so its place stay."""
        entry = self._entries.get(object_id)
        if entry is None:
            return
        for member, index in self._indexes.items():
            value = entry.document.get(member)
            if isinstance(value, str) and value != keeping.get(member):
                index[value].pop(object_id, None)

    def _remember_earlier(self, object_id: str) -> None:
        lag_s, now = self._ledger.listing_lag_s, self._ledger.now()
        if lag_s <= 0:
            return
        known = self._earlier.get(object_id)
        if known is None or known.changed_at + lag_s <= now:
            self._earlier[object_id] = _Earlier(self._entries.get(object_id), now)

    def _lagging(self) -> Sequence[Entry]:
        since = self._ledger.now() - self._ledger.listing_lag_s
        self._earlier = {key: each for key, each in self._earlier.items() if each.changed_at > since}
        shown: dict[str, Entry | None] = {**self._entries}
        shown.update({key: each.entry for key, each in self._earlier.items()})
        return [entry for entry in shown.values() if entry is not None]


def _filtered(entries: Sequence[Entry], filters: Mapping[str, JsonValue]) -> Sequence[Entry]:
    if not filters:
        return entries
    return [
        entry
        for entry in entries
        if all(entry.document.get(name) == value for name, value in filters.items())
    ]
