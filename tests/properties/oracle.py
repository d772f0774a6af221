"""What a manifest means for an org's object, said a second time and without a line of the product's.

Plain recursion over JSON: what the manifest names must be so, what it does not name must stay so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox import seed_id
from tests.properties.specs import MATRICES, Spec

Document = dict[str, Any]

SERVER = frozenset(
    {"id", "selfUri", "version", "dateCreated", "dateModified", "createdBy", "modifiedBy"}
    | {"status", "statusReason", "renderStatus", "publishedVersion"}
)
"""What the platform writes by itself; a schema's status is ours, and compared on its own."""
LOCAL = frozenset({"preflight", "activation", "fallback"})
KEYED = {"fields": "name", "filters": "name"}
WHOLE = frozenset({"constraints", "schedules", "metrics", "values"})
_PLACE = re.compile(r"\$\{env\.([A-Z_]+)\}")


@dataclass(frozen=True, slots=True)
class Values:
    """What late values stand for.

    Args:
        refer: the value of a `$ref`, by address and pointer.
    """

    environ: Mapping[str, str]
    refer: Callable[[str, str], Any]

    def of(self, tree: Any) -> Any:  # noqa: ANN401
        """The tree as the org should have it."""
        if isinstance(tree, str):
            return _PLACE.sub(lambda place: self.environ[place.group(1)], tree)
        if isinstance(tree, list):
            return [self.of(each) for each in tree]
        if not isinstance(tree, dict):
            return tree
        if "$ref" in tree:
            address, _, pointer = tree["$ref"].partition("#")
            return self.refer(address, pointer)
        if "$lookup" in tree:
            kind, _, name = tree["$lookup"].partition("/")
            return seed_id(kind.lower(), _full_name(name))
        return {name: self.of(value) for name, value in tree.items()}


def _full_name(name: str) -> str:
    """A user's name from the e-mail."""
    local, at, _ = name.partition("@")
    return local.replace(".", " ").title() if at else name


def wanted_of(document: Document, values: Values) -> Spec:
    """What a manifest asks for, defaults included and without what is never sent."""
    spec = {name: value for name, value in document["spec"].items() if name not in LOCAL}
    if document["kind"] == "Schema":
        spec = {"externalId": document["metadata"]["name"], "status": "PUBLISHED", **spec}
    found: Spec = values.of(spec)
    return found


# -- what is named is so ---------------------------------------------------------------------------------


def differences(wanted: Any, live: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401
    """Where an object is not as its manifest says."""
    member = at.rpartition("/")[2]
    if member in KEYED:
        ours, theirs = (_by_key(side, KEYED[member]) for side in (wanted, live))
        if ours.keys() != theirs.keys():
            yield f"{at}: has {sorted(theirs)}, not {sorted(ours)}"
        for key in ours.keys() & theirs.keys():
            yield from differences(ours[key], theirs[key], f"{at}/{key}")
    elif isinstance(wanted, dict) and isinstance(live, dict) and member not in WHOLE:
        for name, value in wanted.items():
            if name in live:
                yield from differences(value, live[name], f"{at}/{name}")
            else:
                yield f"{at}/{name}: is not there"
    elif _plain(wanted, member) != _plain(live, member):
        yield f"{at}: is {live!r}, not {wanted!r}"


def _plain(value: Any, member: str) -> Any:  # noqa: ANN401
    """A value in a form that is equal where the platform sees no difference."""
    if member.endswith("Color"):
        text = str(value).lower()
        return "#" + "".join(2 * digit for digit in text[1:]) if len(text) == 4 else text
    return set(value) if member == "values" else value


def _by_key(items: Any, key: str) -> Mapping[str, Any]:  # noqa: ANN401
    return {str(item[key]): item for item in items} if isinstance(items, list) else {}


# -- what is not named stays -----------------------------------------------------------------------------


def losses(before: Any, after: Any, named: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401
    """Where a write has altered what the manifest does not name."""
    member = at.rpartition("/")[2]
    if member in KEYED and isinstance(named, list):
        sides = [_by_key(side, KEYED[member]) for side in (before, after, named)]
        for key in sides[0].keys() & sides[1].keys() & sides[2].keys():
            yield from losses(sides[0][key], sides[1][key], sides[2][key], f"{at}/{key}")
    elif isinstance(before, dict) and isinstance(named, dict) and member not in WHOLE:
        for name, value in before.items():
            if name in named:
                yield from losses(value, (after or {}).get(name), named[name], f"{at}/{name}")
            elif (at or name not in SERVER) and (after or {}).get(name) != value:
                yield f"{at}/{name}: was {value!r}, is {(after or {}).get(name)!r}"


# -- weight matrices -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seats:
    """A queue with its members, by user."""

    queue: Document
    members: Mapping[str, Document]

    @classmethod
    def of(cls, name: str, objects: Mapping[str, Mapping[str, Document]]) -> Seats:
        """The queue that a matrix of this name is about."""
        queue_id = seed_id("queue", MATRICES[name])
        members = {
            str(found["user"]["id"]): found
            for found in objects["members"].values()
            if found["queueId"] == queue_id
        }
        return cls(objects["queues"][queue_id], members)


_SETTINGS = {"overflowThreshold": "utilizationThreshold", "wrapUpTimeout": "wrapUpTimeout"}


def matrix_differences(wanted: Spec, seats: Seats) -> Iterator[str]:
    """Where a queue is not as its matrix says."""
    for name, sent in _SETTINGS.items():
        if name in wanted and wanted[name] != seats.queue[sent]:
            yield f"{name}: is {seats.queue[sent]}, not {wanted[name]}"
    listed = {member["userId"]: member for member in wanted["members"]}
    for user, found in seats.members.items():
        member = listed.get(user)
        if member is None and wanted.get("membersMode") != "authoritative":
            continue
        weight = member["weight"] if member else 0
        if found["score"] != weight:
            yield f"{user}: has {found['score']}, not {weight}"
        if member and member.get("routingType", found["routingType"]) != found["routingType"]:
            yield f"{user}: is {found['routingType']}, not {member['routingType']}"


def matrix_losses(before: Seats, after: Seats, wanted: Spec | None) -> Iterator[str]:
    """Where a queue was altered beyond what its matrix says; without one everything stays."""
    spec = wanted or {"members": []}
    named = {sent for name, sent in _SETTINGS.items() if name in spec}
    for name, value in before.queue.items():
        if name not in named | SERVER and after.queue[name] != value:
            yield f"{name}: was {value}, is {after.queue[name]}"
    listed = {member["userId"]: member for member in spec["members"]}
    for user, member in before.members.items():
        found = after.members[user]
        is_silenced = spec.get("membersMode") == "authoritative"
        if user not in listed and not is_silenced and found["score"] != member["score"]:
            yield f"{user}: had {member['score']}, has {found['score']}"
        if "routingType" not in listed.get(user, {}) and found["routingType"] != member["routingType"]:
            yield f"{user}: was {member['routingType']}, is {found['routingType']}"
