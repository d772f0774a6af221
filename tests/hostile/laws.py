"""What holds of every command, whatever it was given: a documented end, a diagnostic, and no defect."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path

from hypothesis import HealthCheck, settings

from reconciler.errors import ExitCode
from tests.cli.commands import Ran

usual = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
    ],
)
soaking = settings(usual, max_examples=20_000, derandomize=False, print_blob=True)

FAMILIES = (
    "manifest reference variable lookup config state auth remote plan widget channel weightmatrix schema"
)
_CODE = re.compile(rf"(?:{FAMILIES.replace(' ', '|')}|weights)\.[a-z-]+|usage|scopes")
_DEFECTS = ("Traceback (most recent call last)", "internal error", "[internal]", '"internal"')


def assert_told(ran: Ran, codes: Collection[ExitCode]) -> None:
    """The command ended with one of these exit codes, and told no defect."""
    shown = ran.out[-2000:] + ran.err[-4000:]
    assert not any(sign in ran.err or sign in ran.out for sign in _DEFECTS), shown
    assert ran.code in codes, (ran.code, shown)


def assert_located(ran: Ran) -> None:
    """Each diagnostic of a JSON document has a documented code, and words."""
    for found in ran.document["diagnostics"]:
        assert _CODE.fullmatch(found["code"]), found
        assert found["message"].strip(), found
        assert (found["line"] or 1) >= 1, found


def file_tree(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def as_bytes(tree: object) -> bytes:
    """A document as JSON; what no JSON can hold is written as Python's reader takes it."""
    return json.dumps(tree).encode()
