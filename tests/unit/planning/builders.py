"""Builders of everything that a plan is made from: manifests, prior entries and an org of plain dicts.

`plan` asks the org what planning names, as a run does, so what it forgets to ask for is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TypedDict, Unpack, cast

from reconciler.kinds import KINDS
from reconciler.kinds.base import Kind
from reconciler.kinds.overlays import overlay
from reconciler.model.address import Address, parse_address
from reconciler.model.change import Action, Change
from reconciler.model.diagnostics import Mark
from reconciler.model.plan import Plan, PlannedChange
from reconciler.model.remote import Answer, Facts, Paging, Read
from reconciler.model.resource import Dependency, Lifecycle, Resource
from reconciler.model.state import EntryStatus, Intent, Prior, PriorEntry, StateIdentity, Tombstone
from reconciler.model.values import (
    JsonObject,
    JsonValue,
    Reference,
    Secret,
    Tree,
    TreeObject,
    Unknown,
    escape,
    late_values,
    substitute,
)
from reconciler.planning.canonical import Masks
from reconciler.planning.documents import Planned, make_plan, plain
from reconciler.planning.inputs import PlanInputs, PlanOptions
from reconciler.planning.judging import check_reads, judge
from reconciler.planning.planner import draft_plan, planning_reads
from reconciler.reports.json_documents import plan_document
from reconciler.settings import SafetySettings, Settings
from tests.unit.planning.gadgets import COLLECTION, Gadget

ALL_KINDS: Mapping[str, Kind[Any]] = {**KINDS, "Gadget": Gadget()}
NOW = datetime(2027, 1, 15, 12, 0, tzinfo=UTC)
SCHEMAS = "/api/v2/customobjects/schemas"
SECRET = Secret("${env.TOKEN}", ("TOKEN",))
PLANTED = "s3cr3t-planted"
"""What `SECRET` stands for."""

ENVIRONMENT = {"TOKEN": PLANTED}


# -- secrets ---------------------------------------------------------------------------------------------


def digest_of_text(text: str) -> str:
    """A digest that tells equal texts, and shows none."""
    return sha256(f"key:{text}".encode()).hexdigest()


def digest_of_secret(secret: Secret) -> str:
    """The digest of what the secret's template gives."""
    text = secret.template
    for name, value in ENVIRONMENT.items():
        text = text.replace(f"${{env.{name}}}", value)
    return digest_of_text(text)


MASKS = Masks(digest_of_secret, digest_of_text)


# -- manifests -------------------------------------------------------------------------------------------


def resource(
    address: str,
    spec: TreeObject,
    *,
    lifecycle: Lifecycle | None = None,
    labels: Mapping[str, str] | None = None,
    formerly: Sequence[str] = (),
    depends_on: Sequence[str] = (),
) -> Resource:
    """A manifest in a file of its own, `spec` from line 5 on, a line for each top-level member."""
    found = parse_address(address)
    file = f"{found.name}.yaml"
    marks = {f"/spec/{escape(name)}": (5 + index, 3) for index, name in enumerate(spec)}
    written = tuple(
        Dependency(parse_address(target), f"/dependsOn/{index}", Mark(file, 3))
        for index, target in enumerate(depends_on)
    )
    made = Resource(
        found,
        spec,
        Mark(file, 1),
        lifecycle=lifecycle or Lifecycle(),
        labels=labels or {},
        formerly=tuple(formerly),
        marks=marks,
    )
    return replace(made, dependencies=(*written, *_references(made)))


def _references(made: Resource) -> Iterable[Dependency]:
    for pointer, late in late_values(made.spec, "/spec"):
        if isinstance(late, Reference):
            yield Dependency(late.address, pointer, made.mark(pointer))


class Metadata(TypedDict, total=False):
    """What a manifest says besides its spec."""

    lifecycle: Lifecycle | None
    labels: Mapping[str, str] | None
    formerly: Sequence[str]
    depends_on: Sequence[str]


def gadget(name: str, spec: TreeObject | None = None, **metadata: Unpack[Metadata]) -> Resource:
    """A gadget that is named like its address."""
    return resource(f"Gadget/{name}", {"name": name, **(spec or {})}, **metadata)


def ref(address: str, pointer: str = "") -> Reference:
    """A `$ref`."""
    return Reference(parse_address(address), pointer)


def schema(
    name: str, *targets: str, spec: TreeObject | None = None, **metadata: Unpack[Metadata]
) -> Resource:
    """A schema that refers to others by their externalId."""
    return resource(
        f"Schema/{name}",
        {"name": name.title(), "fields": schema_fields(*targets), **(spec or {})},
        **metadata,
    )


def schema_fields(*targets: str) -> list[JsonValue]:
    """A text field, and a reference for each target."""
    references: list[JsonValue] = [
        {"name": f"to_{target}", "fieldtype": "reference", "constraints": {"referencedType": target}}
        for target in targets
    ]
    return [{"name": "subject", "fieldtype": "string"}, *references]


