"""`adopt ADDRESS [ID] [--write]`: binding, and taking what the org has into the manifest."""

from __future__ import annotations

import pytest

from reconciler.sandbox import SandboxOrg
from reconciler.sandbox.documents import JsonValue
from tests.cli.commands import run
from tests.cli.folders import CUSTOMER, Folder

TICKET = """\
# Tickets of all queues
apiVersion: reconciler/v1
kind: Schema
metadata: {name: ticket}   # as people call it
spec:
  name: "Ticket"           # shown in the desk
  description: 'Old words'
  fields:
    - name: subject        # first line of the mail
      fieldtype: string
    - { name: due,  fieldtype: dateTime }
"""


@pytest.fixture
def owned(folder: Folder, org: SandboxOrg) -> SandboxOrg:
    """A schema that is applied; its org."""
    folder.path("reconciler.yaml").unlink()
    folder.remove("customer").write(ticket=TICKET)
    assert run("apply", "-y", "--new-state").code == 0
    return org


def test_object_with_the_same_natural_key_is_bound_as_it_is(folder: Folder, owned: SandboxOrg) -> None:
    run("state", "rm", "Schema/ticket", "-y")
    owned.alter("schemas", "ticket", {"description": "New words"})
    owned.forget_requests()

    ran = run("adopt", "Schema/ticket", "-y", "--format", "json")

    assert (ran.code, ran.document["format"]) == (0, "reconciler.adoption/1")
    assert (ran.document["is_bound"], ran.document["remote_id"]) == (True, "ticket")
    assert (ran.document["fields"], ran.document["is_written"]) == (["/description"], False)
    assert owned.mutations() == ()
    planned = run("plan", "--format", "json").document
    (change,) = planned["changes"]
    assert (change["action"], change["reason"]) == ("update", "edited")
    assert [field["before"] for field in change["fields"]] == ["New words"]
    assert folder.path("manifests", "ticket.yaml").read_text() == TICKET
    assert [record["action"] for record in run("audit", "export").lines if record["phase"] == "result"] == [
        "create",
        "adopt",
    ]


def test_write_takes_drift_into_the_manifest_and_nothing_else(folder: Folder, owned: SandboxOrg) -> None:
    fields: list[JsonValue] = [
        {"name": "subject", "fieldtype": "string", "required": True},
        {"name": "due", "fieldtype": "number"},
        {"name": "by", "fieldtype": "string", "required": False},
    ]
    owned.alter("schemas", "ticket", {"name": "Case: all", "description": "It's new", "fields": fields})

    ran = run("adopt", "Schema/ticket", "--write", "-y")

    assert ran.code == 0, ran.err
    added = "fieldtype: number }\n    - {name: by, fieldtype: string, required: false}"
    expected = TICKET.replace('"Ticket" ', '"Case: all" ').replace("'Old words'", "'It''s new'")
    assert folder.path("manifests", "ticket.yaml").read_text() == expected.replace(
        "fieldtype: dateTime }", added
    )
    assert run("plan", "--detailed-exitcode").code == 0
    assert "+++ b/manifests/ticket.yaml" in ran.out


def test_unmanaged_object_is_bound_and_its_values_taken(folder: Folder, owned: SandboxOrg) -> None:
    run("state", "rm", "Schema/ticket", "-y")
    owned.alter("schemas", "ticket", {"description": "New words"})

    assert run("adopt", "Schema/ticket", "--write", "-y").code == 0

    assert folder.path("manifests", "ticket.yaml").read_text() == TICKET.replace("Old words", "New words")
    assert run("plan", "--detailed-exitcode").code == 0


BY_VARIABLE = TICKET.replace("'Old words'", "'${var.words}'")
BY_ALIAS = TICKET.replace("'Old words'", "&words 'Old words'") + (
    "lifecycle: {ignoreChanges: [{path: /status, reason: *words}]}\n"
)


@pytest.mark.parametrize(
    ("manifest", "why"),
    [(BY_VARIABLE, "it is written as ${var.words}"), (BY_ALIAS, "anchor")],
    ids=["variable", "alias"],
)
def test_place_that_says_more_than_one_thing_is_left_with_a_patch(
    folder: Folder, owned: SandboxOrg, manifest: str, why: str
) -> None:
    folder.write(ticket=manifest)
    owned.alter("schemas", "ticket", {"name": "Case", "description": "New words"})

    ran = run("adopt", "Schema/ticket", "--write", "-y", "--var", "words=Old words")

    assert ran.code == 3
    assert why in ran.out
    assert "Nothing was written" in ran.out
    assert folder.path("manifests", "ticket.yaml").read_text() == manifest


def test_value_of_an_overlay_is_not_changed_in_the_manifest(folder: Folder, owned: SandboxOrg) -> None:
    overlays = folder.path("overlays", "env")
    overlays.mkdir(parents=True)
    (overlays / "o.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Schema\nmetadata: {name: ticket}\nspec: {description: Old words}\n"
    )
    owned.alter("schemas", "ticket", {"name": "Case", "description": "New words"})

    ran = run("adopt", "Schema/ticket", "--write", "-y", "--format", "json")

    assert (ran.code, ran.document["is_written"]) == (3, False)
    assert "overlay at overlays/env/o.yaml:4" in ran.document["obstacles"][0]
    assert '+  name: "Case"' in ran.document["patch"]


@pytest.mark.usefixtures("owned")
def test_object_is_named_by_its_id(folder: Folder) -> None:
    run("state", "rm", "Schema/ticket", "-y")
    folder.write(ticket=TICKET.replace("{name: ticket}", "{name: other}"))

    ran = run("adopt", "Schema/other", "ticket", "-y", "--format", "json")

    assert (ran.code, ran.document["remote_id"]) == (0, "ticket")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("Schema/none",), 64, "the manifests hold no Schema/none"),
        (("Schema/customer",), 3, "the org has no Schema with its natural key"),
        (("Schema/customer", "nothing"), 3, "the org has no Schema with the id nothing"),
        (("Schema/customer", "ticket"), 3, "managed already, as Schema/ticket"),
        (("Schema/ticket", "other"), 3, "bound to ticket already"),
    ],
)
def test_what_cannot_be_bound(
    folder: Folder, owned: SandboxOrg, arguments: tuple[str, ...], code: int, said: str
) -> None:
    folder.write(customer=CUSTOMER)
    owned.forget_requests()

    ran = run("adopt", *arguments, "-y")

    assert ran.code == code
    assert said in ran.err
    assert owned.mutations() == ()


@pytest.mark.usefixtures("owned")
def test_nothing_is_asked_where_there_is_nothing_to_do() -> None:
    ran = run("adopt", "Schema/ticket")

    assert (ran.code, ran.last) == (0, "Schema/ticket is managed as ticket.")


def test_nobody_to_ask_writes_nothing(folder: Folder, owned: SandboxOrg) -> None:
    owned.alter("schemas", "ticket", {"description": "New words"})

    assert run("adopt", "Schema/ticket", "--write").code == 3
    assert folder.path("manifests", "ticket.yaml").read_text() == TICKET
