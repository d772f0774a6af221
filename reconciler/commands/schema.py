"""`schema`: the JSON Schema of manifests, for editors."""

from __future__ import annotations

from reconciler.errors import UsageError
from reconciler.kinds import KINDS
from reconciler.manifests.json_schema import json_schema
from reconciler.manifests.suggestions import did_you_mean, listed
from reconciler.model.values import JsonObject


def schema_of(kind: str | None) -> JsonObject:
    """The schema of one kind's manifests, or of all kinds'.

    Raises:
        UsageError: there is no such kind.
    """
    if kind is not None and kind not in KINDS:
        near = did_you_mean(kind, KINDS, otherwise=f"the kinds are {listed(KINDS)}")
        raise UsageError(f"there is no kind {kind}", hint=near)
    return json_schema(KINDS, kind)
