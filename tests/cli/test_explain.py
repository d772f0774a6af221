"""`explain`: where each value comes from, what was last applied, and what the org has."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import SandboxOrg
from tests.cli.commands import run
from tests.cli.folders import SANDBOX, Folder

DEFAULTS = """\
apiVersion: reconciler/v1
kind: Defaults
spec:
  Schema: {description: usual}
"""
OVERLAY = """\
apiVersion: reconciler/v1
kind: Schema
metadata: {name: "t-one"}
spec:
  fields:
    - {name: id, required: true}
"""
EACH = """\
apiVersion: reconciler/v1
kind: Schema
metadata: {name: "t-${each.key}", forEach: [one, two]}
spec:
  name: Table ${each.key} of ${var.team}, ${var.mode}
  fields: [{name: id, fieldtype: string}, {name: key, fieldtype: string}]
"""
CONFIGURATION = SANDBOX.replace("sandbox: {sandbox: true}", "sandbox: {sandbox: true, vars: {team: care}}")


@pytest.fixture
def layered(folder: Folder) -> Folder:
    """Two schemas of one document, with defaults below and an overlay above one of them."""
    folder.configure(f"{CONFIGURATION}vars: {{team: nobody, mode: slow}}\n")
    folder.remove("customer").remove("ticket").write(tables=EACH, defaults=DEFAULTS)
    folder.path("overlays", "sandbox").mkdir(parents=True)
    folder.path("overlays", "sandbox", "one.yaml").write_text(OVERLAY)
    return folder


def explained(what: str, *options: str) -> dict[str, Any]:
    """The one field that was asked for."""
    ran = run("explain", what, "--format", "json", *options)
    assert ran.code == 0, ran.out
    (field,) = ran.document["fields"]
    return dict(field)


def place(field: dict[str, Any]) -> tuple[str, str | None, int | None]:
    """Who says it, and where."""
    return field["origin"], field["file"], field["line"]


@pytest.mark.usefixtures("layered")
@pytest.mark.parametrize(
    ("path", "origin", "file", "line"),
    [
        ("/description", "defaults", "manifests/defaults.yaml", 4),
        ("/name", "manifest", "manifests/tables.yaml", 5),
        ("/fields/id/required", "overlay", "overlays/sandbox/one.yaml", 6),
        ("/fields/id/fieldtype", "manifest", "manifests/tables.yaml", 6),
        ("/fields/0/fieldtype", "manifest", "manifests/tables.yaml", 6),
        ("/status", "kind default", None, None),
    ],
)
def test_each_value_s_origin(path: str, origin: str, file: str | None, line: int | None) -> None:
    assert place(explained(f"Schema/t-one#{path}", "--offline")) == (origin, file, line)


@pytest.mark.usefixtures("layered")
def test_variables_are_told_with_their_own_place() -> None:
    field = explained("Schema/t-two#/name", "--offline", "--var", "mode=fast")

    assert (field["value"], field["text"]) == (
        "Table two of care, fast",
        "Table two of ${var.team}, ${var.mode}",
    )
    told = {variable["name"]: variable for variable in field["variables"]}
    assert (told["team"]["source"], told["team"]["value"]) == ("org sandbox", "care")
    assert (told["team"]["file"], told["team"]["line"]) == ("reconciler.yaml", 5)
    assert (told["mode"]["source"], told["mode"]["value"], told["mode"]["file"]) == ("--var", "fast", None)


@pytest.mark.usefixtures("layered")
def test_variable_of_the_configuration() -> None:
    (mode,) = [
        one for one in explained("Schema/t-two#/name", "--offline")["variables"] if one["name"] == "mode"
    ]

    assert (mode["source"], mode["value"], mode["line"]) == ("configuration", "slow", 8)


def test_last_applied_and_live_beside_the_manifest(folder: Folder, org: SandboxOrg) -> None:
    folder.path("reconciler.yaml").unlink()
    assert run("apply", "-y", "--new-state").code == 0
    org.alter("schemas", "ticket", {"name": "By hand"})
    folder.write(
        ticket=folder.path("manifests", "ticket.yaml").read_text().replace("name: Ticket", "name: New")
    )

    field = explained("Schema/ticket#/name")

    assert [field[name] for name in ("value", "last_applied", "live")] == ["New", "Ticket", "By hand"]
    assert org.mutations()[-1].path  # nothing was sent since the apply


MATRIX = """\
apiVersion: reconciler/v1
kind: WeightMatrix
metadata: {name: support}
spec:
  queueId: {$lookup: Queue/Support}
  members:
    - {userId: {$lookup: User/ada.ahmed@example.com}, weight: 0.25}
