"""The kind mechanism: what a kind says about its resources, with a default for nearly all of it.

A kind never does I/O: it says, as values, what to read and what to send. All hooks are pure and
synchronous. What a kind does not say, the engine does: order, journal, keys, locks, undo, waiting,
convergence. The engine's laws (design.md, section 2): if every step of a change has an undo, it is applied
whole or put back; `until` is what settling is; a best-effort step that fails is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import ClassVar, Generic, Literal, TypeVar
from urllib.parse import quote

from reconciler.kinds.fields import FieldRules, SpecModel, field_rules
from reconciler.kinds.lookups import every_object
from reconciler.kinds.overlays import overlay
from reconciler.model.change import Action, Change, Check, Desired, LiveObject, Report
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.remote import Facts, Lock, Paging, Read, Request, Settled, Step, Verdict, get
from reconciler.model.resource import Resource
from reconciler.model.state import PriorEntry
from reconciler.model.values import JsonObject, Tree, TreeObject, canonical_json

REMOTE_ID = "{remote_id}"
"""Stands in a step's path for the id that an earlier step of the same change yields."""

READ_ONLY = frozenset({"id", "selfUri", "version", "dateCreated", "dateModified", "createdBy", "modifiedBy"})
"""Members that only the server writes, in every object (platform-api.md, section 3)."""

WAITED_S = "waited_s"
"""Member of a report's detail that the engine fills in: the seconds for which a change was waited for."""

S = TypeVar("S", bound=SpecModel)


class Owns(StrEnum):
    """What a kind manages."""

    OBJECTS = "objects"
    """Objects that it creates and deletes."""
    SETTINGS = "settings"
    """Settings of an object that exists without it: never unowned, never deleted."""
    EVENTS = "events"
    """Records of what happened: created once, never changed."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a kind's objects live, as data.

    Args:
        collection: path of the listing and the create; `{member}` is filled from the scope.
        natural_key: spec members that name the object among its like.
        remote_id: the member of the platform's answers that holds the id.
        read_only: members that only the server writes, besides the common ones.
        update: the verb of an update.
        key_header: carries the idempotency key of a create.
        lock: how a lost update is prevented.
        paging: how the listing is paged.
        read_scope: OAuth scope of its reads.
        write_scope: OAuth scope of its writes; includes the read scope.
    """

    collection: str
    natural_key: tuple[str, ...]
    read_scope: str
    write_scope: str
    remote_id: str = "id"
    read_only: frozenset[str] = frozenset()
    update: Literal["PUT", "PATCH"] = "PUT"
    key_header: str = "Idempotency-Key"
    lock: Lock = Lock.IF_MATCH
    paging: Paging = Paging.NUMBER
    owns: Owns = Owns.OBJECTS

    @property
    def scope(self) -> tuple[str, ...]:
        """The spec members that fill the collection's path."""
        return tuple(re.findall(r"\{(\w+)\}", self.collection))

    def collection_path(self, scope: Mapping[str, str]) -> str:
        """The listing's path within a scope; what is not known yet stays for the change runner to fill in."""
        path = self.collection
        for name, value in scope.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return path

    @property
    def collection_pattern(self) -> str:
        """Matches the listing's path in any scope; its groups are the scope."""
        return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.collection))

    def item_path(self, remote_id: str, scope: Mapping[str, str]) -> str:
        """One object's path; `REMOTE_ID` stays as it is, for the change runner to fill in."""
        tail = remote_id if remote_id == REMOTE_ID else quote(remote_id, safe="")
        return f"{self.collection_path(scope)}/{tail}"


@dataclass(frozen=True, slots=True)
class Switch:
    """A temporary turn away from the manifest that the kind asks for, or the way back (fallback).

    Args:
        document: the managed fields as they should be for the time being.
        why: for people, with the numbers.
    """

    document: TreeObject
    why: str


