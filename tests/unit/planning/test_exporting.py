"""Names of exported manifests."""

from __future__ import annotations

import pytest

from reconciler.planning.exporting import slug


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Überblick: Größe", "uberblick-grosse"),
        ("cafe\u0301 & Café", "cafe-cafe"),
        ("日本語", ""),
        ("${env.HOME} <b>", "env.home-b"),
        ("x" * 200, "x" * 100),
        ("_a b_", "a-b"),
    ],
)
def test_name_is_made_of_what_may_stand_in_one(text: str, name: str) -> None:
    assert slug(text) == name
