"""On GitHub Actions: annotations on stderr, a summary and outputs for the step; elsewhere nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.commands import run
from tests.cli.folders import CUSTOMER, INVALID, LONE, TICKET, Folder

MIB = 2**20
BROKEN = TICKET.replace("{$ref: Schema/customer}", "user")


@dataclass(frozen=True, slots=True)
class Step:
    """The files of a step."""

    summary: Path
    output: Path

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs by name."""
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    """A step of a workflow whose workspace is the folder around the project."""
    made = Step(tmp_path / "summary.md", tmp_path / "output")
    made.summary.touch()
    made.output.touch()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(made.summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(made.output))
    return made


def commands_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("::")]


def refused(applied: Folder) -> Folder:
    """A change that a check refuses: a published field has another type."""
    return applied.write(customer=CUSTOMER.replace("fieldtype: string", "fieldtype: number"))


# -- plan ----------------------------------------------------------------------------------------------


def test_plan_tells_later_steps_its_numbers(applied: Folder, step: Step) -> None:
    applied.remove("lone").write(customer=CUSTOMER.replace("name: Customer", "name: Client"))

    ran = run("plan", "--format", "json", "--detailed-exitcode")

    assert ran.code == 2
    assert step.outputs == {
        "changes": "2",
        "to_add": "0",
        "to_change": "1",
        "to_destroy": "1",
        "fingerprint": ran.document["fingerprint"],
    }


def test_plan_without_changes_says_0(applied: Folder, step: Step) -> None:
    del applied
    assert run("plan").code == 0

    assert (step.outputs["changes"], step.outputs["to_add"]) == ("0", "0")


def test_plan_is_in_the_summary_after_what_is_there(folder: Folder, step: Step) -> None:
    del folder
    step.summary.write_text("before", encoding="utf-8")

    run("plan")

    text = step.summary.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- reconciler:plan org=sandbox -->\n## Plan for `sandbox`: 2 to add")
    assert text.endswith("Plan: 2 to add, 0 to change, 0 to destroy.\n")


def test_refused_plan_is_annotated_on_stderr_and_stdout_stays_the_document(
    applied: Folder, step: Step
) -> None:
    refused(applied)

    ran = run("plan", "--format", "json", "-q")

    assert ran.code == 3
    assert ran.document["applyable"] is False
    assert commands_in(ran.err) == [
        next(line for line in ran.err.splitlines() if "title=schema.compatibility" in line)
    ]
    assert commands_in(ran.err)[0].startswith(
        "::error file=applied/manifests/customer.yaml,line=7,col=29,title=schema.compatibility::"
    )
    assert step.outputs["to_change"] == "1"
    assert "**Blocked** by `schema.compatibility`" in step.summary.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["plan --format json", "apply -y"])
def test_invalid_manifests_are_annotated_at_their_lines(folder: Folder, step: Step, command: str) -> None:
    folder.write(broken=INVALID)

    ran = run(*command.split())

    assert ran.code == 65
    assert commands_in(ran.err)[0].startswith("::error file=project/manifests/broken.yaml,line=5,col=3,")
    assert commands_in(ran.out) == []
    assert step.output.read_text() == ""


def test_failure_without_a_place_is_annotated(folder: Folder, step: Step) -> None:
    del folder, step

    assert commands_in(run("plan", "--org", "nope").err)[0].startswith("::error ")


def test_ten_are_annotated_and_the_rest_counted(folder: Folder, step: Step) -> None:
    del step
    broken = INVALID.replace("fields: []", "fields: []\n" + "".join(f"  bad{n}: 1\n" for n in range(15)))
    folder.write(broken=broken)

    found = commands_in(run("plan").err)

    assert len(found) == 11
    assert re.fullmatch(
        r"::notice::\d+ more problems not shown here; all are in the log of this step", found[10]
    )


