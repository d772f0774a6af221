"""The loader under manifests that somebody damaged, through the command that reads them and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ExitCode
from tests.cli.commands import Ran, run
from tests.hostile.laws import as_bytes, assert_located, assert_told, soaking, usual
from tests.hostile.mutations import mangled_bytes, mangled_trees
from tests.simulated.apply.manifests import channel, matrix, schema, text_field, weights, widget

CONFIGURATION = """\
apiVersion: reconciler/v1
kind: Config
defaultOrg: sandbox
environment: [PATH]
vars: {small: 1, text: some, list: [a, b], nested: {a: {b: c}}}
orgs: {sandbox: {sandbox: true}}
"""
ENDS = (ExitCode.OK, ExitCode.INVALID)
DEMO = Path(__file__).parents[2] / "manifests"

FILTER = {"name": "queueId", "type": "dimension", "values": ["q"]}
MANIFESTS: tuple[Any, ...] = (
    widget("a", config={"metrics": [{"name": "nOffered", "type": "count"}], "filters": [FILTER]}),
    channel("b", fallback={"offline": True, "minAgentsAvailable": 2, "maxLongestWait": 60}),
    matrix("c", members=weights(ada=0.3, ben=0.4), overflowThreshold=0.5, projectedLoad=0.2),
    schema(
        "d",
        [
            text_field("t", constraints={"pattern": "^a+$", "maxLength": 10}),
            {"name": "n", "fieldtype": "number", "constraints": {"min": 1, "max": 9}},
            {"name": "e", "fieldtype": "string", "constraints": {"enum": ["a", "b"]}},
            {"name": "r", "fieldtype": "reference", "constraints": {"referencedType": "elsewhere"}},
        ],
        description="${var.text} of ${env.PATH}",
        lifecycle={"ignoreChanges": ["/description", {"path": "/name", "until": "2027-01-31"}]},
        metadata={"labels": {"team": "care"}, "formerly": ["old"]},
    ),
)
TEXTS = (
    *(path.read_bytes() for path in sorted(DEMO.rglob("*.yaml"))),
    b"x: &a [1, *b]\ny: &b {k: *a, <<: *a}\n--- !!set {a, b}\n",
)
FORMATS = st.sampled_from(("json", "text", "github"))


@contextmanager
def project(folder: Path) -> Iterator[Path]:
    """A configured project; its manifests folder."""
    (folder / "reconciler.yaml").write_text(CONFIGURATION)
    (folder / "manifests").mkdir(exist_ok=True)
    yield folder / "manifests"


def validated(folder: Path, name: str, content: bytes, how: str) -> Ran:
    """What `validate` says of one file."""
    file = folder / "manifests" / name
    file.write_bytes(content)
    try:
        return run("validate", "--config", str(folder / "reconciler.yaml"), "--format", how)
    finally:
        file.unlink()


def check(ran: Ran, how: str) -> None:
    """The laws of a validation."""
    assert_told(ran, ENDS)
    if how == "json":
        assert_located(ran)
        assert ran.document["valid"] is (ran.code == ExitCode.OK)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One project for all examples."""
    folder = tmp_path_factory.mktemp("loader")
    with project(folder):
        yield folder


def read_damaged_text(place: Path, content: bytes, how: str) -> None:
    for name in ("a.yaml", "a.json"):
        check(validated(place, name, content, how), how)


def read_damaged_manifests(place: Path, tree: Any, how: str, *, as_yaml: bool) -> None:  # noqa: ANN401
    if as_yaml:
        text = yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass")
        check(validated(place, "a.yaml", text, how), how)
    else:
        check(validated(place, "a.json", as_bytes(tree), how), how)


@usual
@given(content=mangled_bytes(TEXTS), how=FORMATS)
def test_damaged_text_ends_in_diagnostics(place: Path, content: bytes, how: str) -> None:
    read_damaged_text(place, content, how)


@usual
@given(tree=mangled_trees(MANIFESTS), how=FORMATS, as_yaml=st.booleans())
def test_damaged_manifests_end_in_diagnostics(place: Path, tree: Any, how: str, as_yaml: bool) -> None:  # noqa: ANN401
    read_damaged_manifests(place, tree, how, as_yaml=as_yaml)


@pytest.mark.soak
@soaking
@given(content=mangled_bytes(TEXTS), how=FORMATS)
def test_any_damaged_text_ends_in_diagnostics(place: Path, content: bytes, how: str) -> None:
    read_damaged_text(place, content, how)


@pytest.mark.soak
@soaking
@given(tree=mangled_trees(MANIFESTS, most=6), how=FORMATS, as_yaml=st.booleans())
def test_any_damaged_manifests_end_in_diagnostics(place: Path, tree: Any, how: str, as_yaml: bool) -> None:  # noqa: ANN401
    read_damaged_manifests(place, tree, how, as_yaml=as_yaml)


def test_the_manifests_are_valid_before_they_are_damaged(place: Path) -> None:
    for content in TEXTS[:-1]:
        assert validated(place, "a.yaml", content, "text").code in ENDS
    for document in MANIFESTS:
        ran = validated(place, "a.json", json.dumps(document).encode(), "json")
        assert ran.code == ExitCode.OK, ran.out
