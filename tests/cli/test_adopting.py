"""`adopt ADDRESS [ID] [--write]`: binding, and taking what the org has into the manifest."""

from __future__ import annotations

import json

import pytest
import yaml

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
    assert ("+  description: 'New words'" in ran.out) is (manifest is BY_VARIABLE)
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
    assert "+++ b/overlays/env/o.yaml" in ran.document["patch"]
    assert "+spec: {description: New words}" in ran.document["patch"]


def test_element_that_an_overlay_moved_is_changed_where_it_stands(folder: Folder, owned: SandboxOrg) -> None:
    overlays = folder.path("overlays", "env")
    overlays.mkdir(parents=True)
    removal = "kind: Schema\nmetadata: {name: ticket}\nspec: {fields: {subject: null}}\n"
    (overlays / "o.yaml").write_text(f"apiVersion: reconciler/v1\n{removal}")
    owned.alter("schemas", "ticket", {"fields": [{"name": "due", "fieldtype": "dateTime"}]})
    assert run("apply", "-y").code == 0
    owned.alter("schemas", "ticket", {"fields": [{"name": "due", "fieldtype": "number"}]})

    assert run("adopt", "Schema/ticket", "--write", "-y").code == 0

    written = folder.path("manifests", "ticket.yaml").read_text()
    assert written == TICKET.replace("fieldtype: dateTime }", "fieldtype: number }")
    assert run("plan", "--detailed-exitcode").code == 0


def test_json_manifest_stays_json(folder: Folder, owned: SandboxOrg) -> None:
    text = json.dumps(yaml.safe_load(TICKET), indent=2)
    folder.remove("ticket").path("manifests", "ticket.json").write_text(text)
    owned.alter("schemas", "ticket", {"name": "Case: all", "description": 'Say "no"'})

    assert run("adopt", "Schema/ticket", "--write", "-y").code == 0

    wanted = text.replace('"Ticket"', '"Case: all"').replace("Old words", 'Say \\"no\\"')
    assert folder.path("manifests", "ticket.json").read_text() == wanted
    assert run("plan", "--detailed-exitcode").code == 0


def test_placeholder_in_the_orgs_text_stays_text(folder: Folder, owned: SandboxOrg) -> None:
    owned.alter("schemas", "ticket", {"description": "${env.SECRET} and $${var.x}"})

    assert run("adopt", "Schema/ticket", "--write", "-y").code == 0

    assert "'$${env.SECRET} and $$${var.x}'" in folder.path("manifests", "ticket.yaml").read_text()
    assert run("plan", "--detailed-exitcode").code == 0


MATRIX = """\
apiVersion: reconciler/v1
kind: WeightMatrix
metadata: {name: support}
spec:
  queueId: {$lookup: Queue/Support}
  members:
    - {userId: {$lookup: User/ada.ahmed@example.com}, weight: "${var.w}"}
    - userId: {$lookup: User/ben.bauer@example.com} # Ben
      weight: 0.20
"""


def test_weights_of_members_by_name_are_taken(folder: Folder, org: SandboxOrg) -> None:
    folder.path("reconciler.yaml").unlink()
    folder.remove("customer").remove("ticket").write(support=MATRIX)
    assert run("apply", "-y", "--new-state", "--var", "w=0.25").code == 0
    ben = next(user for user in org.collection("users").all() if user["email"] == "ben.bauer@example.com")
    queue = next(queue for queue in org.collection("queues").all() if queue["name"] == "Support")
    org.alter("members", f"{queue['id']}/{ben['id']}", {"score": 0.15})

    assert run("adopt", "WeightMatrix/support", "--write", "-y", "--var", "w=0.25").code == 0

    assert folder.path("manifests", "support.yaml").read_text() == MATRIX.replace("0.20", "0.15")


CHAT = """\
apiVersion: reconciler/v1
kind: Channel
metadata: {name: chat}
spec:
  name: Chat
  description: Words
  defaultLanguage: en-US
  routingTarget: {type: queue, id: {$lookup: Queue/Support}}
  widget: {appearance: {primaryColor: "#111", secondaryColor: "#222"}}
  activation: {pollSeconds: 0.1}
  availability:
    schedules:
      - {name: weekdays, days: [MON], from: "${var.opens}", to: "20:00"}
"""


@pytest.mark.parametrize(("begins", "code"), [("08:00", 0), ("09:00", 3)])
def test_variable_within_a_list_stays_or_is_an_obstacle(
    folder: Folder, org: SandboxOrg, begins: str, code: int
) -> None:
    folder.path("reconciler.yaml").unlink()
    folder.remove("customer").remove("ticket").write(chat=CHAT)
    assert run("apply", "-y", "--new-state", "--var", "opens='08:00'").code == 0
    (chat,) = (one for one in org.collection("channels").all() if one["name"] == "Chat")
    schedule: JsonValue = {"name": "weekdays", "days": ["MON"], "from": begins, "to": "21:00"}
    org.alter("channels", str(chat["id"]), {"availability": {"schedules": [schedule]}})

    ran = run("adopt", "Channel/chat", "--write", "-y", "--var", "opens='08:00'")

    assert ran.code == code
    wanted = CHAT if code else CHAT.replace("20:00", "21:00")
    assert folder.path("manifests", "chat.yaml").read_text() == wanted
    assert ("written as ${var.opens}" in ran.out) is bool(code)


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
