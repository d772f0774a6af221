"""Saved plans come back exactly, or are refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ConfigError, ExitCode
from reconciler.model.change import Action
from reconciler.model.values import JsonValue
from reconciler.reports import plan_document, plan_from_document, to_text
from tests.unit.reports.builders import change, field, plan, rich_plan

Document = dict[str, Any]

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab$/~é"), inner, max_size=3)
)


def test_round_trip_is_exact() -> None:
    text = to_text(plan_document(rich_plan()))

    assert plan_from_document(text) == rich_plan()
    assert to_text(plan_document(plan_from_document(text.encode()))) == text


@given(VALUES, VALUES)
def test_any_value_survives(before: JsonValue, after: JsonValue) -> None:
    saved = plan(change("Widget/a", Action.UPDATE, fields=(field("/a", before, after),), after={"a": after}))

    assert plan_from_document(to_text(plan_document(saved))) == saved


def changed(edit: Callable[[Document], object]) -> str:
    document = json.loads(to_text(plan_document(rich_plan())))
    edit(document)
    return json.dumps(document)


def put(pointer: str, value: object) -> Callable[[Document], object]:
    *path, last = pointer.split(".")

    def edit(document: Document) -> None:
        node: Any = document
        for token in path:
            node = node[int(token)] if isinstance(node, list) else node[token]
        node[last] = value

    return edit


DEEP = "[" * 150 + "]" * 150
DEEPER = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is not JSON"),
        (b"\xff\xfe", "it is not UTF-8"),
        ("\ud800", "it is not UTF-8"),
        ("[]", "no known format"),
        (
            '{"format": "reconciler.plan/2"}',
            'it says "reconciler.plan/2"; this version reads reconciler.plan/1',
        ),
        ('{"format": "reconciler.plan/1"}', "/tool_version: Field required"),
        ('{"format": "x", "format": "reconciler.plan/1"}', "names one key twice"),
        ('{"format": NaN}', "NaN is no JSON"),
        ('{"format": 1e999}', "1e999 is no number"),
        ('{"format": ' + "9" * 5000 + "}", "it is not JSON"),
        (DEEP, "nests deeper than 100 levels"),
        (DEEPER, "nests deeper than 100 levels"),
        (changed(put("extra", 1)), "/extra is not what a plan"),
        (changed(put("changes.0.hidden", 1)), "/changes/0/hidden is not what a plan"),
        (changed(put("changes.0.source.column", 1)), "/changes/0/source/column is not"),
        (changed(put("basis.more", {})), "/basis/more is not what a plan"),
        (changed(put("changes.0.action", "explode")), "/changes/0/action: Input should be"),
        (changed(put("changes.0.requests", "2")), "/changes/0/requests: Input should be a valid integer"),
        (changed(put("changes.0.depends_on", "Schema/a")), "/changes/0/depends_on: Input should be"),
        (changed(put("applyable", 1)), "/applyable: Input should be a valid boolean"),
        (changed(put("changes.0.report", [])), "/changes/0/report: Input should be an object"),
        (changed(lambda document: document.pop("checks")), "/checks is not what a plan"),
        (changed(lambda document: document["changes"][0].pop("fields")), "/changes/0/fields: "),
        (changed(put("changes.0.name", "\ud800")), "the document: Invalid JSON"),
    ],
)
def test_damaged_document_is_refused(text: str | bytes, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        plan_from_document(text)

    assert caught.value.code == "plan.format"
    assert caught.value.exit_code is ExitCode.CONFIG
    assert caught.value.hint == "make it again with `reconciler plan --out FILE`"


@pytest.mark.parametrize("pointer", ["changes.0.report", "checks.0.data", "basis.options"])
def test_open_members_may_hold_anything(pointer: str) -> None:
    text = changed(put(pointer, {"new": {"a": [1, None]}}))

    assert json.loads(to_text(plan_document(plan_from_document(text)))) == json.loads(text)


def test_too_large_a_document_is_not_even_read() -> None:
    with pytest.raises(ConfigError, match="it is larger than"):
        plan_from_document("x" * 11, max_bytes=10)