"""


@pytest.mark.parametrize("element", ["0", "User~1ada.ahmed@example.com", "{id}"])
def test_element_by_name_number_or_id(folder: Folder, org: SandboxOrg, element: str) -> None:
    folder.path("reconciler.yaml").unlink()
    folder.write(support=MATRIX)
    assert run("apply", "-y", "--new-state").code == 0
    ada = next(user for user in org.collection("users").all() if user["email"] == "ada.ahmed@example.com")
    queue = next(queue for queue in org.collection("queues").all() if queue["name"] == "Support")
    org.alter("members", f"{queue['id']}/{ada['id']}", {"score": 0.15})

    field = explained(f"WeightMatrix/support#/members/{element.format(id=ada['id'])}/weight")

    assert [field[name] for name in ("value", "last_applied", "live")] == [0.25, 0.25, 0.15]
    assert (field["path"], field["line"]) == ("/members/User~1ada.ahmed@example.com/weight", 7)


def test_field_that_no_manifest_names_is_not_managed(folder: Folder, org: SandboxOrg) -> None:
    folder.path("reconciler.yaml").unlink()
    assert run("apply", "-y", "--new-state").code == 0
    org.alter("schemas", "ticket", {"description": "by hand"})

    field = explained("Schema/ticket#/description")

    assert (field["origin"], field["value"], field["live"]) == ("not managed", None, "by hand")


def test_secret_is_told_by_its_name_only(
    folder: Folder, org: SandboxOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = "apiVersion: reconciler/v1\nkind: Config\nenvironment: [TEXT]\ndefaultOrg: o\n"
    folder.configure(f"{head}orgs: {{o: {{region: {org.base_url}}}}}\n")
    monkeypatch.setenv("TEXT", "hunter2")
    text = folder.path("manifests", "customer.yaml").read_text()
    folder.write(customer=f"{text}  description: a ${{env.TEXT}}\n")
    assert run("apply", "-y", "--new-state").code == 0

    for how in ("text", "json"):
        ran = run("explain", "Schema/customer#/description", "--format", how)
        assert ran.code == 0
        assert "hunter2" not in ran.out
    field = explained("Schema/customer#/description")
    assert (field["value"], field["sensitive"]) == ("a ${env.TEXT}", True)
    assert field["variables"] == [
        {"name": "TEXT", "source": "environment", "value": None, "file": None, "line": None}
    ]


@pytest.mark.usefixtures("layered")
def test_whole_resource_is_a_table_of_its_fields() -> None:
    ran = run("explain", "Schema/t-one", "--offline")

    assert ran.code == 0
    rows = {line.split()[0]: line.split()[-1] for line in ran.out.splitlines() if line.startswith("/")}
    assert rows["/description"] == "(defaults)"
    assert rows["/fields/id/required"] == "(overlay)"
    assert rows["/fields/key/name"] == "manifests/tables.yaml:6"


@pytest.mark.usefixtures("layered")
@pytest.mark.parametrize(
    ("what", "hint"),
    [
        ("Schema/t-onne", "did you mean Schema/t-one?"),
        ("Schema/t-one#/nme", "lists them"),
        ("t-one", "Kind/name"),
    ],
)
def test_what_is_not_there_is_a_usage_error(what: str, hint: str) -> None:
    ran = run("explain", what, "--offline")

    assert ran.code == 64
    assert hint in ran.err


@pytest.mark.usefixtures("layered")
def test_looking_leaves_no_trace(layered: Folder) -> None:
    assert run("explain", "Schema/t-one").code == 0
    assert not layered.path("state", "reconciler.sqlite3").exists()