class Kind(Generic[S]):
    """One kind of resource. Subclasses set `name`, `spec`, `endpoint`, and override what differs."""

    name: ClassVar[str]
    spec: type[S]
    endpoint: Endpoint
    cycles: ClassVar[bool] = False
    """Whether references among live objects of this kind may form no cycle either."""

    # -- offline -----------------------------------------------------------------------------------------

    def rules(self, resource: Resource, spec: S) -> Iterable[Diagnostic]:
        """What is wrong with the manifest alone, beyond types, ranges and vocabulary."""
        return ()

    def peer_rules(self, resources: Sequence[Resource]) -> Iterable[Diagnostic]:
        """What is wrong between the manifests of this kind."""
        return ()

    def complete(self, resource: Resource) -> TreeObject:
        """The spec with the kind's own defaults for what identifies the object or is always managed."""
        return resource.spec

    def references(self, document: TreeObject) -> Iterable[tuple[str, str, str]]:
        """References by natural key instead of `$ref`: pointer inside spec, kind, natural key."""
        return ()

    def known_id(self, document: TreeObject) -> str | None:
        """The remote id, where the manifest decides it."""
        return None

    @cached_property
    def field_rules(self) -> FieldRules:
        """How documents of this kind are compared."""
        return field_rules(self.spec)

    def natural_key(self, document: TreeObject) -> str | None:
        """What names the object among its like, as text; None while a part of it is not known."""
        parts = [document.get(member) for member in self.endpoint.natural_key]
        if not all(isinstance(part, str) for part in parts):
            return None
        return canonical_json([str(part) for part in parts]) if len(parts) > 1 else str(parts[0])

    # -- reading -----------------------------------------------------------------------------------------

    def reads(
        self, resources: Sequence[Resource], prior: Sequence[PriorEntry], facts: Facts
    ) -> Iterable[Read]:
        """What planning needs to know: asked again, with more facts, until it names nothing new.

        By default a listing for each scope, then each prior entry that its listing does not show, by id.
        """
        listings = self.listings(resources, prior)
        yield from listings
        if not facts.missing(listings):
            shown = {live.remote_id for live in self.live(facts)}
            for entry in prior:
                if entry.remote_id not in shown:
                    yield from self.item_reads(entry.remote_id, entry.scope)

    def listings(self, resources: Sequence[Resource], prior: Sequence[PriorEntry]) -> tuple[Read, ...]:
        """One paged listing for each scope that manifests or prior state name."""
        scopes = [scope for resource in resources if (scope := self.scope_of(resource.spec)) is not None]
        scopes += [dict(entry.scope) for entry in prior]
        paths = dict.fromkeys(self.endpoint.collection_path(scope) for scope in scopes)
        return tuple(Read("GET", path, paging=self.endpoint.paging) for path in sorted(paths))

    def scope_of(self, document: TreeObject) -> dict[str, str] | None:
        """The members of the object's path; None while one of them is not known."""
        scope = {name: document.get(name) for name in self.endpoint.scope}
        known = {name: value for name, value in scope.items() if isinstance(value, str)}
        return known if len(known) == len(scope) else None

    def item_reads(self, remote_id: str, scope: Mapping[str, str]) -> tuple[Read, ...]:
        """What reads one object again, whole."""
        return (get(self.endpoint.item_path(remote_id, scope)),)

    def live(self, facts: Facts) -> Iterable[LiveObject]:
        """All objects of this kind that the facts show, each once; a read by id is newer than a listing."""
        found: dict[str, LiveObject] = {}
        for body, scope in self._bodies(facts):
            live = self.live_object(body, scope)
            found[live.remote_id] = live
        return found.values()

    def _bodies(self, facts: Facts) -> Iterator[tuple[JsonObject, dict[str, str]]]:
        collection = self.endpoint.collection_pattern
        by_id: list[tuple[JsonObject, dict[str, str]]] = []
        for read in facts:
            if match := re.fullmatch(collection, read.path):
                for body in facts.entities(read) or ():
                    yield body, match.groupdict()
            elif match := re.fullmatch(f"{collection}/[^/]+", read.path):
                one = facts.one(read)
                by_id += [(one, match.groupdict())] if one else []
        yield from by_id

    def live_object(self, body: JsonObject, scope: Mapping[str, str]) -> LiveObject:
        """One object of the platform's answers in the shape of `spec`."""
        hidden = READ_ONLY | self.endpoint.read_only
        return LiveObject(
            remote_id=str(body.get(self.endpoint.remote_id, "")),
            body={**scope, **{name: value for name, value in body.items() if name not in hidden}},
            scope=dict(scope),
            server={name: value for name, value in body.items() if name in hidden},
        )

    # -- the whole org -----------------------------------------------------------------------------------

    def surveys(self, facts: Facts) -> Iterable[Read]:
        """What shows every object of this kind in the org, managed or not.

        By default the collection; of one with a scope, a collection for each object that the scope may name.
        """
        scopes: list[dict[str, str]] = [{}]
        for member in self.endpoint.scope:
            holders = every_object(str(self.field_rules.member(member).names))
            yield holders
            found = facts.entities(holders) or ()
            scopes = [{**scope, member: str(holder["id"])} for scope in scopes for holder in found]
        for scope in scopes:
            yield Read("GET", self.endpoint.collection_path(scope), paging=self.endpoint.paging)

    def manifest(self, live: LiveObject) -> TreeObject | None:
        """The spec that a manifest of a live object would have; None where there is nothing to manage."""
        kept = self.field_rules.keep_declared(live.body)
        return kept if isinstance(kept, Mapping) and not live.absent else None

    def ids_in(self, document: TreeObject) -> Iterable[tuple[str, str]]:
        """Where a document holds the id of an unmanaged object: pointer inside spec, and type of look-up."""
        return self.field_rules.ids_in(document)

    # -- planning ----------------------------------------------------------------------------------------

    def desired(self, resource: Resource, live: LiveObject | None, facts: Facts) -> Desired:
        """What the org should hold: normalised, with what additive members and defaults add."""
        return Desired(self.complete(resource))

    def switch(self, resource: Resource, live: LiveObject, facts: Facts) -> Switch | None:
        """The temporary turn that is due now; None when there is none (platform-api.md, section 5)."""
        return None

    def settlement(self, live: LiveObject) -> Verdict:
        """Whether the org has finished with an object that did not settle when it was last written."""
        return Settled()

    def standing_reads(self, resource: Resource, facts: Facts) -> Iterable[Read]:
        """What `standing_checks` and `switch` need, for every resource in every plan."""
        return ()

    def standing_checks(self, resource: Resource, live: LiveObject | None, facts: Facts) -> Iterable[Check]:
        """Judged in every plan, also where nothing changes."""
        return ()

    def check_reads(self, change: Change, facts: Facts) -> Iterable[Read]:
        """What `checks` needs; asked again until it names nothing new. Mark these reads optional."""
        return ()

    def checks(self, change: Change, facts: Facts) -> Iterable[Check]:
        """Whether the org will take the change."""
        return ()

    def steps(self, change: Change, live: LiveObject | None) -> tuple[Step, ...]:
        """The requests that carry out a change, against the object as it is now."""
        match change.action:
            case Action.CREATE:
                return (self.create_step(change),)
            case Action.UPDATE | Action.ADOPT | Action.FORGET:  # a rollback may put fields back, then forget
                return (self.update_step(change, live),) if live and self._has_sent_fields(change) else ()
            case Action.REPLACE:
                return (*self._delete_steps(live), self.create_step(change))
            case Action.DELETE:
                return self._delete_steps(live)

    def create_step(self, change: Change) -> Step:
        """The POST of a whole object; its answer yields the remote id."""
        document = change.after or {}
        scope = self.scope_of(document) or {}
        return Step(
            label="create",
            request=Request("POST", self.endpoint.collection_path(scope), self.body(document)),
            key_header=self.endpoint.key_header,
            yields=f"/{self.endpoint.remote_id}",
        )

    def update_step(self, change: Change, live: LiveObject) -> Step:
        """The live object overlaid with the managed fields: nothing that is not named changes."""
        managed = self.body(change.after or {})
        whole = overlay(self.body(live.body), managed, self.field_rules)
        return Step(
            label="update",
            request=Request(self.endpoint.update, self.endpoint.item_path(live.remote_id, live.scope), whole),
            lock=self.endpoint.lock,
            managed=managed,
        )

    def _delete_steps(self, live: LiveObject | None) -> tuple[Step, ...]:
        if live is None:
            return ()
        request = Request("DELETE", self.endpoint.item_path(live.remote_id, live.scope))
        return (Step(label="delete", request=request, lock=self.endpoint.lock),)

    def body(self, document: Tree) -> Tree:
        """A document as the API takes it."""
        return self.field_rules.keep_in_body(document)

    def _has_sent_fields(self, change: Change) -> bool:
        return any(self.is_sent(found.path) for found in change.fields)

    def is_sent(self, path: str) -> bool:
        """Whether the field at a JSON pointer inside spec is ever sent."""
        member = self.field_rules.members.get(path.split("/")[1]) if path.count("/") else None
        return member is not None and member.is_sent

    def lasting(self, change: Change) -> Iterable[str]:
        """What of a change no rollback can undo, in words for whoever asks for one."""
        if self.endpoint.owns is Owns.EVENTS and change.action is Action.CREATE:
            yield "it happened: an event cannot be undone"
        is_made_again = change.action in (Action.DELETE, Action.REPLACE) and change.live is not None
        if is_made_again and self.known_id(change.before or {}) is None:
            yield f"it comes back under another id than {change.remote_id}"

    def report(self, change: Change, facts: Facts, after: LiveObject | None = None) -> Report:
        """What to tell about a change: in the plan (`after` is None), and once it has been applied."""
        return Report()
