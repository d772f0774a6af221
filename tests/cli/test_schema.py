"""`schema`: what editors check manifests with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from reconciler.kinds import KINDS
from tests.cli.commands import run
from tests.cli.folders import CHANNEL, CUSTOMER, INVALID, TICKET

DEMO = sorted((Path(__file__).parents[2] / "manifests").rglob("*.yaml"))


def validator(*arguments: str) -> Draft202012Validator:
    document = run("schema", *arguments).document
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def documents(text: str) -> list[Any]:
    return [document for document in yaml.safe_load_all(text) if document is not None]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_has_a_schema_of_its_own(kind: str) -> None:
    own = validator(kind)
    accepted = [d["kind"] for text in (CUSTOMER, CHANNEL) for d in documents(text) if own.is_valid(d)]

    assert set(accepted) == {kind} & {"Schema", "Channel"}


def test_schema_of_all_kinds_tells_valid_from_invalid() -> None:
    found = [validator().is_valid(documents(text)[0]) for text in (CUSTOMER, TICKET, CHANNEL, INVALID)]

    assert found == [True, True, True, False]


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.stem)
def test_demo_manifests_satisfy_it(path: Path) -> None:
    for document in documents(path.read_text(encoding="utf-8")):
        validator(document["kind"]).validate(document)


def test_unknown_kind_gets_the_nearest() -> None:
    ran = run("schema", "widget")

    assert (ran.code, "did you mean Widget?" in ran.err) == (64, True)
