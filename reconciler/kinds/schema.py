"""Schema: custom object schemas, versioned and published (platform-api.md, section 8).

Versions are immutable, so a change is a new version, posted as a draft and then published. What removes a
required field, changes a field's type or makes a required field optional is refused before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from reconciler.kinds import schema_rules
from reconciler.kinds.base import Endpoint, Kind
from reconciler.kinds.compatibility import Verdict, compare_fields
from reconciler.kinds.fields import As, Combine, Immutable, SpecModel, Text
from reconciler.kinds.overlays import overlay
from reconciler.model.change import Action, Change, Check, CheckStatus, LiveObject, Report, Table
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.remote import Facts, Lock, Read, Request, Step, get
from reconciler.model.resource import Resource
from reconciler.model.values import JsonObject, Tree, TreeObject

SYSTEM_OBJECTS = frozenset({"user", "queue", "contact", "account", "conversation"})
BASE_STATUSES = ("PUBLISHED", "DEPRECATED")
"""Only versions that were published bind their successors; drafts bind nobody."""

Status = Literal["DRAFT", "PUBLISHED", "DEPRECATED"]
STATUSES: tuple[Status, ...] = ("DRAFT", "PUBLISHED", "DEPRECATED")


class FieldSpec(SpecModel):
    """One field of a schema."""

    name: Annotated[str, Field(min_length=1)]
    fieldtype: schema_rules.FieldType
    description: Text | None = None
    required: bool | None = None
    constraints: Annotated[schema_rules.ConstraintsSpec | None, As(Combine.WHOLE)] = None


class SchemaSpec(SpecModel):
    """A schema's newest version; `version` is computed, never written."""

    external_id: Annotated[str | None, Field(min_length=1, max_length=100), Immutable()] = None
    name: Annotated[Text, Field(min_length=1)]
    description: Text | None = None
    status: Status = "PUBLISHED"
    fields: Annotated[list[FieldSpec], As(Combine.KEYED, "name")]


