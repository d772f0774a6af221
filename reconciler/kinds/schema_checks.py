"""Whether the org will take a schema's change (platform-api.md, section 8).

Compatibility with the newest version that was published, the order of statuses, references to published
schemas, and the size of a record. A check that cannot run fails as unavailable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from reconciler.kinds.compatibility import Finding, Verdict, compare_fields
from reconciler.kinds.schema_spec import STATUSES, SYSTEM_OBJECTS, referenced_types
from reconciler.kinds.schema_versions import (
    is_going_back,
    next_version,
    planned_moves,
    predecessor,
    published_version_of,
    status_of,
    version_of,
    wanted_status,
    whole,
)
from reconciler.model.change import Change, Check, CheckStatus
from reconciler.model.remote import Facts, Read, get
from reconciler.model.values import JsonObject, Tree, tokens

SCHEMAS = "/api/v2/customobjects/schemas"
MAX_RECORD_BYTES = 102_400
BINDING = ("PUBLISHED", "DEPRECATED")
"""Only versions that were published bind their successors; drafts bind nobody."""

PASS, WARN, FAIL = CheckStatus.PASS, CheckStatus.WARN, CheckStatus.FAIL


@dataclass(frozen=True, slots=True)
class Target:
    """A schema that a field refers to, and which no manifest declares; `path` from the document's root."""

    name: str
    path: str
    field: str


def check_reads(change: Change, facts: Facts) -> Iterator[Read]:
    """The published versions behind drafts: of the schema itself, and of those it refers to."""
    live = predecessor(change)
    if live is not None and status_of(live) == "DRAFT":
        yield from _published_reads(live.remote_id, published_version_of(live))
    for target in _targets(change):
        newest = _listed(target.name, facts)
        if newest is not None and newest.get("status") == "DRAFT":
            yield from _published_reads(target.name, newest.get("publishedVersion"))


def judge(change: Change, facts: Facts) -> Iterator[Check]:
    """All checks of a change that leaves a schema in the org."""
    yield _compatibility(change, facts)
    if is_going_back(change):
        yield _status(change)
    yield _reference(change, facts)
    if check := _record_size(change):
        yield check


# -- compatibility and status ----------------------------------------------------------------------------


def verdict_of(change: Change, facts: Facts) -> Verdict | None:
    """The change against the newest version that was published; None when that cannot be told."""
    live = predecessor(change)
    base: JsonObject | None = live.body if live and status_of(live) in BINDING else None
    from_version = version_of(live)
    if live is not None and status_of(live) == "DRAFT":
        from_version = published_version_of(live)
        base = _published(live.remote_id, from_version, facts)
        if base is None and from_version is not None:
            return None
    return compare_fields(
        base.get("fields") if base else None,
        whole(change, live).get("fields"),
        from_version=from_version if base else None,
        next_version=next_version(change),
    )


def _compatibility(change: Change, facts: Facts) -> Check:
    verdict = verdict_of(change, facts)
    if verdict is None:
        published = published_version_of(change.live)
        message = f"cannot be judged: version {published}, which is published, could not be read"
        return _check(change, "schema.compatibility", FAIL, message, {"reason": "unavailable"})
    status = FAIL if verdict.breaking else WARN if verdict.warnings else PASS
    path = _manifest_path(change, verdict.breaking[0]) if verdict.breaking else "/spec/fields"
    return _check(change, "schema.compatibility", status, verdict.message, verdict.as_json(), path=path)


def _manifest_path(change: Change, finding: Finding) -> str:
    """Where the manifest says the field; the list of fields where it says nothing of it."""
    member = tokens(finding.path)[2:]
    fields = _elements((change.after or {}).get("fields"))
    for index, field in enumerate(fields):
        if isinstance(field, Mapping) and field.get("name") == finding.field:
            return "/".join((f"/spec/fields/{index}", *member))
    return "/spec/fields"


def _status(change: Change) -> Check:
    live, wanted = status_of(change.live), wanted_status(change)
    message = (
        f"status cannot go back from {live} to {wanted}: the order is {' → '.join(STATUSES)}, and only "
        "a new version, with other fields, starts as a DRAFT again"
    )
    return _check(
        change, "schema.status", FAIL, message, {"live": live, "wanted": wanted}, path="/spec/status"
    )


