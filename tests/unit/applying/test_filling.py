"""Filling in what only the apply knows: ids, values of targets, secrets, and paths."""

from __future__ import annotations

import pytest

from reconciler.applying.context import AppliedObject
from reconciler.applying.filling import (
    fill_object,
    fill_path,
    fill_references,
    mask_secrets,
    reveal_secrets,
)
from reconciler.errors import StalePlan
from reconciler.model.address import Address
from reconciler.model.values import Secret, Unknown

FIRST = Address("Widget", "first")
APPLIED = {FIRST: AppliedObject("w-1", {"name": "First", "config": {"metrics": [{"name": "nOffered"}]}})}
KEY = Secret("key ${env.KEY}", ("KEY",))


class Secrets:
    """One secret."""

    def reveal(self, secret: Secret) -> str:
        return f"value of {secret.names[0]}"

    def digest(self, secret: Secret) -> str:
        return f"digest of {secret.names[0]}"

    def digest_text(self, text: str) -> str:
        return f"digest of {text}"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("", "w-1"), ("/name", "First"), ("/config/metrics/0/name", "nOffered")],
)
def test_unknown_becomes_what_the_apply_told(pointer: str, value: str) -> None:
    assert fill_references({"a": [Unknown(FIRST, pointer)]}, APPLIED) == {"a": [value]}


@pytest.mark.parametrize("unknown", [Unknown(Address("Widget", "other")), Unknown(FIRST, "/nothing")])
def test_what_nobody_told_is_stale(unknown: Unknown) -> None:
    with pytest.raises(StalePlan, match=str(unknown.address)):
        fill_object({"a": unknown}, APPLIED)


def test_secrets_stay_secret_until_they_are_sent() -> None:
    body = fill_references({"key": KEY, "id": Unknown(FIRST)}, APPLIED)

    assert mask_secrets(body, Secrets()) == {"key": {"$secret": "digest of KEY"}, "id": "w-1"}
    assert reveal_secrets(body, Secrets()) == {"key": "value of KEY", "id": "w-1"}


def test_path_takes_ids_as_one_segment_each() -> None:
    path = fill_path("/boards/{boardId}/widgets/{remote_id}/refresh", "a/b", {"boardId": "x y"})
    assert path == "/boards/x%20y/widgets/a%2Fb/refresh"