def linked(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """With the references by natural key that a kind implies, sorted by address, as loading gives them."""
    found = sorted(resources, key=lambda one: one.address)
    by_key = {
        (one.address.kind, ALL_KINDS[one.address.kind].natural_key(document_of(one))): one.address
        for one in found
    }
    return tuple(replace(one, dependencies=(*one.dependencies, *_implied(one, by_key))) for one in found)


def _implied(one: Resource, by_key: Mapping[tuple[str, str | None], Address]) -> Iterable[Dependency]:
    for pointer, kind, key in ALL_KINDS[one.address.kind].references(document_of(one)):
        if (kind, key) in by_key:
            path = f"/spec{pointer}"
            yield Dependency(by_key[kind, key], path, one.mark(path))


def document_of(one: Resource) -> TreeObject:
    """The spec with its kind's defaults."""
    return ALL_KINDS[one.address.kind].complete(one)


# -- prior state -----------------------------------------------------------------------------------------


class EntryMembers(TypedDict, total=False):
    """Members of a prior entry that a test sets itself."""

    base: JsonObject
    answered: JsonObject
    lifecycle: Lifecycle
    labels: Mapping[str, str]
    dependencies: tuple[Dependency, ...]
    status: EntryStatus


def entry(declared: Resource, remote_id: str | None = None, **members: Unpack[EntryMembers]) -> PriorEntry:
    """What prior state holds once this manifest has been applied."""
    kind = ALL_KINDS[declared.address.kind]
    base = plain(document_of(declared), MASKS)
    assert isinstance(base, Mapping)
    found = PriorEntry(
        address=declared.address,
        remote_id=remote_id or kind.known_id(document_of(declared)) or f"id-{declared.address.name}",
        base=base,
        scope=kind.scope_of(base) or {},
        lifecycle=declared.lifecycle,
        labels=declared.labels,
        dependencies=declared.dependencies,
        source=declared.source,
    )
    return replace(found, **members)


# -- the org ---------------------------------------------------------------------------------------------


def live(name: str, spec: TreeObject | None = None, **server: JsonValue) -> JsonObject:
    """A gadget as the org answers it."""
    return cast("JsonObject", {"id": f"id-{name}", "name": name, "version": 1, **(spec or {}), **server})


def live_schema(name: str, *targets: str, version: int = 1, **members: JsonValue) -> JsonObject:
    """A published schema as the org answers it."""
    return {
        "externalId": name,
        "name": name.title(),
        "fields": schema_fields(*targets),
        "status": "PUBLISHED",
        "version": version,
        "publishedVersion": version,
        **members,
    }


@dataclass(frozen=True, slots=True)
class Org:
    """Collections of objects by path; answers listings, in which `unlisted` ids lag, and reads by id."""

    collections: Mapping[str, Sequence[JsonObject]] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()

    def answer(self, read: Read) -> Answer:
        """A listing, one object, or 404."""
        if read.paging is Paging.NUMBER:
            return Answer(
                200, [one for one in self.collections.get(read.path, ()) if self._is_listed(one, read)]
            )
        collection, _, remote_id = read.path.rpartition("/")
        for one in self.collections.get(collection, ()):
            if remote_id in (one.get("id"), one.get("externalId")):
                return Answer(200, one)
        return Answer(404)

    def _is_listed(self, one: JsonObject, read: Read) -> bool:
        passes = all(one.get(name) == value for name, value in read.params)
        return passes and _key(one) not in self.unlisted


def org(*gadgets: JsonObject, schemas: Sequence[JsonObject] = (), **others: Sequence[JsonObject]) -> Org:
    """An org with gadgets and schemas; `others` by path with `__` for a slash."""
    named = {"/" + path.replace("__", "/"): found for path, found in others.items()}
    return Org({COLLECTION: gadgets, SCHEMAS: schemas, **named})


def gather(ask: Callable[[Facts], Iterable[Read]], source: Org, facts: Facts | None = None) -> Facts:
    """The facts, grown until everything that is asked for has an answer."""
    facts = facts or Facts()
    while reads := facts.missing(ask(facts)):
        facts = facts.with_answers({read: source.answer(read) for read in reads})
    return facts


# -- the plan --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a plan depends on, in plain terms."""

    declared: Sequence[Resource] = ()
    prior: Sequence[PriorEntry] = ()
    org: Org = field(default_factory=Org)
    options: PlanOptions = field(default_factory=PlanOptions)
    tombstones: Sequence[Tombstone] = ()
    intents: Sequence[Intent] = ()
    safety: SafetySettings = field(default_factory=SafetySettings)
    now: datetime = NOW
    scopes: frozenset[str] | None = None
    writes: bool = False

    def inputs(self) -> PlanInputs:
        """As planning takes them, before anything was read."""
        prior = Prior(
            StateIdentity("lineage-1", 7, "org-1", "api.example", "client"),
            {found.address: found for found in self.prior},
            tuple(self.tombstones),
            tuple(self.intents),
        )
        return PlanInputs(
            org="test",
            org_id="org-1",
            kinds=ALL_KINDS,
            resources=linked(self.declared),
            prior=prior,
            facts=Facts(),
            options=self.options,
            settings=Settings(safety=self.safety),
            masks=MASKS,
            now=self.now,
            manifest_digest="digest",
            granted_scopes=self.scopes,
            writes=self.writes,
        )


def make(situation: Situation) -> Planned:
    """The plan of a situation, and the changes behind it."""
    inputs = situation.inputs()
    facts = gather(lambda known: planning_reads(replace(inputs, facts=known)), situation.org)
    draft = draft_plan(replace(inputs, facts=facts))
    facts = gather(lambda known: check_reads(draft, known), situation.org, facts)
    return make_plan(draft, judge(draft, facts), facts, tool_version="0.0", requests_made=len(facts) + 1)


class Rest(TypedDict, total=False):
    """The rest of a `Situation`."""

    options: PlanOptions
    tombstones: Sequence[Tombstone]
    intents: Sequence[Intent]
    safety: SafetySettings
    now: datetime
    scopes: frozenset[str] | None
    writes: bool


def plan(
    declared: Sequence[Resource] = (),
    prior: Sequence[PriorEntry] = (),
    source: Org | None = None,
    **rest: Unpack[Rest],
) -> Plan:
    """The plan of manifests, prior state and an org."""
    return make(Situation(declared, prior, source or Org(), **rest)).plan


def only(found: Plan) -> PlannedChange:
    """The one change of a plan."""
    (change,) = found.changes
    return change


def moved(change: PlannedChange) -> dict[str, tuple[JsonValue, JsonValue, str]]:
    """The fields of a change: path -> before, after, origin."""
    return {one.path: (one.before, one.after, one.origin.value) for one in change.fields}


def lines(found: Plan) -> list[str]:
    """The graph of a plan as text: a line a change, with what it waits for."""
    return [
        f"{one.action.value} {one.address}" + (f" <- {', '.join(one.depends_on)}" if one.depends_on else "")
        for one in found.changes
    ]


def codes(found: Plan) -> list[str]:
    """Codes of the plan's problems, warnings in brackets."""
    return [one.code if one.severity == "error" else f"[{one.code}]" for one in found.diagnostics]


def document(found: Plan) -> JsonObject:
    """The plan as it is printed and saved."""
    return plan_document(found)


# -- an apply that is only thought -----------------------------------------------------------------------


def applied(situation: Situation) -> Situation:
    """The situation after its plan: `after` over live in the org, `record` in prior state."""
    made = make(situation)
    ids = {change.address: _id_of(change) for change in made.changes if change.action is not Action.DELETE}
    gone = {change.remote_id for change in made.changes if change.action in (Action.DELETE, Action.REPLACE)}
    entries = {found.address: found for found in situation.prior}
    collections = {
        path: {_key(one): one for one in found if _key(one) not in gone}
        for path, found in situation.org.collections.items()
    }
    for change in made.changes:
        if change.prior is not None:
            entries.pop(change.prior.address, None)
        if change.action in (Action.DELETE, Action.FORGET):
            continue
        kind = ALL_KINDS[change.address.kind]
        path = kind.endpoint.collection
        remote_id = ids[change.address]
        body = _body_after(change, collections.setdefault(path, {}).get(remote_id), ids)
        collections[path][remote_id] = {**body, kind.endpoint.remote_id: remote_id}
        assert change.resource is not None
        record = plain(_filled(change.record, ids), MASKS)
        assert isinstance(record, Mapping)
        entries[change.address] = replace(entry(change.resource, remote_id), base=record)
    for decision in made.draft.decisions.values():
        if decision.change is None and decision.entry is not None:
            record = plain(decision.record, MASKS)
            assert isinstance(record, Mapping)
            entries[decision.entry.address] = replace(decision.entry, base=record)
    after = Org({path: tuple(found.values()) for path, found in collections.items()})
    return replace(situation, prior=tuple(entries.values()), org=after)


def _key(one: JsonObject) -> str:
    return str(one.get("id", one.get("externalId")))


def _id_of(change: Change) -> str:
    kind = ALL_KINDS[change.address.kind]
    if change.remote_id and change.action is not Action.REPLACE:
        return change.remote_id
    again = "again-" if change.action is Action.REPLACE else ""
    return kind.known_id(change.after or {}) or f"id-{again}{change.address.name}"


def _body_after(change: Change, current: JsonObject | None, ids: Mapping[Address, str]) -> JsonObject:
    kind = ALL_KINDS[change.address.kind]
    managed = kind.body(_filled(change.after, ids))
    whole = overlay(current, managed, kind.field_rules) if current else managed
    revealed = substitute(whole, lambda late: PLANTED if isinstance(late, Secret) else None)
    assert isinstance(revealed, Mapping)
    version = current.get("version") if current else None
    hidden: dict[str, Tree] = {"version": version + 1 if isinstance(version, int) else 1}
    if kind.name == "Schema":
        hidden["publishedVersion"] = hidden["version"]
    shown = {name: value for name, value in revealed.items() if not kind.field_rules.member(name).write_only}
    return cast("JsonObject", {**shown, **hidden})


def _filled(tree: Tree, ids: Mapping[Address, str]) -> Tree:
    return substitute(tree, lambda late: ids[late.address] if isinstance(late, Unknown) else late)
