"""Versions of a schema: which one a change makes, what it carries over, and where its status moves.

Versions are immutable (platform-api.md, section 8): a change of anything but the status is the version after
the newest one. Pure arithmetic over a change; knows no endpoint.
"""

from __future__ import annotations

from reconciler.kinds.fields import field_rules
from reconciler.kinds.overlays import overlay
from reconciler.kinds.schema_spec import STATUSES, SchemaSpec
from reconciler.model.change import Action, Change, LiveObject
from reconciler.model.values import Tree, TreeObject

RULES = field_rules(SchemaSpec)


def starts_anew(change: Change) -> bool:
    """Whether the schema is made, rather than changed: nothing of a live one is carried over."""
    return change.action in (Action.CREATE, Action.REPLACE)


def predecessor(change: Change) -> LiveObject | None:
    """The live schema under the same externalId; None where the change is the first to use it."""
    return None if change.action is Action.REPLACE else change.live


def whole(change: Change, live: LiveObject | None) -> TreeObject:
    """The schema as it will be: what the manifest does not name keeps its live value."""
    managed: TreeObject = change.after or {}
    if live is None or starts_anew(change):
        return managed
    document = overlay(live.body, managed, RULES)
    return document if isinstance(document, dict) else managed


def makes_version(change: Change) -> bool:
    """Whether anything but the status is written."""
    return starts_anew(change) or any(path != "/status" for path in sent_paths(change))


def sent_paths(change: Change) -> list[str]:
    """The fields that the platform is told of, labels and lifecycle aside."""
    return [found.path for found in change.fields if found.path.split("/")[1] in RULES.members]


def next_version(change: Change) -> int:
    """The version that the org will hold after the change."""
    newest = version_of(predecessor(change)) or 0
    return newest + 1 if makes_version(change) else max(newest, 1)


def version_of(live: LiveObject | None) -> int | None:
    """The version of a live schema."""
    return _whole_number(live.server.get("version")) if live else None


def published_version_of(live: LiveObject | None) -> int | None:
    """The newest version that was ever published, deprecated since or not."""
    return _whole_number(live.server.get("publishedVersion")) if live else None


def status_of(live: LiveObject | None) -> str:
    """The status of the newest version; empty where there is none."""
    return str(live.body.get("status")) if live else ""


def wanted_status(change: Change) -> str:
    """The status that the manifest asks for."""
    return str((change.after or {}).get("status", "PUBLISHED"))


def moves(before: str, after: str) -> tuple[str, ...]:
    """The statuses that a version passes through, in the platform's order; none where it would go back."""
    order: tuple[Tree, ...] = STATUSES
    if before not in order or after not in order:
        return ()
    return STATUSES[order.index(before) + 1 : order.index(after) + 1]


def planned_moves(change: Change) -> tuple[str, ...]:
    """The statuses that the change goes through after its draft, or from the live one."""
    before = "DRAFT" if makes_version(change) else status_of(change.live)
    return moves(before, wanted_status(change))


def is_going_back(change: Change) -> bool:
    """Whether only the status moves, and against the platform's order; a new version starts anew."""
    live, wanted = status_of(change.live), wanted_status(change)
    return not makes_version(change) and live != wanted and not moves(live, wanted)


def _whole_number(value: Tree) -> int | None:
    """A version as the org wrote it: in JSON, `2.0` is the number `2`."""
    return int(value) if isinstance(value, int | float) and value == int(value) else None