def test_comment_names_the_run_as_the_place_of_the_rest(
    folder: Folder, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    del step
    fields = "".join(f"    - {{name: f{n}, fieldtype: string, description: {'x' * 50}}}\n" for n in range(49))
    for number in range(14):
        name = f"large{number}"
        folder.write(**{name: LONE.replace("lone", name).replace("Lone", name) + fields})
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/contact-centre")
    monkeypatch.setenv("GITHUB_RUN_ID", "77")

    ran = run("plan", "--format", "markdown")

    where = "in the summary of https://github.com/acme/contact-centre/actions/runs/77"
    assert re.search(rf"^  … \d+ more lines {re.escape(where)}$", ran.out, re.MULTILINE)


# -- bounds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("there", "is_added"), [(980_000, True), (MIB - 20_000, False), (MIB + 5, False)])
def test_summary_stays_under_a_mebibyte_in_all(
    folder: Folder, step: Step, there: int, is_added: bool
) -> None:
    del folder
    step.summary.write_text("x" * there)

    assert run("plan").code == 0

    size = step.summary.stat().st_size
    assert there < size < MIB if is_added else size == there
    assert step.outputs["to_add"] == "2"


def test_files_that_cannot_be_written_fail_nothing(
    folder: Folder, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    del folder
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step.summary / "no" / "file"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(step.output.parent))

    ran = run("plan")

    assert ran.code == 0
    assert "GITHUB_OUTPUT cannot be written" in ran.err


def test_step_without_files_is_a_step_too(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    del folder
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    assert run("plan").code == 0


@pytest.mark.parametrize("actions", [None, "1"])
def test_elsewhere_nothing_happens(
    applied: Folder, step: Step, monkeypatch: pytest.MonkeyPatch, actions: str | None
) -> None:
    refused(applied)
    if actions is None:
        monkeypatch.delenv("GITHUB_ACTIONS")
    else:
        monkeypatch.setenv("GITHUB_ACTIONS", actions)

    ran = run("plan")

    assert commands_in(ran.err + ran.out) == []
    assert (step.summary.read_text(), step.output.read_text()) == ("", "")


# -- apply, drift, validate, show ----------------------------------------------------------------------


def test_apply_tells_what_it_did(folder: Folder, step: Step) -> None:
    del folder
    ran = run("apply", "-y", "--format", "json")

    assert ran.code == 0
    assert step.outputs["to_add"] == "2"
    assert step.outputs["fingerprint"] == ran.document["plan_fingerprint"]
    text = step.summary.read_text(encoding="utf-8")
    assert text.startswith("## Apply to `sandbox`: applied\n")
    assert text.endswith("Apply: 2 added, 0 changed, 0 destroyed.\n")


def test_apply_of_a_saved_plan_tells_its_numbers(folder: Folder, step: Step) -> None:
    run("plan", "--out", str(folder.path("p.json")))
    step.output.write_text("")

    assert run("apply", str(folder.path("p.json"))).code == 0

    assert step.outputs["to_add"] == "2"


def test_change_that_fails_is_annotated_at_its_manifest(
    folder: Folder, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    del folder, step
    monkeypatch.setenv("RECONCILER_SANDBOX_FAULTS", "POST *schemas* status=400 times=always")

    ran = run("apply", "-y", "--format", "json")

    assert ran.code == 5
    assert ran.document["status"] == "partial"
    assert any(
        line.startswith("::error file=project/manifests/customer.yaml,line=1,")
        for line in commands_in(ran.err)
    )


def test_refused_apply_is_annotated_and_shows_its_plan(applied: Folder, step: Step) -> None:
    refused(applied)

    ran = run("apply", "-y")

    assert ran.code == 3
    assert "title=schema.compatibility" in commands_in(ran.err)[0]
    text = step.summary.read_text(encoding="utf-8")
    assert text.startswith("## Apply to `sandbox`: refused\n")
    assert "\n## Plan for `sandbox`: 0 to add, 1 to change" in text


def test_drift_is_in_the_summary(applied: Folder, step: Step) -> None:
    del applied
    assert run("drift").code == 0

    text = step.summary.read_text(encoding="utf-8")
    assert text.startswith(
        "<!-- reconciler:drift org=sandbox -->\n## Drift of `sandbox`: no resource drifted"
    )
    assert step.output.read_text() == ""


def test_validate_names_files_as_the_repository_has_them(folder: Folder, step: Step) -> None:
    del step
    folder.write(broken=INVALID)

    ran = run("validate", "--format", "github")

    assert ran.code == 65
    assert commands_in(ran.out)[0].startswith("::error file=project/manifests/broken.yaml,line=5,")


def test_project_outside_the_workspace_keeps_its_names(
    folder: Folder, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(broken=INVALID)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(step.summary.parent / "elsewhere"))

    assert commands_in(run("plan").err)[0].startswith("::error file=manifests/broken.yaml,line=5,")


def test_saved_plan_is_shown_in_the_platforms_forms(applied: Folder) -> None:
    refused(applied)
    run("plan", "--out", "p.json")

    annotated, counted = (
        run("show", "p.json", "--format", "github"),
        run("show", "p.json", "--format", "gitlab"),
    )

    assert (annotated.code, annotated.err, counted.code) == (0, "", 0)
    assert annotated.out.startswith("::error file=manifests/customer.yaml,line=7,")
    assert counted.document == {"create": 0, "update": 1, "delete": 0}
