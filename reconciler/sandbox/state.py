"""The org's state that every area works on, and the life of its objects: born, changed, checked, gone.

The members that the platform keeps itself and the version rules (platform-api.md, section 3) are here once
for all areas.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.collection import Collection, Definition, Entry
from reconciler.sandbox.documents import Document, JsonValue, as_integer
from reconciler.sandbox.options import SandboxOptions
from reconciler.sandbox.refusals import Refusal, conflict, missing
from reconciler.sandbox.requests import Asked
from reconciler.sandbox.settling import SETTLEMENTS, Settling
from reconciler.sandbox.storage import Storage

READ_ONLY = frozenset({"id", "selfUri", "version", "dateCreated", "dateModified", "createdBy", "modifiedBy"})
KEYS = "keys"
ORGANIZATION = "organization"
DEFINITIONS = (
    Definition(ORGANIZATION),
    Definition("dashboards", indexed=("name",)),
    Definition("widgets", indexed=("dashboardId",)),
    Definition("channels", indexed=("name",)),
    Definition("queues", indexed=("name",)),
    Definition("members", indexed=("queueId",), hidden=frozenset({"queueId"})),
    Definition("skills", indexed=("name",)),
    Definition("users", indexed=("email",)),
    Definition("schemas"),
    Definition("schemaVersions", indexed=("externalId",)),
    Definition("webhooks", indexed=("name",), hidden=frozenset({"secret"})),
    Definition("interactions", indexed=("externalId",)),
    Definition("conversations", indexed=("queueId", "configurationId")),
    Definition(SETTLEMENTS),
    Definition(KEYS),
)


@dataclass(slots=True)
class OrgState:
    """What the areas share.

    Attributes:
        options: What the org was asked to be.
        clock: The org's time.
        storage: Its objects.
        settling: What moves by itself.
        analytics_status: What the analytics engine says of itself.
        announce: Called with each event type and its body, for webhooks.
    """

    options: SandboxOptions
    clock: SandboxClock
    storage: Storage
    settling: Settling
    analytics_status: str = "healthy"
    announce: Callable[[str, Document], None] = field(default=lambda _event, _body: None)

    def collection(self, name: str) -> Collection:
        """Return a collection by name."""
        return self.storage.collection(name)

    def found(self, collection: str, object_id: str, what: str) -> Entry:
        """Return an object.

        Raises:
            Refusal: 404 that names it.
        """
        entry = self.collection(collection).peek(object_id)
        if entry is None:
            raise missing(f"{what} {object_id}")
        return entry

    def create(self, collection: str, body: Document, asked: Asked, *, object_id: str | None = None) -> Entry:
        """Keep a new object, with the members that the platform adds."""
        new_id = object_id or str(uuid4())
        document = self.born(body, asked, object_id=new_id)
        self.collection(collection).put(new_id, document)
        return self.found(collection, new_id, collection)

    def born(self, body: Document, asked: Asked, *, object_id: str) -> Document:
        """Return a new object's document."""
        now, client = self.clock.timestamp(), {"id": asked.client_id}
        return {
            "id": object_id,
            **body,
            "version": 1,
            "dateCreated": now,
            "dateModified": now,
            "createdBy": {**client},
            "modifiedBy": {**client},
            "selfUri": f"{asked.path.rstrip('/')}/{object_id}",
        }

    def replace(self, collection: str, old: Document, new: Mapping[str, JsonValue], asked: Asked) -> Entry:
        """Keep an object's new content: its own members stay, its version is raised by one."""
        kept = {name: old[name] for name in READ_ONLY if name in old}
        document: Document = {
            "id": old["id"],
            **{name: value for name, value in new.items() if name not in READ_ONLY},
            **kept,
            "version": as_integer(old.get("version")) + 1,
            "dateModified": self.clock.timestamp(),
            "modifiedBy": {"id": asked.client_id},
        }
        object_id = str(old["id"])
        self.collection(collection).put(object_id, document)
        return self.found(collection, object_id, collection)

    def require_unique(self, collection: str, name: str, *, own_id: str | None = None) -> None:
        """Refuse a name that another object of the collection has.

        Raises:
            Refusal: 409 `duplicate`.
        """
        taken = [
            entry
            for entry in self.collection(collection).where("name", name)
            if entry.document["id"] != own_id
        ]
        if taken:
            raise conflict("duplicate", f"the name {name!r} is taken by {taken[0].document['id']}", "/name")


def writable(body: Document, read_only: Iterable[str] = ()) -> Document:
    """Return a PUT body without its read-only members, which the platform ignores."""
    ignored = READ_ONLY.union(read_only)
    return {name: value for name, value in body.items() if name not in ignored}


def require_lock(asked: Asked, document: Document) -> None:
    """Refuse a change of an object that moved since the client read it.

    Raises:
        Refusal: 412 where `If-Match` does not name the object's version.
    """
    told = asked.headers.get("if-match")
    if told is None or told.strip() == "*":
        return
    wanted = told.strip().removeprefix("W/").strip('"')
    if wanted != str(document.get("version")):
        message = f"If-Match says version {wanted}, the object has version {document.get('version')}"
        raise Refusal(412, "precondition.failed", message)


def require_body_version(body: Document, document: Document) -> None:
    """Refuse a PUT whose body names another version than the object has.

    Raises:
        Refusal: 409 `version.mismatch`.
    """
    if "version" in body and body["version"] != document.get("version"):
        message = f"the body says version {body['version']}, the object has version {document.get('version')}"
        raise conflict("version.mismatch", message, "/version")
