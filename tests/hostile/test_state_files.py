"""`state push` of files that somebody altered, and what the commands do with a state that came in so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ExitCode
from tests.hostile.laws import as_bytes, assert_told, soaking, usual
from tests.hostile.mutations import mangled_bytes, mangled_trees
from tests.hostile.projects import Victim, victim

PUSHED = (ExitCode.OK, ExitCode.CONFIG)
LOOKED = (ExitCode.OK, ExitCode.CONFIG, ExitCode.ERROR, ExitCode.USAGE)
PLANNED = (ExitCode.OK, ExitCode.REFUSED, ExitCode.CONFIG, ExitCode.ERROR, ExitCode.INVALID)


@dataclass(frozen=True, slots=True)
class Pulled:
    """A project, and the file of its state: as it is, and as of one serial later."""

    project: Victim
    text: str
    newer: Any

    @classmethod
    def of(cls, project: Victim) -> Pulled:
        """Pulls."""
        text = pull(project)
        return cls(project, text, {**json.loads(text), "serial": 1000})


def pull(project: Victim) -> str:
    file = project.folder / "pulled.json"
    ran = project.run("state", "pull", str(file))
    assert ran.code == ExitCode.OK, ran.err
    return file.read_text()


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulled]:
    """One project for all examples."""
    with victim(tmp_path_factory.mktemp("states") / "project") as made:
        yield Pulled.of(made)


def push(pulled: Pulled, content: bytes) -> None:
    """Taken whole or refused whole; and what was taken is no defect of any command."""
    project = pulled.project
    project.restore()
    file = project.folder / "pushed.json"
    file.write_bytes(content)

    ran = project.run("state", "push", str(file))

    assert_told(ran, PUSHED)
    if ran.code == ExitCode.OK:
        look_at(project)
    else:
        assert pull(project) == pulled.text
    assert project.org.requests == ()


def look_at(project: Victim) -> None:
    """No command that only looks has a defect, or sends anything that changes the org."""
    for arguments in (
        ("state", "list"),
        ("state", "show", "Schema/customer"),
        ("audit", "list"),
        ("audit", "verify"),
        ("graph",),
    ):
        assert_told(project.run(*arguments), LOOKED)
    assert_told(project.run("plan", "--show-requests"), PLANNED)
    assert_told(project.run("plan", "--destroy", "--format", "json"), PLANNED)
    assert project.org.mutations() == ()
    project.org.forget_requests()


@usual
@given(data=st.data())
def test_damaged_state_file_is_refused_or_read_whole(pulled: Pulled, data: st.DataObject) -> None:
    push(pulled, as_bytes(data.draw(mangled_trees([pulled.newer]))))


@usual
@given(data=st.data())
def test_damaged_text_of_a_state_file_changes_nothing(pulled: Pulled, data: st.DataObject) -> None:
    push(pulled, data.draw(mangled_bytes([as_bytes(pulled.newer)])))


@pytest.mark.soak
@soaking
@given(data=st.data())
def test_any_damaged_state_file_is_refused_or_read_whole(pulled: Pulled, data: st.DataObject) -> None:
    push(pulled, as_bytes(data.draw(mangled_trees([pulled.newer], most=5))))


@pytest.mark.soak
@soaking
@given(data=st.data())
def test_any_damaged_text_of_a_state_file_changes_nothing(pulled: Pulled, data: st.DataObject) -> None:
    push(pulled, data.draw(mangled_bytes([as_bytes(pulled.newer)])))
