"""Saved plans that somebody altered: read or refused by `show`, never carried out as they say by `apply`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli.options import PlanFormat
from reconciler.errors import ExitCode
from tests.hostile.laws import as_bytes, assert_told, soaking, usual
from tests.hostile.mutations import mangled_bytes, mangled_trees
from tests.hostile.projects import Victim, victim

SHOWN = (ExitCode.OK, ExitCode.CONFIG)
APPLIED = (
    *(ExitCode.OK, ExitCode.ERROR, ExitCode.REFUSED, ExitCode.STALE, ExitCode.PARTIAL),
    *(ExitCode.USAGE, ExitCode.INVALID, ExitCode.CONFIG),
)
NOTHING_SENT = (ExitCode.REFUSED, ExitCode.STALE, ExitCode.USAGE, ExitCode.INVALID, ExitCode.CONFIG)
FORMATS = st.sampled_from([found.value for found in PlanFormat])
Requests: TypeAlias = frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Saved:
    """A project whose org refuses every write, its saved plan, and what that plan's changes try to send."""

    project: Victim
    document: Any
    expected: Requests

    def write(self, content: bytes) -> str:
        """Puts a plan in the plan's place."""
        file = self.project.folder / "plan.json"
        file.write_bytes(content)
        return str(file)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saved]:
    """One project for all examples."""
    with victim(tmp_path_factory.mktemp("plans") / "project") as project:
        file = project.folder / "plan.json"
        assert project.run("plan", "--out", str(file)).code == ExitCode.OK
        document = json.loads(file.read_bytes())
        project.refuse_writes()
        found = Saved(project, document, frozenset())
        yield Saved(project, document, _sent_by_each_change(found))


def _sent_by_each_change(saved: Saved) -> Requests:
    found: Requests = frozenset()
    for change in saved.document["changes"]:
        alone = {**saved.document, "changes": [change]}
        found |= apply(saved, as_bytes(alone))
    assert len(found) >= len(saved.document["changes"]) - 1, found
    return found


def apply(saved: Saved, content: bytes) -> Requests:
    """Applies a plan file, and says what was sent to change the org."""
    saved.project.restore()
    ran = saved.project.run("apply", saved.write(content))
    requests = frozenset(
        (each.method, each.path, json.dumps(each.body)) for each in saved.project.org.mutations()
    )
    assert_told(ran, APPLIED)
    assert not requests or ran.code not in NOTHING_SENT
    return requests


def show(saved: Saved, content: bytes, how: str) -> None:
    """Shows a plan file, which asks nobody anything."""
    saved.project.org.forget_requests()
    ran = saved.project.run("show", saved.write(content), "--format", how)
    assert_told(ran, SHOWN)
    assert saved.project.org.requests == ()
    if ran.code == ExitCode.CONFIG and how == "json":
        assert ran.codes == ["plan.format"]


@usual
@given(data=st.data(), how=FORMATS)
def test_damaged_plan_is_shown_or_refused(saved: Saved, data: st.DataObject, how: str) -> None:
    show(saved, as_bytes(data.draw(mangled_trees([saved.document]))), how)


@usual
@given(data=st.data(), how=FORMATS)
def test_damaged_text_of_a_plan_is_shown_or_refused(saved: Saved, data: st.DataObject, how: str) -> None:
    show(saved, data.draw(mangled_bytes([as_bytes(saved.document)])), how)


@settings(usual, max_examples=25)
@given(data=st.data())
def test_damaged_plan_sends_nothing_of_its_own(saved: Saved, data: st.DataObject) -> None:
    assert apply(saved, as_bytes(data.draw(mangled_trees([saved.document], most=2)))) <= saved.expected


@pytest.mark.soak
@soaking
@given(data=st.data(), how=FORMATS)
def test_any_damaged_plan_is_shown_or_refused(saved: Saved, data: st.DataObject, how: str) -> None:
    show(saved, as_bytes(data.draw(mangled_trees([saved.document], most=4))), how)


@pytest.mark.soak
@soaking
@given(data=st.data(), how=FORMATS)
def test_any_damaged_text_of_a_plan_is_shown_or_refused(saved: Saved, data: st.DataObject, how: str) -> None:
    show(saved, data.draw(mangled_bytes([as_bytes(saved.document)])), how)


@pytest.mark.soak
@soaking
@given(data=st.data())
def test_any_damaged_plan_sends_nothing_of_its_own(saved: Saved, data: st.DataObject) -> None:
    assert apply(saved, as_bytes(data.draw(mangled_trees([saved.document], most=3)))) <= saved.expected
