"""Settling: members that move by themselves some time after a change, such as a channel's status.

What is due is kept among the org's objects, so that it still happens after a restart. Settling is lazy: it
runs before each request and each look at the org, which nobody can tell from a timer.
"""

from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.documents import Document, as_number, as_object, as_text
from reconciler.sandbox.storage import Storage

SETTLEMENTS = "settlements"


class Settling:
    """The moves that are still to come."""

    def __init__(self, storage: Storage, clock: SandboxClock) -> None:
        """Take up what the storage holds."""
        self._storage = storage
        self._clock = clock
        self._due = storage.collection(SETTLEMENTS)

    def schedule(self, collection: str, object_id: str, changes: Document, *, after_s: float) -> None:
        """Let members of an object change after a while, in place of what was scheduled for it before."""
        move: Document = {
            "collection": collection,
            "object": object_id,
            "changes": changes,
            "at": self._clock.now() + after_s,
        }
        self._due.put(f"{collection}/{object_id}", move)

    def cancel(self, collection: str, object_id: str) -> None:
        """Forget what was scheduled for an object."""
        self._due.remove(f"{collection}/{object_id}")

    def run(self) -> None:
        """Carry out all moves that are due."""
        if not len(self._due):
            return
        for key in self._due:
            entry = self._due.peek(key)
            if entry is not None and self._clock.has_come(as_number(entry.document["at"])):
                self._due.remove(key)
                self._move(entry.document)

    def _move(self, move: Document) -> None:
        collection = self._storage.collection(as_text(move["collection"]))
        object_id = as_text(move["object"])
        if object_id in collection:
            collection.alter(object_id, as_object(move["changes"]))