# -- references ------------------------------------------------------------------------------------------


def _reference(change: Change, facts: Facts) -> Check:
    """What is to be published refers to published schemas; for a draft it is worth a warning."""
    name = "schema.reference"
    wrong = [(target, why) for target in _targets(change) if (why := _why_not(target, facts))]
    if not wrong:
        return _check(change, name, PASS, "every referenced type is published")
    is_due = "PUBLISHED" in planned_moves(change)
    is_unavailable = any(why == UNREADABLE for _, why in wrong)
    told = "; ".join(f"field {target.field} refers to {target.name}, {why}" for target, why in wrong)
    later = "" if is_due else f", which must be mended before version {next_version(change)} is published"
    data: dict[str, JsonObject | list[str] | str] = {"missing": sorted({target.name for target, _ in wrong})}
    if is_unavailable:
        data["reason"] = "unavailable"
    return _check(change, name, FAIL if is_due else WARN, told + later, data, path=wrong[0][0].path)


NOWHERE = "which is neither a system object nor a schema of the org"
UNPUBLISHED = "which was never published"
DEPRECATED = "which is deprecated"
UNREADABLE = "whose published version could not be read"


def _why_not(target: Target, facts: Facts) -> str | None:
    """Why a schema cannot be referred to; None where it can."""
    newest = _listed(target.name, facts)
    if newest is None:
        return NOWHERE
    if newest.get("status") != "DRAFT":
        return None if newest.get("status") == "PUBLISHED" else DEPRECATED
    if newest.get("publishedVersion") is None:
        return UNPUBLISHED
    published = _published(target.name, newest.get("publishedVersion"), facts)
    if published is None:
        return UNREADABLE
    return None if published.get("status") == "PUBLISHED" else DEPRECATED


def _targets(change: Change) -> list[Target]:
    """Schemas that the change refers to and no manifest declares: those are published before it."""
    managed = {found.via for found in change.resource.dependencies} if change.resource else set()
    fields = (change.after or {}).get("fields")
    found = []
    for pointer, target in referenced_types(fields):
        path = f"/spec/fields{pointer}"
        if target not in SYSTEM_OBJECTS and path not in managed:
            found.append(Target(target, path, _field_name(fields, pointer)))
    return found


def _field_name(fields: Tree, pointer: str) -> str:
    field = _elements(fields)[int(tokens(pointer)[0])]
    return str(field.get("name")) if isinstance(field, Mapping) else ""


def _listed(name: str, facts: Facts) -> JsonObject | None:
    """The newest version, by id before any listing."""
    one = get(f"{SCHEMAS}/{quote(name, safe='')}")
    return facts.one(one) if one in facts else facts.find(SCHEMAS, "externalId", name)


def _published_read(name: str, version: Tree) -> Read:
    return get(f"{SCHEMAS}/{quote(name, safe='')}/versions/{version}", optional=True)


def _published_reads(name: str, version: Tree) -> Iterable[Read]:
    return () if version is None else (_published_read(name, version),)


def _published(name: str, version: Tree, facts: Facts) -> JsonObject | None:
    return None if version is None else facts.one(_published_read(name, version))


# -- size ------------------------------------------------------------------------------------------------


def _record_size(change: Change) -> Check | None:
    size = sum(_longest(field) for field in _elements(whole(change, predecessor(change)).get("fields")))
    if size <= MAX_RECORD_BYTES:
        return None
    message = f"the fields' maxLength sum to {size:,}, over a record's limit of {MAX_RECORD_BYTES:,} bytes"
    data: JsonObject = {"sum": size, "limit": MAX_RECORD_BYTES}
    return _check(change, "schema.record-size", WARN, message, data)


def _longest(field: Tree) -> int:
    found = field.get("constraints") if isinstance(field, Mapping) else None
    length = found.get("maxLength") if isinstance(found, Mapping) else None
    return length if isinstance(length, int) else 0


def _check(
    change: Change,
    name: str,
    status: CheckStatus,
    message: str,
    data: JsonObject | None = None,
    *,
    path: str = "/spec/fields",
) -> Check:
    return Check(name, change.address, status, message, data or {}, path)


def _elements(tree: Tree) -> Sequence[Tree]:
    return tree if isinstance(tree, list | tuple) else ()
