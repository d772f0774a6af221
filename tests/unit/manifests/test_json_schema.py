"""The schema for editors agrees with validation."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.manifests.json_schema import json_schema
from reconciler.manifests.yaml_documents import read_documents
from reconciler.settings import ManifestSettings
from tests.unit.manifests.crates import CRATE, KINDS, crate, label, problems

VALID = {
    "plain": CRATE,
    "nested": crate("one", box='{colour: "#abc", size: large}', parts="[{name: a, count: 2}]"),
    "late": crate("one", note="{$ref: Label/l}", secret="{$lookup: Queue/x}"),
    "variables": crate("one", weight="'${var.w}'", open="'${var.o}'", box="{size: '${var.s}'}"),
    "lifecycle": CRATE.replace(
        "spec:", "lifecycle: {ignoreChanges: [/note, {path: /name, until: 2027-01-31}]}\nspec:"
    ),
    "other kind": label("l"),
}
INVALID = {
    "unknown field": crate("one", nte="x"),
    "wrong type": crate("one", note="7"),
    "vocabulary": crate("one", box="{size: tiny}"),
    "missing": CRATE.replace("  name: One\n", ""),
    "name": CRATE.replace("name: one", "name: ONE"),
    "kind": CRATE.replace("Crate", "Box"),
    "version": CRATE.replace("reconciler/v1", "v1"),
    "lifecycle": CRATE.replace("spec:", "lifecycle: {onRemove: keep}\nspec:"),
    "null": crate("one", note="null"),
    "other form": crate("one", note="{$look: Queue/x}"),
}


def accepts(text: str, kind: str | None = None) -> bool:
    schema: Any = json_schema(KINDS, kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    (document,) = read_documents(text, file="a.yaml", settings=ManifestSettings()).documents
    return bool(jsonschema.Draft202012Validator(schema).is_valid(document.value))


@pytest.mark.parametrize("text", VALID.values(), ids=VALID.keys())
def test_a_valid_manifest_is_accepted(text: str) -> None:
    assert accepts(text)


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID.keys())
def test_an_invalid_manifest_is_not(text: str, tmp_path: Path) -> None:
    assert not accepts(text)
    assert problems(tmp_path, text)


def test_one_kinds_schema_takes_that_kind_only() -> None:
    assert accepts(CRATE, "Crate")
    assert not accepts(label("l"), "Crate")
