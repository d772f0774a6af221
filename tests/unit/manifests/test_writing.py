"""Manifests that are written are read back as the same values."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.manifests.writing import manifest_document, to_yaml
from reconciler.manifests.yaml_documents import read_documents
from reconciler.model.address import Address
from reconciler.model.values import JsonValue, Lookup, Reference, Tree
from reconciler.settings import ManifestSettings


def read_back(text: str) -> JsonValue:
    """The one document of a text."""
    content = read_documents(text, file="a.yaml", settings=ManifestSettings())
    assert content.diagnostics == ()
    (document,) = content.documents
    assert document.diagnostics == ()
    return document.value


TEXTS = (
    *("no", "1e3", "0x1F", "0o17", "22:30", "007", "+1", ".inf", "null", "~", "", " a ", "a: b", "#a"),
    *("2026-01-02", "a\nb", "a\n\n", "  a\n b", "\ttab", "{a", "'q\"", "ä😀", "<<", "=", "!tag", "%a"),
    *("- a", "*a", "@a", "`a"),
)


@pytest.mark.parametrize("text", TEXTS)
def test_text_stays_text(text: str) -> None:
    assert read_back(to_yaml({"a": text, text or "b": ["x", text]})) == {"a": text, text or "b": ["x", text]}


letters = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zl", "Zp"], exclude_characters="\ufeff\x85")
)
scalars = st.one_of(letters, st.integers(-(2**53), 2**53), st.booleans(), st.floats(-1e9, 1e9))
trees: st.SearchStrategy[JsonValue] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(letters.filter(bool), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(letters.filter(bool), trees, min_size=1, max_size=3))
def test_any_document_is_read_back_as_it_was(document: dict[str, JsonValue]) -> None:
    assert read_back(to_yaml(document)) == document


@pytest.mark.parametrize("number", [10**21, -(2**64), 2**64 - 1])
def test_whole_number_of_any_size_is_read_back(number: int) -> None:
    assert read_back(to_yaml({"a": number})) == {"a": number}


def test_same_value_again_is_written_again() -> None:
    shared: list[JsonValue] = ["x"]

    assert "&" not in to_yaml({"a": shared, "b": shared})


def test_late_values_are_written_as_manifests_say_them_and_placeholders_escaped() -> None:
    spec: dict[str, Tree] = {
        "queue": Lookup("Queue", "Support"),
        "target": Reference(Address("Schema", "a"), "/name"),
        "text": "costs ${5}",
        "score": 1.0,
    }

    assert to_yaml(manifest_document(Address("Widget", "x"), spec)) == (
        "apiVersion: reconciler/v1\n"
        "kind: Widget\n"
        "metadata: {name: x}\n"
        "spec:\n"
        "  queue: {$lookup: Queue/Support}\n"
        "  target: {$ref: Schema/a#/name}\n"
        "  text: costs $${5}\n"
        "  score: 1\n"
    )
