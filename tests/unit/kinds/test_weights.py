"""Which weights a matrix wants: additive, authoritative, normalised."""

from __future__ import annotations

from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.remote import Facts
from reconciler.model.values import Tree, TreeObject
from tests.unit.kinds.matrices import KIND, facts_of, live_of, manifest, members_of


def _wanted(weights: dict[str, float], live: dict[str, float], **spec: Tree) -> tuple[Tree, tuple[str, ...]]:
    facts = facts_of(members_of(live))
    desired = KIND.desired(manifest(weights, **spec), live_of(facts), facts)
    return desired.document["members"], desired.notes


def _members(**weights: float) -> list[TreeObject]:
    return [{"userId": user, "weight": weight} for user, weight in weights.items()]


def test_additive_wants_the_listed_members_alone() -> None:
    assert _wanted({"u1": 0.3}, {"u1": 0.2, "u2": 0.4}) == (_members(u1=0.3), ())


def test_authoritative_wants_the_others_at_zero() -> None:
    live = {"u4": 0.1, "u1": 0.2, "u2": 0.4, "u3": 0.0}

    assert _wanted({"u1": 0.3}, live, membersMode="authoritative") == (
        _members(u1=0.3, u2=0.0, u3=0.0, u4=0.0),
        ("2 members not listed: weight 0 (membersMode: authoritative)",),
    )


@pytest.mark.parametrize(
    ("weights", "others", "mode", "wanted", "note"),
    [
        ({"u1": 0.6, "u2": 0.6}, {}, "additive", {"u1": 0.5, "u2": 0.5}, "from a sum of 1.2 to 1"),
        ({"u1": 0.6, "u2": 0.6}, {"u3": 0.4}, "additive", {"u1": 0.3, "u2": 0.3}, "from a sum of 1.2 to 0.6"),
        (
            {"u1": 0.5, "u2": 0.3},
            {"u3": 0.4},
            "additive",
            {"u1": 0.375, "u2": 0.225},
            "from a sum of 0.8 to 0.6",
        ),
        ({"u1": 1, "u2": 0.5}, {"u3": 1}, "additive", {"u1": 0, "u2": 0}, "from a sum of 1.5 to 0"),
        ({"u1": 0.5, "u2": 0.3}, {"u3": 0.2}, "additive", {"u1": 0.5, "u2": 0.3}, None),
        ({"u1": 0.2}, {}, "additive", {"u1": 0.2}, None),
        ({"u1": 0.0}, {"u3": 1.0}, "additive", {"u1": 0.0}, None),
        ({"u1": 0.0}, {"u3": 1.0, "u4": 0.2}, "additive", {"u1": 0.0}, None),
        ({"u1": 1 / 3, "u2": 2 / 3}, {}, "additive", {"u1": 1 / 3, "u2": 2 / 3}, None),
        (
            {"u1": 1, "u2": 1, "u3": 1},
            {},
            "additive",
            dict.fromkeys(("u1", "u2", "u3"), 0.333333),
            "from a sum of 3 to 0.999999",
        ),
    ],
)
def test_normalising_fits_into_what_the_others_leave(
    weights: dict[str, float], others: dict[str, float], mode: str, wanted: dict[str, float], note: str | None
) -> None:
    found, notes = _wanted(
        weights, {**dict.fromkeys(weights, 0.0), **others}, membersMode=mode, normalize=True
    )

    assert found == _members(**wanted)
    assert notes == ((f"normalised {note}",) if note else ())


def test_normalising_an_authoritative_matrix_has_the_whole_queue() -> None:
    found, _ = _wanted({"u1": 0.9, "u2": 0.9}, {"u3": 0.8}, membersMode="authoritative", normalize=True)

    assert found == _members(u1=0.5, u2=0.5, u3=0.0)


SHARES = st.floats(0, 1, allow_subnormal=False)


@given(weights=st.lists(SHARES, min_size=1, max_size=12), others=st.lists(SHARES, max_size=8))
def test_normalised_weights_never_sum_to_more_than_is_left(weights: list[float], others: list[float]) -> None:
    live = {f"o{n}": share / max(1, len(others)) for n, share in enumerate(others)}
    asked = {f"u{n}": weight for n, weight in enumerate(weights)}
    found, notes = _wanted(asked, live, normalize=True)

    assert isinstance(found, list)
    wanted = [one["weight"] for one in found]
    assert fsum([*wanted, *live.values()]) <= (1.0 if notes else 1.0 + 1e-9)
    assert all(0 <= new <= old for new, old in zip(wanted, weights, strict=True))


def test_without_a_live_queue_the_manifest_is_what_is_wanted() -> None:
    resource = manifest({"u1": 0.3}, membersMode="authoritative")

    assert KIND.desired(resource, None, Facts()).document == resource.spec
