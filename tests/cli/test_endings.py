"""However an apply ends: one command to run next, which works as it stands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.cli.main import main
from reconciler.cli.running import Witness
from reconciler.model.events import ChangeFinished, Event
from tests.cli.commands import Ran, run
from tests.cli.folders import CHANNEL, CUSTOMER, INVALID, LONE, TICKET, Folder
from tests.cli.locks import held_lock
from tests.cli.terminals import run_at_terminal

Arrange = Callable[[Folder, pytest.MonkeyPatch], object]
FAULTS = "RECONCILER_SANDBOX_FAULTS"


def next_command(ran: Ran) -> list[str]:
    """The words of the one command that is said to be next."""
    said = re.findall(r"^Next step: `(.*?)`", re.sub(r"\x1b\[[0-9;]*m", "", ran.out + ran.err), re.MULTILINE)
    assert len(said) == 1, ran.out + ran.err
    program, *words = shlex.split(said[0])
    assert program == "reconciler"
    return words


def nothing(_folder: Folder, _environment: pytest.MonkeyPatch) -> None:
    """The project as it is."""


def fault(text: str) -> Arrange:
    """An org that fails in this way."""
    return lambda _folder, environment: environment.setenv(FAULTS, text)


def with_channel(text: str) -> Arrange:
    """The same with a channel in the manifests."""

    def arrange(folder: Folder, environment: pytest.MonkeyPatch) -> None:
        folder.write(chat=CHANNEL)
        environment.setenv(FAULTS, text)

    return arrange


def invalid(folder: Folder, _environment: pytest.MonkeyPatch) -> None:
    folder.write(broken=INVALID)


def blocked(folder: Folder, _environment: pytest.MonkeyPatch) -> None:
    folder.write(ticket=TICKET.replace("{$ref: Schema/customer}", "nowhere"))


def saved(_folder: Folder, _environment: pytest.MonkeyPatch) -> None:
    assert run("plan", "--out", "a plan.json").code == 0


def saved_and_moved(folder: Folder, environment: pytest.MonkeyPatch) -> None:
    saved(folder, environment)
    folder.write(lone=LONE)


def saved_and_failing(folder: Folder, environment: pytest.MonkeyPatch) -> None:
    saved(folder, environment)
    environment.setenv(FAULTS, "POST *schemas* status=400 times=1")


def saved_and_away(folder: Folder, environment: pytest.MonkeyPatch) -> None:
    saved(folder, environment)
    environment.setenv(FAULTS, "PATCH *schemas* drop=after times=always")


def garbled(folder: Folder, _environment: pytest.MonkeyPatch) -> None:
    folder.path("a plan.json").write_text("{", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Ending:
    """How an apply ends, and how the command that it then names does once the cause is gone."""

    command: str
    arrange: Arrange
    code: int
    then: str
    then_code: int = 0


ENDINGS = {
    "failed": Ending("apply -y", fault("POST *schemas* status=400 times=1"), 5, "apply --auto-approve"),
    "unknown": Ending("apply -y", fault("POST *schemas* drop=after times=always"), 5, "apply --auto-approve"),
    "unsettled": Ending(
        "apply -y", with_channel("POST *configurations activation=fail times=1"), 6, "apply --auto-approve"
    ),
    "nobody to ask": Ending("apply", nothing, 3, "apply --expect"),
    "refused": Ending("apply -y", blocked, 3, "plan", 3),
    "stale": Ending("apply --expect f00", nothing, 4, "plan"),
    "saved, failed": Ending("apply 'a plan.json'", saved_and_failing, 5, "plan --out 'a plan.json'"),
    "saved, unknown": Ending("apply 'a plan.json'", saved_and_away, 5, "apply 'a plan.json'"),
    "saved, stale": Ending("apply 'a plan.json'", saved_and_moved, 4, "plan --out 'a plan.json'"),
    "saved, garbled": Ending("apply 'a plan.json'", garbled, 78, "plan --out 'a plan.json'"),
    "invalid": Ending("apply -y", invalid, 65, "validate", 65),
    "no token": Ending("apply -y", fault("POST /oauth/token status=401 times=always"), 1, "doctor"),
    "no answer": Ending("apply -y", fault("GET * status=503 times=always"), 1, "doctor"),
    "no state": Ending("destroy -y", nothing, 78, "doctor"),
    "unknown org": Ending("apply -y --org nope", nothing, 78, "doctor --org nope", 78),
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_ending_names_one_command_that_works(
    ending: Ending, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending.arrange(folder, monkeypatch)

    ran = run(*shlex.split(ending.command))

    words = next_command(ran)
    assert ran.code == ending.code, ran.err
    assert shlex.join(words).startswith(ending.then)
    monkeypatch.delenv(FAULTS, raising=False)
    assert run(*words).code == ending.then_code


def test_command_repeats_the_options_that_were_given(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder.write(customer=CUSTOMER.replace("name: Customer", 'name: "${var.name}"'))
    odd = tmp_path / "it's odd"
    folder.root.rename(odd)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FAULTS, "POST *schemas* status=503 times=5")
    options = [
        "--config",
        "it's odd/reconciler.yaml",
        "--state",
        "other; state",
        "--var",
        "name=a 'b' \"c\" $d",
    ]

    ran = run(*options, "apply", "-y", "--parallelism", "1", "--target=Schema/c*")

    words = next_command(ran)
    assert (ran.code, words[1:7]) == (5, options)
    assert words[7:] == ["--target", "Schema/c*", "--auto-approve", "--parallelism", "1"]
    monkeypatch.delenv(FAULTS)
    assert run(*words).code == 0
    assert run("state", "list", *options[:4], "--format", "json").document["resources"] != []


def test_command_leaves_out_what_the_environment_says(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_ORG", "other")
    monkeypatch.setenv("RECONCILER_VAR", "a=1")

    assert next_command(run("apply", "--expect", "f00", "--var", "b=2")) == ["plan", "--var", "b=2"]
    assert folder.root.is_dir()


def test_saved_plan_of_another_folder_is_planned_from_there(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = folder.path("extra", "lone.yaml")
    extra.parent.mkdir()
    extra.write_text(LONE, encoding="utf-8")
    assert run("plan", "extra", "--out", "p.json").code == 0
    extra.write_text(LONE.replace("name: Lone", "name: Alone"), encoding="utf-8")
    monkeypatch.chdir(folder.path("manifests"))

    words = next_command(run("apply", "../p.json"))

    assert words == ["plan", "../extra", "--out", "../p.json"]
    assert run(*words).code == 0
    assert run("apply", "../p.json").code == 0


def test_locked_state_is_waited_for(applied: Folder) -> None:
    with held_lock(applied.path("state")):
        ran = run("apply", "-y")

    words = next_command(ran)
    assert (ran.code, words) == (75, ["apply", "--auto-approve", "--lock-timeout", "300"])
    assert run(*words).code == 0


def test_declined_apply_asks_again(folder: Folder) -> None:
    ran = run_at_terminal("apply", "--target", "Schema/customer", cwd=folder.root, answer="no\n")

    assert (ran.code, next_command(ran)) == (3, ["apply", "--target", "Schema/customer"])


@pytest.mark.usefixtures("folder")
def test_run_that_fails_in_its_middle_tells_what_it_has_done(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Witness.notify

    def unlock(self: Witness, event: Event) -> None:
        """Somebody unlocks the state as soon as the first change is done."""
        watch(self, event)
        if isinstance(event, ChangeFinished):
            monkeypatch.setattr(Witness, "notify", watch)
            assert main(["state", "unlock", "-y"]) == 0

    monkeypatch.setattr(Witness, "notify", unlock)

    ran = run("apply", "-y")

    words = next_command(ran)
    assert (ran.code, words) == (75, ["apply", "--auto-approve"])
    assert "Done\n  + Schema/customer  succeeded  (id customer, " in ran.out
    assert re.search(r"(Not begun|Not known)\n  \+ Schema/ticket  ", ran.out)
    assert ran.last.startswith("Apply: 1 added, 0 changed, 0 destroyed, 1 ")
    assert "was unlocked while this run was using it" in ran.err
    assert run(*words).code == 0


def test_document_is_the_designs_own_however_a_run_ends(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FAULTS, "POST *schemas* status=400 times=1")

    ran = run("apply", "-y", "--format", "json")

    assert list(ran.document) == [
        *("format", "run_id", "plan_fingerprint", "status", "results", "converged", "metrics", "diagnostics")
    ]
    assert "Next step" not in ran.out + ran.err
    assert folder.root.is_dir()


def test_password_of_the_state_is_not_repeated(folder: Folder) -> None:
    place = "postgresql://kim:planted@127.0.0.1:1/x"

    ran = run("apply", "-y", "--state", place)

    assert folder.root.is_dir()
    assert next_command(ran) == ["doctor", "--state", "postgresql://kim@127.0.0.1:1/x"]
    assert "planted" not in ran.out + ran.err
