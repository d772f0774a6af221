"""Custom object schemas: immutable versions, their publishing and the references between them.

The collection `schemas` holds the newest version of each schema under its externalId, whole and with
`publishedVersion`; `schemaVersions` holds the versions that newer ones have superseded. The rules are those
of platform-api.md, section 8.
"""

from collections.abc import Callable, Iterator, Sequence

from reconciler.sandbox.calls import CREATE_KEY, Call
from reconciler.sandbox.documents import Document, JsonValue, as_integer, as_text
from reconciler.sandbox.refusals import FieldError, conflict, invalid, missing
from reconciler.sandbox.requests import OBJECT_LIMIT, Answer, Asked, answered, paged, shown
from reconciler.sandbox.schema_rules import (
    STATUSES,
    body_errors,
    compatibility_errors,
    cycle_through,
    references_of,
)
from reconciler.sandbox.shapes import integer, one_of, record, require
from reconciler.sandbox.state import OrgState

_READ = "customobjects:schema:read"
_WRITE = "customobjects:schema:write"
_SCHEMAS = "/api/v2/customobjects/schemas"
_SCHEMA = f"{_SCHEMAS}/{{externalId}}"
_MOVE = record({"version": integer(least=1), "status": one_of(*STATUSES)})
_NEXT = {"DRAFT": "PUBLISHED", "PUBLISHED": "DEPRECATED"}


def list_schemas(state: OrgState, asked: Asked) -> Answer:
    """Answer the newest version of each schema, whole."""
    return paged(state.collection("schemas").listing({}), asked.query)


def create_version(state: OrgState, asked: Asked) -> Answer:
    """Create version 1 of a new schema, or exactly the next version of an existing one."""
    body = asked.document(OBJECT_LIMIT)
    errors = tuple(body_errors(body))
    if errors:
        raise invalid(errors)
    external_id = as_text(body["externalId"])
    newest = state.collection("schemas").peek(external_id)
    _require_next(body, None if newest is None else newest.document)
    published = _published(state, external_id)
    if published is not None:
        _require_compatible(body, published)
    if newest is not None:
        _archive(state, newest.document)
    document = state.born(body, asked, object_id=external_id)
    document["version"] = as_integer(body["version"])
    document["publishedVersion"] = None if published is None else published["version"]
    state.collection("schemas").put(external_id, document)
    return shown(state.found("schemas", external_id, "schema"), 201)


def show_schema(state: OrgState, asked: Asked) -> Answer:
    """Answer the newest version of a schema."""
    return shown(state.found("schemas", asked.params["externalId"], "schema"))


def show_version(state: OrgState, asked: Asked) -> Answer:
    """Answer one version of a schema."""
    external_id, told = asked.params["externalId"], asked.params["version"]
    state.found("schemas", external_id, "schema")
    document = _version(state, external_id, int(told)) if told.isascii() and told.isdigit() else None
    if document is None:
        raise missing(f"version {told} of schema {external_id}")
    return answered(200, document)


def move_status(state: OrgState, asked: Asked) -> Answer:
    """Publish or deprecate a version; the status that it has already is fine."""
    external_id = asked.params["externalId"]
    state.found("schemas", external_id, "schema")
    body = asked.document()
    require(_MOVE, body)
    version = _version(state, external_id, as_integer(body["version"]))
    if version is None:
        message = f"schema {external_id} has no version {body['version']}"
        raise conflict("version.mismatch", message, "/version")
    if body["status"] == version["status"]:
        return answered(200, version)
    _require_move(version, as_text(body["status"]))
    if body["status"] == "PUBLISHED":
        _require_publishable(state, version)
    else:
        _require_unreferenced(state, version)
    return _moved(state, version, as_text(body["status"]), asked)


def delete_schema(state: OrgState, asked: Asked) -> Answer:
    """Delete a schema that was never published."""
    external_id = asked.params["externalId"]
    newest = state.found("schemas", external_id, "schema").document
    if newest.get("publishedVersion") is not None:
        message = f"schema {external_id} was published: deprecate it"
        raise conflict("schema.published", message)
    _require_unreferenced(state, newest)
    for entry in state.collection("schemaVersions").where("externalId", external_id):
        state.collection("schemaVersions").remove(_version_id(entry.document))
    state.collection("schemas").remove(external_id)
    return Answer(204)


CALLS = (
    Call("GET", _SCHEMAS, _READ, list_schemas),
    Call("POST", _SCHEMAS, _WRITE, create_version, CREATE_KEY),
    Call("GET", _SCHEMA, _READ, show_schema),
    Call("GET", f"{_SCHEMA}/versions/{{version}}", _READ, show_version),
    Call("PATCH", _SCHEMA, _WRITE, move_status),
    Call("DELETE", _SCHEMA, _WRITE, delete_schema),
)


