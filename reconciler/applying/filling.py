"""Filling in what only the apply knows: ids of objects made a moment ago, and secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from reconciler.applying.context import AppliedObject
from reconciler.errors import StalePlan
from reconciler.kinds.base import REMOTE_ID
from reconciler.model.address import Address
from reconciler.model.ports import Secrets
from reconciler.model.values import (
    JsonValue,
    Late,
    Reference,
    Secret,
    Tree,
    TreeObject,
    Unknown,
    as_json,
    canonical_json,
    substitute,
    value_at,
)


def fill_references(tree: Tree, applied: Mapping[Address, AppliedObject]) -> Tree:
    """The tree with every unknown replaced by what the apply has told since.

    Raises:
        StalePlan: what is wanted is not there after all.
    """
    return substitute(tree, lambda late: _known(late, applied))


def fill_object(document: TreeObject, applied: Mapping[Address, AppliedObject]) -> TreeObject:
    """The same of a whole document."""
    filled = fill_references(document, applied)
    return filled if isinstance(filled, Mapping) else document


def _known(late: Late, applied: Mapping[Address, AppliedObject]) -> Tree:
    if not isinstance(late, Unknown | Reference):
        return late
    target = applied.get(late.address)
    if target is None:
        raise StalePlan(f"{late.address} has no remote id yet", address=str(late.address))
    if not late.pointer:
        return target.remote_id
    try:
        return value_at(target.document, late.pointer)
    except KeyError:
        raise StalePlan(f"{late.address} has no {late.pointer}", address=str(late.address)) from None


def reveal_secrets(tree: Tree, secrets: Secrets) -> JsonValue:
    """The body to send. It goes to the org and nowhere else.

    Numbers and order are those of the journal: under one key, a repeat after a crash is the same to the byte.
    """
    plain = as_json(
        substitute(tree, lambda late: secrets.reveal(late) if isinstance(late, Secret) else late),
        secrets.digest,
    )
    body: JsonValue = json.loads(canonical_json(plain))
    return body


def mask_secrets(tree: Tree, secrets: Secrets) -> JsonValue:
    """The same body as journal, prior state and audit may keep it."""
    return as_json(tree, secrets.digest)


def fill_path(path: str, remote_id: str | None, scope: Mapping[str, str] | None = None) -> str:
    """A step's path with the id that an earlier step yielded, and the scope that an earlier change did."""
    for name, value in (scope or {}).items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path.replace(REMOTE_ID, quote(remote_id or "", safe=""))
