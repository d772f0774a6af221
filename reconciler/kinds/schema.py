"""Schema: custom object schemas, versioned and published (platform-api.md, section 8).

Versions are immutable, so a change is a new version, posted as a draft and then published. What removes a
required field, changes a field's type or makes a required field optional is refused before anything is sent.
One that was ever published is deprecated when it leaves the manifests, not deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.kinds import schema_checks, schema_rules
from reconciler.kinds.base import Endpoint, Kind
from reconciler.kinds.overlays import overlay
from reconciler.kinds.schema_spec import SYSTEM_OBJECTS, SchemaSpec, referenced_types
from reconciler.kinds.schema_versions import (
    makes_version,
    moves,
    next_version,
    predecessor,
    published_version_of,
    sent_paths,
    status_of,
    version_of,
    wanted_status,
    whole,
)
from reconciler.model.change import Action, Change, Check, FieldChange, LiveObject, Report, Table
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.remote import Facts, Lock, Read, Request, Step
from reconciler.model.resource import Resource
from reconciler.model.values import JsonObject, JsonValue, Tree, TreeObject, as_json

DEPRECATES = "it was published once, so it is deprecated, not deleted"
VERBS = {"PUBLISHED": "publish", "DEPRECATED": "deprecate"}


class Schema(Kind[SchemaSpec]):
    """Custom object schemas; `externalId` is natural key and remote id in one."""

    name = "Schema"
    spec = SchemaSpec
    cycles = True
    endpoint = Endpoint(
        collection=schema_checks.SCHEMAS,
        natural_key=("externalId",),
        remote_id="externalId",
        read_only=frozenset({"publishedVersion"}),
        read_scope="customobjects:schema:read",
        write_scope="customobjects:schema:write",
        lock=Lock.NONE,
    )

    # -- offline -----------------------------------------------------------------------------------------

    def rules(self, resource: Resource, spec: SchemaSpec) -> Iterable[Diagnostic]:
        """Limits, constraints and JSON Schema compliance."""
        document = {**self.complete(resource), "version": 1, "status": "DRAFT"}
        yield from schema_rules.limits(resource, document)
        yield from schema_rules.constraints(resource, spec.fields)
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
        for pointer, target in referenced_types(document.get("fields")):
            if target not in SYSTEM_OBJECTS:
                yield f"/fields{pointer}", self.name, target

    # -- reading -----------------------------------------------------------------------------------------

    def live_object(self, body: JsonObject, scope: Mapping[str, str]) -> LiveObject:
        """The newest version; DEPRECATED counts as absent for adoption."""
        live = super().live_object(body, scope)
        references = tuple((target, pointer) for pointer, _, target in self.references(live.body))
        return replace(live, references=references, absent=status_of(live) == "DEPRECATED")

    def manifest(self, live: LiveObject) -> TreeObject | None:
        """The newest version; what goes without saying is left out."""
        found = super().manifest(live)
        if found is not None and found.get("status") == "PUBLISHED":
            return {name: value for name, value in found.items() if name != "status"}
        return found

    # -- checks ------------------------------------------------------------------------------------------

    def check_reads(self, change: Change, facts: Facts) -> Iterable[Read]:
        """Published versions, where the newest one is a draft."""
        return schema_checks.check_reads(change, facts) if change.after is not None else ()

    def checks(self, change: Change, facts: Facts) -> Iterable[Check]:
        """Compatibility, status, references and record size."""
        return schema_checks.judge(change, facts) if change.after is not None else ()

    # -- steps -------------------------------------------------------------------------------------------

    def steps(self, change: Change, live: LiveObject | None) -> tuple[Step, ...]:
        """Draft, then publish; or delete, else deprecate."""
        match change.action:
            case Action.DELETE:
                return self._removal(live)
            case Action.REPLACE:
                return (*self._removal(live), *self._new_version(change, None))
            case Action.CREATE:
                return self._new_version(change, live)
            case Action.UPDATE | Action.ADOPT | Action.FORGET:
                if makes_version(change):
                    return self._new_version(change, live)
                return self._move(change, status_of(live), version_of(live)) if sent_paths(change) else ()

    def _new_version(self, change: Change, live: LiveObject | None) -> tuple[Step, ...]:
        """The version after the newest: what the manifest does not name is carried over."""
        version = (version_of(live) or 0) + 1
        fixed: dict[str, Tree] = {"version": version, "status": "DRAFT"}
        draft = Step(
            label=f"draft version {version}",
            request=Request("POST", self.endpoint.collection, {**whole(change, live), **fixed}),
            key_header=self.endpoint.key_header,
            yields=f"/{self.endpoint.remote_id}",
            managed={**(change.after or {}), **fixed},
        )
        return (draft, *self._move(change, "DRAFT", version))

    def _move(self, change: Change, status: str, version: int | None) -> tuple[Step, ...]:
        """The PATCHes from one status to the wanted one, in the platform's order."""
        external_id = str((change.after or {}).get("externalId"))
        return tuple(
            self._patch(external_id, version or 1, step) for step in moves(status, wanted_status(change))
        )

    def _patch(self, external_id: str, version: int, status: str) -> Step:
        body: JsonObject = {"version": version, "status": status}
        request = Request("PATCH", self.endpoint.item_path(external_id, {}), body)
        return Step(label=f"{VERBS[status]} version {version}", request=request)

    def _removal(self, live: LiveObject | None) -> tuple[Step, ...]:
        """DELETE where no version was ever published, else DEPRECATED."""
        if live is None or live.absent:
            return ()
        published = published_version_of(live)
        if published is None:
            return (Step("delete", Request("DELETE", self.endpoint.item_path(live.remote_id, {}))),)
        return (self._patch(live.remote_id, published, "DEPRECATED"),)

    # -- reports -----------------------------------------------------------------------------------------

    def lasting(self, change: Change) -> Iterable[str]:
        """Published versions: they stay, and what was there before comes back as another one."""
        if change.action in (Action.DELETE, Action.REPLACE):
            if published_version_of(change.live) is not None:
                yield "it was deprecated, which is for good: it comes back as a new version"
        elif change.steps and wanted_status(change) != "DRAFT" and sent_paths(change):
            version = next_version(change)
            if change.action is Action.CREATE:
                yield f"version {version} was published: it is deprecated, not deleted"
            else:
                yield f"version {version} was published: the former content comes back as a new version"

    def report(self, change: Change, facts: Facts, after: LiveObject | None = None) -> Report:
        """The verdict as a table; version and status for the audit; the developer portal's record."""
        if after is not None:
            return self._applied(change, after)
        notes = (DEPRECATES,) if _deprecates(change) else ()
        if change.after is None:
            return Report(notes=notes)
        return replace(self._verdict(change, facts, notes), detail=_planned_detail(change))

    def _verdict(self, change: Change, facts: Facts, notes: tuple[str, ...]) -> Report:
        verdict = schema_checks.verdict_of(change, facts)
        if verdict is None or verdict.from_version is None or not verdict.rows:
            return Report(notes=(*notes, f"version {next_version(change)}") if change.steps else notes)
        versions = f"version {verdict.from_version} → {verdict.next_version}"
        title = f"{(change.after or {}).get('externalId')}: {versions}"
        return Report(notes=notes, tables=(Table(title, ("field", "change", "verdict"), verdict.rows),))

    def _applied(self, change: Change, after: LiveObject) -> Report:
        version, status = version_of(after), after.body.get("status")
        schema = overlay(after.body, {**(change.after or {}), "status": status}, self.field_rules)
        changes = [_exported(found) for found in change.fields]
        return Report(
            detail={"version": version, "status": status},
            export={
                "schema": {**_json_object(schema), "version": version},
                "previous_version": version_of(predecessor(change)),
                "changes": changes,
            },
        )


def _planned_detail(change: Change) -> JsonObject:
    """The version that the change is about, for the audit of one that was refused or failed."""
    return {"version": next_version(change), "status": None}


def _deprecates(change: Change) -> bool:
    """Whether the change takes a schema away that was published once."""
    is_removal = change.action in (Action.DELETE, Action.REPLACE)
    return is_removal and published_version_of(change.live) is not None


def _exported(found: FieldChange) -> JsonObject:
    """A field change as the plan has it; where the manifest has a secret, without the org's value."""
    return {
        "path": found.path,
        "before": None if found.sensitive else _json(found.before),
        "after": _json(found.after),
        "origin": found.origin.value,
        "sensitive": found.sensitive,
    }


def _json(tree: Tree) -> JsonValue:
    """A tree as JSON; of a secret only its name."""
    return as_json(tree, lambda secret: secret.template)


def _json_object(tree: Tree) -> JsonObject:
    found = _json(tree)
    return found if isinstance(found, Mapping) else {}