def _require_next(body: Document, newest: Document | None) -> None:
    version = as_integer(body["version"])
    expected = 1 if newest is None else as_integer(newest["version"]) + 1
    if version == expected:
        return
    if version == 1:
        raise conflict("duplicate", f"there is a schema {body['externalId']} already", "/externalId")
    raise conflict("version.mismatch", f"the next version is {expected}, not {version}", "/version")


def _require_move(version: Document, status: str) -> None:
    if _NEXT.get(as_text(version["status"])) != status:
        message = f"version {version['version']} is {version['status']} and cannot become {status}"
        raise conflict("schema.status", message, "/status")


def _require_publishable(state: OrgState, version: Document) -> None:
    """Refuse to publish what is older than or breaks the published version, or refers to nothing."""
    external_id = as_text(version["externalId"])
    published = _published(state, external_id)
    if published is not None:
        if as_integer(published["version"]) > as_integer(version["version"]):
            raise conflict(
                "schema.status", f"version {published['version']} was published already", "/status"
            )
        _require_compatible(version, published)
    targets = references_of(version)
    absent = [
        FieldError("/status", _absent(target)) for _, target in targets if not _is_published(state, target)
    ]
    if absent:
        raise invalid(absent, "schema.reference")
    cycle = cycle_through(external_id, _references(state, version))
    if cycle:
        message = f"publishing it would close a cycle: {' -> '.join(cycle)}"
        raise invalid([FieldError("/status", message)], "schema.cycle")


def _require_compatible(body: Document, published: Document) -> None:
    errors = tuple(compatibility_errors(body, published))
    if errors:
        raise invalid(errors, "schema.compatibility")


def _require_unreferenced(state: OrgState, version: Document) -> None:
    """Refuse to take a schema away from a published one that refers to it."""
    external_id = as_text(version["externalId"])
    if version["version"] != version.get("publishedVersion") and _is_published(state, external_id):
        return
    users = sorted(
        as_text(each["externalId"]) for each in _all_published(state) if _refers(each, external_id)
    )
    if users:
        message = f"schema {external_id} is referred to by {', '.join(users)}"
        raise conflict("schema.referenced", message)


def _moved(state: OrgState, version: Document, status: str, asked: Asked) -> Answer:
    external_id = as_text(version["externalId"])
    newest = state.found("schemas", external_id, "schema").document
    changes: Document = {
        "status": status,
        "dateModified": state.clock.timestamp(),
        "modifiedBy": {"id": asked.client_id},
    }
    if version["version"] == newest["version"]:
        state.collection("schemas").alter(external_id, changes)
    else:
        state.collection("schemaVersions").alter(_version_id(version), changes)
    if status == "PUBLISHED":
        state.collection("schemas").alter(external_id, {"publishedVersion": version["version"]})
    return answered(200, _version(state, external_id, as_integer(version["version"])))


def _archive(state: OrgState, document: Document) -> None:
    kept = {name: value for name, value in document.items() if name != "publishedVersion"}
    state.collection("schemaVersions").put(_version_id(document), kept)


def _version_id(document: Document) -> str:
    return f"{document['externalId']}/{document['version']}"


def _version(state: OrgState, external_id: str, version: JsonValue) -> Document | None:
    """Return one version, whole, with `publishedVersion`."""
    newest = state.collection("schemas").peek(external_id)
    if newest is None or newest.document["version"] == version:
        return None if newest is None else newest.document
    archived = state.collection("schemaVersions").peek(f"{external_id}/{version}")
    if archived is None:
        return None
    return {**archived.document, "publishedVersion": newest.document.get("publishedVersion")}


def _published(state: OrgState, external_id: str) -> Document | None:
    """Return the newest version that was ever published, whether deprecated since or not."""
    newest = state.collection("schemas").peek(external_id)
    if newest is None or newest.document.get("publishedVersion") is None:
        return None
    return _version(state, external_id, newest.document["publishedVersion"])


def _is_published(state: OrgState, external_id: str) -> bool:
    published = _published(state, external_id)
    return published is not None and published["status"] == "PUBLISHED"


def _all_published(state: OrgState) -> Iterator[Document]:
    for external_id in state.collection("schemas"):
        published = _published(state, external_id)
        if published is not None and published["status"] == "PUBLISHED":
            yield published


def _refers(schema: Document, external_id: str) -> bool:
    return any(target == external_id for _, target in references_of(schema))


def _references(state: OrgState, instead: Document) -> Callable[[str], Sequence[str]]:
    """Return what each schema refers to once `instead` is the published version of its own."""

    def references(external_id: str) -> Sequence[str]:
        schema = instead if external_id == instead["externalId"] else _published(state, external_id)
        return () if schema is None else [target for _, target in references_of(schema)]

    return references


def _absent(target: str) -> str:
    return f"it refers to {target!r}, which is no published schema"