class Schema(Kind[SchemaSpec]):
    """Custom object schemas; `externalId` is natural key and remote id in one."""

    name = "Schema"
    spec = SchemaSpec
    cycles = True
    endpoint = Endpoint(
        collection="/api/v2/customobjects/schemas",
        natural_key=("externalId",),
        remote_id="externalId",
        read_only=frozenset({"publishedVersion"}),
        read_scope="customobjects:schema:read",
        write_scope="customobjects:schema:write",
        lock=Lock.NONE,
    )

    def rules(self, resource: Resource, spec: SchemaSpec) -> Iterable[Diagnostic]:
        """Limits, constraints and JSON Schema compliance."""
        document = {**self.complete(resource), "version": 1, "status": "DRAFT"}
        yield from schema_rules.limits(resource, document)
        for index, field in enumerate(spec.fields):
            yield from schema_rules.constraints(
                resource, index, (field.name, field.fieldtype, field.constraints)
            )
        yield from schema_rules.compliance(resource, document)

    def peer_rules(self, resources: Sequence[Resource]) -> Iterable[Diagnostic]:
        """A published schema refers to published ones only."""
        status = {self.natural_key(found): found["status"] for found in map(self.complete, resources)}
        for resource in resources:
            document = self.complete(resource)
            for pointer, _, target in self.references(document):
                if document["status"] == "PUBLISHED" and status.get(target, "PUBLISHED") != "PUBLISHED":
                    yield resource.diagnostic(
                        "schema.reference",
                        f"{resource.address} is to be PUBLISHED but refers to {target}, "
                        f"whose manifest says {status[target]}",
                        path=f"/spec{pointer}",
                        hint=f"publish {target}, or leave this schema a DRAFT too",
                    )

    def complete(self, resource: Resource) -> TreeObject:
        """The spec with `externalId` and `status` always said."""
        return {"externalId": resource.address.name, "status": "PUBLISHED", **resource.spec}

    def known_id(self, document: TreeObject) -> str | None:
        """The externalId."""
        return self.natural_key(document)

    def references(self, document: TreeObject) -> Iterable[tuple[str, str, str]]:
        """Each `referencedType`, also inside `items`, that is no system object."""
        for pointer, target in schema_rules.referenced_types(document.get("fields")):
            if target not in SYSTEM_OBJECTS:
                yield f"/fields{pointer}", self.name, target

    def live_object(self, body: JsonObject, scope: Mapping[str, str]) -> LiveObject:
        """The newest version; DEPRECATED counts as absent for adoption."""
        live = super().live_object(body, scope)
        return LiveObject(
            remote_id=live.remote_id,
            body=live.body,
            scope=live.scope,
            server=live.server,
            references=tuple((target, pointer) for pointer, _, target in self.references(live.body)),
            absent=live.body.get("status") == "DEPRECATED",
        )

    # -- checks ------------------------------------------------------------------------------------------

    def check_reads(self, change: Change, facts: Facts) -> Iterable[Read]:
        """The published version, where the newest one is a draft."""
        if change.after is not None and (read := self._published_read(change.live)):
            yield read

    def checks(self, change: Change, facts: Facts) -> Iterable[Check]:
        """Compatibility, status, references and record size."""
        if change.after is None or change.resource is None:
            return
        yield self._compatibility(change, facts)
        if is_going_back(change):
            yield self._status(change)
        yield self._reference(change, change.resource, facts)
        if size := schema_rules.record_size(change.after.get("fields")):
            yield self._record_size(change, size)

    def _compatibility(self, change: Change, facts: Facts) -> Check:
        verdict = self.verdict(change, facts)
        if verdict is None:
            return self._check(
                change,
                "schema.compatibility",
                CheckStatus.FAIL,
                "the published version could not be read",
                {"reason": "unavailable"},
            )
        status = (
            CheckStatus.FAIL
            if verdict.breaking
            else CheckStatus.WARN
            if verdict.warnings
            else CheckStatus.PASS
        )
        where = verdict.breaking[0].path if verdict.breaking else ""
        found = self._check(change, "schema.compatibility", status, verdict.message, verdict.as_json())
        return Check(found.name, found.address, found.status, found.message, found.data, f"/spec{where}")

    def verdict(self, change: Change, facts: Facts) -> Verdict | None:
        """The change against the newest published or deprecated version; None when that cannot be told."""
        base = change.live
        read = self._published_read(base)
        if read is not None:
            body = facts.one(read)
            base = self.live_object(body, {}) if body else None
            if base is None:
                return None
        bound = base is not None and base.body.get("status") in BASE_STATUSES
        old = base.body.get("fields") if base and bound else None
        return compare_fields(
            old,
            (change.after or {}).get("fields"),
            from_version=version_of(base) if bound else None,
            next_version=next_version(change),
        )

    def _published_read(self, live: LiveObject | None) -> Read | None:
        published = live.server.get("publishedVersion") if live else None
        if live is None or published is None or live.body.get("status") != "DRAFT":
            return None
        return get(f"{self.endpoint.item_path(live.remote_id, {})}/versions/{published}", optional=True)

    def _status(self, change: Change) -> Check:
        live, wanted = _status_of(change.live), (change.after or {}).get("status")
        message = f"status cannot go back from {live} to {wanted}: the order is {' → '.join(STATUSES)}"
        found = self._check(change, "schema.status", CheckStatus.FAIL, message, {"live": live})
        return Check(found.name, found.address, found.status, found.message, found.data, "/spec/status")

    def _reference(self, change: Change, resource: Resource, facts: Facts) -> Check:
        managed = {dependency.via for dependency in resource.dependencies}
        published = {
            live.remote_id
            for live in self.live(facts)
            if live.server.get("publishedVersion") and not live.absent
        }
        missing = [
            (pointer, target)
            for pointer, _, target in self.references(change.after or {})
            if f"/spec{pointer}" not in managed and target not in published
        ]
        if not missing:
            return self._check(
                change, "schema.reference", CheckStatus.PASS, "every referenced type is published"
            )
        names = ", ".join(sorted({target for _, target in missing}))
        message = f"refers to {names}: neither a system object nor a published schema of the org"
        path = f"/spec{missing[0][0]}"
        return Check("schema.reference", change.address, CheckStatus.FAIL, message, {"missing": names}, path)

    def _record_size(self, change: Change, size: int) -> Check:
        limit = schema_rules.MAX_RECORD_BYTES
        message = f"the fields' maxLength sum to {size:,}, over a record's limit of {limit:,} bytes"
        return self._check(change, "schema.record-size", CheckStatus.WARN, message, {"sum": size})

    def _check(
        self, change: Change, name: str, status: CheckStatus, message: str, data: JsonObject | None = None
    ) -> Check:
        return Check(name, change.address, status, message, data or {}, "/spec/fields")

    # -- steps -------------------------------------------------------------------------------------------

    def steps(self, change: Change, live: LiveObject | None) -> tuple[Step, ...]:
        """Draft, then publish; or delete, else deprecate."""
        match change.action:
            case Action.DELETE:
                return self._removal(live)
            case Action.FORGET:
                return ()
            case Action.REPLACE:
                return (*self._removal(live), *self._new_version(change, None))
            case Action.CREATE:
                return self._new_version(change, live)
            case Action.UPDATE | Action.ADOPT:
                sent = [found.path for found in change.fields if self.is_sent(found.path)]
                if any(path != "/status" for path in sent):
                    return self._new_version(change, live)
                return self._transitions(change, live, _status_of(live)) if sent else ()

    def _new_version(self, change: Change, live: LiveObject | None) -> tuple[Step, ...]:
        """The version after the newest: what the manifest does not name is carried over."""
        fixed: dict[str, Tree] = {"version": (version_of(live) or 0) + 1, "status": "DRAFT"}
        managed = {**(change.after or {}), **fixed}
        carried = (
            overlay(live.body, managed, self.field_rules)
            if live and change.action is not Action.CREATE
            else managed
        )
        draft = Step(
            label=f"draft version {fixed['version']}",
            request=Request("POST", self.endpoint.collection, carried),
            key_header=self.endpoint.key_header,
            yields="/externalId",
            managed=managed,
        )
        return (draft, *self._transitions(change, live, "DRAFT", version=int(str(fixed["version"]))))

    def _transitions(
        self, change: Change, live: LiveObject | None, status: str, *, version: int | None = None
    ) -> tuple[Step, ...]:
        """The PATCHes from one status to the wanted one, in the platform's order."""
        wanted = str((change.after or {}).get("status", "PUBLISHED"))
        way = STATUSES[STATUSES.index(status) + 1 : STATUSES.index(wanted) + 1] if status in STATUSES else ()
        number = version or version_of(live) or 1
        key = str((change.after or {}).get("externalId"))
        return tuple(self._patch(key, number, step) for step in way)

    def _patch(self, external_id: str, version: int, status: str) -> Step:
        verb = {"PUBLISHED": "publish", "DEPRECATED": "deprecate"}[status]
        return Step(
            label=f"{verb} version {version}",
            request=Request(
                "PATCH", self.endpoint.item_path(external_id, {}), {"version": version, "status": status}
            ),
        )

    def _removal(self, live: LiveObject | None) -> tuple[Step, ...]:
        """DELETE where no version was ever published, else DEPRECATED."""
        if live is None or live.absent:
            return ()
        published = live.server.get("publishedVersion")
        if published is None:
            return (Step("delete", Request("DELETE", self.endpoint.item_path(live.remote_id, {}))),)
        return (self._patch(live.remote_id, int(str(published)), "DEPRECATED"),)

    def report(self, change: Change, facts: Facts, after: LiveObject | None = None) -> Report:
        """The verdict as a table; version and status for the audit; the developer portal's record."""
        if after is not None:
            return self._applied(change, after)
        if change.action is Action.DELETE and change.live and change.live.server.get("publishedVersion"):
            return Report(notes=("it was published once, so it is deprecated, not deleted",))
        verdict = self.verdict(change, facts) if change.after is not None else None
        if verdict is None or verdict.from_version is None or not verdict.rows:
            return Report(notes=(f"version {next_version(change)}",) if change.after is not None else ())
        versions = f"version {verdict.from_version} → {verdict.next_version}"
        title = f"{(change.after or {}).get('externalId')}: {versions}"
        return Report(tables=(Table(title, ("field", "change", "verdict"), verdict.rows),))

    def _applied(self, change: Change, after: LiveObject) -> Report:
        version = version_of(after)
        return Report(
            detail={"version": version, "status": after.body.get("status")},
            export={
                "schema": {**after.body, "version": version},
                "previous_version": version_of(change.live),
                "changes": [{"path": found.path, "origin": found.origin.value} for found in change.fields],
            },
        )


def is_going_back(change: Change) -> bool:
    """Whether only the status moves, and against the platform's order; a new version starts anew."""
    live, wanted = _status_of(change.live), str((change.after or {}).get("status"))
    moves_fields = any(found.path != "/status" for found in change.fields)
    if change.action is Action.CREATE or moves_fields or live not in STATUSES or wanted not in STATUSES:
        return False
    return STATUSES.index(wanted) < STATUSES.index(live)


def next_version(change: Change) -> int:
    """The version the org will hold after the change."""
    current = version_of(change.live) or 0
    moves_fields = any(found.path != "/status" for found in change.fields)
    return current + 1 if change.action is Action.CREATE or moves_fields else max(current, 1)


def version_of(live: LiveObject | None) -> int | None:
    """The version of a live schema."""
    version = live.server.get("version") if live else None
    return version if isinstance(version, int) else None


def _status_of(live: LiveObject | None) -> str:
    return str(live.body.get("status")) if live else ""
