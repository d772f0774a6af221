"""Each command ends with the exit code that its outcome has (design.md, section 4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.cli.running import exit_code_of
from reconciler.model.outcome import RunReport, RunStatus
from reconciler.sandbox import SandboxOrg
from tests.cli.commands import run
from tests.cli.folders import CHANNEL, CIRCLE, CUSTOMER, INVALID, SANDBOX, TICKET, Folder
from tests.cli.locks import held_lock

Arrange = Callable[[Folder, pytest.MonkeyPatch], object]


def nothing(_folder: Folder, _environment: pytest.MonkeyPatch) -> None:
    """The project as it is."""


def invalid(folder: Folder, _environment: pytest.MonkeyPatch) -> None:
    folder.write(broken=INVALID)


def circle(folder: Folder, _environment: pytest.MonkeyPatch) -> None:
    folder.write(circle=CIRCLE)


def bad_configuration(folder: Folder, _environment: pytest.MonkeyPatch) -> None:
    folder.configure(SANDBOX.replace("defaultOrg", "defaltOrg"))


def refused_schemas(_folder: Folder, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RECONCILER_SANDBOX_FAULTS", "POST *schemas* status=400 times=always")


def refused_token(_folder: Folder, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RECONCILER_SANDBOX_FAULTS", "POST /oauth/token status=401 times=always")


def failing_activation(folder: Folder, environment: pytest.MonkeyPatch) -> None:
    folder.write(chat=CHANNEL)
    environment.setenv("RECONCILER_SANDBOX_FAULTS", "POST * activation=fail times=always")


def edited(folder: Folder, _environment: pytest.MonkeyPatch) -> None:
    folder.write(customer=CUSTOMER.replace("name: Customer", "name: Client"))


def gone_state(_folder: Folder, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RECONCILER_STATE", "elsewhere")


def broken_plan(folder: Folder, _environment: pytest.MonkeyPatch) -> None:
    folder.path("p.json").write_text('{"format": "reconciler.plan/1"}', encoding="utf-8")


UNAPPLIED = [
    ("valid", nothing, "validate", 0, None),
    ("valid folder", nothing, "validate manifests", 0, None),
    ("invalid", invalid, "validate", 65, "manifest.unknown-field"),
    ("circle", circle, "validate", 65, "reference.cycle"),
    ("bad configuration", bad_configuration, "validate", 78, "config.invalid"),
    ("unknown org", nothing, "validate --org nope", 78, "config.unknown-org"),
    ("usage", nothing, "validate --bogus", 64, "usage"),
    ("no folder", nothing, "validate nowhere", 65, "manifest.none"),
    ("planned", nothing, "plan", 0, None),
    ("changes", nothing, "plan --detailed-exitcode", 2, None),
    ("no token", refused_token, "plan", 1, "auth.failed"),
    ("usage", nothing, "plan --format pdf", 64, "usage"),
    ("usage", nothing, "apply --format html", 64, "usage"),
    ("selector", nothing, "plan --selector team", 64, "usage"),
    ("variable", nothing, "plan --var x", 64, "usage"),
    ("unwritable", nothing, "plan --out nowhere/p.json", 64, "usage"),
    ("invalid", invalid, "plan", 65, "manifest.unknown-field"),
    ("circle", circle, "plan", 65, "reference.cycle"),
    ("bad configuration", bad_configuration, "plan", 78, "config.invalid"),
    ("unknown org", nothing, "plan --org nope", 78, "config.unknown-org"),
    ("applied", nothing, "apply -y", 0, None),
    ("not asked", nothing, "apply", 3, "plan.guard"),
    ("stale", nothing, "apply --expect 0123", 4, "plan.stale"),
    ("partial", refused_schemas, "apply -y", 5, "remote.rejected"),
    ("unsettled", failing_activation, "apply -y", 6, None),
    ("no token", refused_token, "apply -y", 1, "auth.failed"),
    ("usage", nothing, "apply --parallelism 0", 64, "usage"),
    ("no such plan", nothing, "apply p.json", 64, "usage"),
    ("invalid", invalid, "apply -y", 65, "manifest.unknown-field"),
    ("invalid, not asked", invalid, "apply", 65, "manifest.unknown-field"),
    ("unknown org", nothing, "apply -y --org nope", 78, "config.unknown-org"),
    ("broken plan", broken_plan, "apply p.json", 78, "plan.format"),
    ("no state", nothing, "destroy -y", 78, "state.missing"),
    ("no file", nothing, "show p.json", 64, "usage"),
    ("broken plan", broken_plan, "show p.json", 78, "plan.format"),
    ("drawn", nothing, "graph", 0, None),
    ("unknown address", nothing, "graph --impact Schema/custmer", 64, "usage"),
    ("no address", nothing, "graph --impact customer", 64, "usage"),
    ("circle", circle, "graph", 65, "reference.cycle"),
    ("circle, impact", circle, "graph --impact Schema/a", 65, "reference.cycle"),
    ("bad configuration", bad_configuration, "graph", 78, "config.invalid"),
    ("no state", nothing, "state list", 78, "state.missing"),
    ("no state", nothing, "state show Schema/customer", 78, "state.missing"),
    ("no state", nothing, "state rm Schema/customer -y", 78, "state.missing"),
    ("no state", nothing, "audit list", 78, "state.missing"),
    ("no state", nothing, "audit verify", 78, "state.missing"),
    ("no state", nothing, "audit export", 78, "state.missing"),
    ("reset", nothing, "sandbox reset -y", 0, None),
    ("not asked", nothing, "sandbox reset", 3, "plan.guard"),
    ("no sandbox", nothing, "sandbox reset -y --org prod", 3, "plan.protected"),
    ("bad fault", nothing, "sandbox serve --fault nonsense", 64, "usage"),
    ("bad port", nothing, "sandbox serve --port 70000", 64, "usage"),
    ("schema", nothing, "schema Widget", 0, None),
    ("unknown kind", nothing, "schema Widgt", 64, "usage"),
    ("version", nothing, "version", 0, None),
    ("completion", nothing, "completion bash", 0, None),
    ("unknown shell", nothing, "completion tcsh", 64, "usage"),
    ("unknown command", nothing, "aply", 64, "usage"),
    ("no command", nothing, "", 64, "usage"),
    ("half a command", nothing, "state", 64, "usage"),
    ("help", nothing, "--help", 0, None),
]

APPLIED = [
    ("nothing to do", nothing, "plan --detailed-exitcode", 0, None),
    ("changes", edited, "plan --detailed-exitcode", 2, None),
    ("nothing to do", nothing, "apply -y", 0, None),
    ("nothing to do, not asked", nothing, "apply", 3, "plan.guard"),
    ("applied", edited, "apply -y", 0, None),
    ("destroyed", nothing, "destroy -y", 0, None),
    ("not asked", nothing, "destroy", 3, "plan.guard"),
    ("not expected", nothing, "destroy --expect 0123", 4, "plan.stale"),
    ("listed", nothing, "state list", 0, None),
    ("shown", nothing, "state show Schema/customer", 0, None),
    ("unknown address", nothing, "state show Schema/custmer", 64, "usage"),
    ("no address", nothing, "state show customer", 64, "usage"),
    ("removed", nothing, "state rm Schema/customer -y", 0, None),
    ("unknown address", nothing, "state rm Schema/custmer -y", 64, "usage"),
    ("not asked", nothing, "state rm Schema/customer", 3, "plan.guard"),
    ("other state", gone_state, "state list", 78, "state.missing"),
    ("listed", nothing, "audit list", 0, None),
    ("bad time", nothing, "audit list --since yesterday", 64, "usage"),
    ("bad address", nothing, "audit list --address customer", 64, "usage"),
    ("bad phase", nothing, "audit list --phase end", 64, "usage"),
    ("bad number", nothing, "audit list --last 0", 64, "usage"),
    ("unbroken", nothing, "audit verify", 0, None),
    ("exported", nothing, "audit export", 0, None),
    ("unwritable", nothing, "audit export --out nowhere/a.jsonl", 64, "usage"),
]


def _named(case: tuple[str, Arrange, str, int, str | None]) -> str:
    return f"{case[2].replace(' ', '_') or 'nothing'}: {case[0]}"


@pytest.mark.parametrize("case", UNAPPLIED, ids=_named)
def test_exit_code_before_the_first_apply(
    case: tuple[str, Arrange, str, int, str | None], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, arrange, command, code, diagnostic = case
    arrange(folder, monkeypatch)

    ran = run(*command.split())

    assert ran.code == code, ran.err
    assert diagnostic is None or f"[{diagnostic}]" in ran.out + ran.err


@pytest.mark.parametrize("case", APPLIED, ids=_named)
def test_exit_code_after_an_apply(
    case: tuple[str, Arrange, str, int, str | None], applied: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, arrange, command, code, diagnostic = case
    arrange(applied, monkeypatch)

    ran = run(*command.split())

    assert ran.code == code, ran.err
    assert diagnostic is None or f"[{diagnostic}]" in ran.out + ran.err


FAILURES = [case for case in UNAPPLIED if case[3] not in (0, 2, 5, 6) and "--format" not in case[2]]


@pytest.mark.parametrize("case", FAILURES, ids=_named)
def test_failure_in_json_is_one_document_with_the_same_code(
    case: tuple[str, Arrange, str, int, str | None], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, arrange, command, code, diagnostic = case
    arrange(folder, monkeypatch)

    ran = run(*command.split(), "--format", "json")

    assert ran.code == code, ran.err
    assert diagnostic in ran.codes


@pytest.mark.usefixtures("applied")
def test_unowned_match_refuses_a_plan_and_an_apply() -> None:
    run("state", "rm", "Schema/lone", "-y")

    assert [run("plan").code, run("plan", "--detailed-exitcode").code, run("apply", "-y").code] == [3, 3, 3]


def test_lock_held_by_another_run_is_75(applied: Folder) -> None:
    with held_lock(applied.path("state")):
        codes = [run("plan").code, run("apply", "-y").code, run("state", "rm", "Schema/lone", "-y").code]
        codes += [run("state", "list").code, run("sandbox", "reset", "-y").code]

    assert codes == [0, 75, 75, 0, 75]


def test_org_without_state_is_78_without_a_terminal(org: SandboxOrg, folder: Folder) -> None:
    folder.path("reconciler.yaml").unlink()

    ran = run("plan", "--format", "json")

    assert (ran.code, ran.codes) == (78, ["state.missing"])
    assert org.mutations() == ()


def test_org_without_state_is_applied_to_with_new_state(org: SandboxOrg, folder: Folder) -> None:
    folder.path("reconciler.yaml").unlink()

    assert run("apply", "-y", "--new-state").code == 0
    assert sorted(org.collection("schemas")) == ["customer", "ticket"]


def test_saved_plan_is_refused_as_stale_once_the_manifests_moved(folder: Folder) -> None:
    run("plan", "--out", "p.json")
    folder.write(ticket=TICKET.replace("name: Ticket", "name: Case"))

    assert run("apply", "p.json").code == 4


@pytest.mark.parametrize(
    ("status", "converged", "code"),
    [
        (RunStatus.APPLIED, True, 0),
        (RunStatus.APPLIED, False, 6),
        (RunStatus.UNSETTLED, True, 6),
        (RunStatus.UNSETTLED, False, 6),
        (RunStatus.PARTIAL, False, 5),
        (RunStatus.REFUSED, False, 3),
        (RunStatus.STALE, False, 4),
        (RunStatus.INTERRUPTED, True, 130),
        (RunStatus.INTERRUPTED, False, 130),
    ],
)
def test_exit_code_of_a_run_is_that_of_its_status_and_convergence(
    status: RunStatus, code: int, *, converged: bool
) -> None:
    assert exit_code_of(RunReport("r", "f", status, converged=converged)) == code
