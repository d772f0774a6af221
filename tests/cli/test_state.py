"""`state`: looking at prior state, and taking something out of it."""

from __future__ import annotations

import pytest

from tests.cli.commands import run
from tests.cli.folders import Folder


def test_list_is_a_table(applied: Folder) -> None:
    lines = run("state", "list").out.splitlines()

    assert lines[0].split() == ["ADDRESS", "REMOTE", "ID", "STATUS", "APPLIED", "DEPENDS", "ON"]
    assert [line.split()[0] for line in lines[1:4]] == ["Schema/customer", "Schema/lone", "Schema/ticket"]
    assert applied.path("state").is_dir()


def test_looking_changes_nothing(applied: Folder) -> None:
    serial = run("state", "list", "--format", "json").document["serial"]
    before = _contents(applied)

    for command in ("state list", "state show Schema/lone", "audit list", "audit verify", "audit export"):
        assert run(*command.split()).code == 0

    assert run("state", "list", "--format", "json").document["serial"] == serial
    assert _contents(applied) == before


def test_show_is_one_entry_whole(applied: Folder) -> None:
    document = run("state", "show", "Schema/customer", "--format", "json").document
    listed = run("state", "list", "--format", "json").document["resources"][0]

    assert document == {
        "format": "reconciler.state-entry/1",
        **listed,
        "plan_fingerprint": document["plan_fingerprint"],
        "source": {"file": "manifests/customer.yaml", "line": 1},
        "lifecycle": {
            "adopt": False,
            "prevent_destroy": False,
            "on_remove": "delete",
            "ignore_changes": [],
        },
        "labels": {"team": "care"},
        "scope": {},
        "base": {
            "externalId": "customer",
            "name": "Customer",
            "status": "PUBLISHED",
            "fields": [{"name": "id", "fieldtype": "string"}],
        },
        "answered": document["answered"],
    }
    assert applied.path("state").is_dir()


def test_show_in_text_says_what_was_sent(applied: Folder) -> None:
    out = run("state", "show", "Schema/ticket").out

    assert '"referencedType": "customer"' in out
    assert "manifests/ticket.yaml" in out
    assert applied.path("state").is_dir()


def test_unknown_address_gets_the_nearest(applied: Folder) -> None:
    assert "did you mean Schema/customer?" in run("state", "show", "Schema/custmer").err
    assert applied.path("state").is_dir()


def test_rm_leaves_the_org_as_it_is_and_an_audit_record(applied: Folder) -> None:
    ran = run("state", "rm", "Schema/lone", "-y")

    assert ran.out == "Forgotten: Schema/lone (lone). The org was left as it is.\n"
    assert run("plan", "--adopt", "--format", "json").document["summary"]["adopt"] == 1
    (record,) = run("audit", "list", "--format", "json", "--phase", "state").lines
    assert [record[key] for key in ("address", "action", "remote_id", "outcome", "actor", "org")] == [
        "Schema/lone",
        "forget",
        "lone",
        "succeeded",
        "kim",
        "sandbox",
    ]
    assert run("audit", "verify").code == 0
    assert applied.path("state", "audit.jsonl").read_text(encoding="utf-8").count('"state rm"') == 1


def test_rm_tells_what_it_removed(applied: Folder) -> None:
    shown = run("state", "show", "Schema/lone", "--format", "json").document

    assert run("state", "rm", "Schema/lone", "-y", "--format", "json").document == shown
    assert run("state", "rm", "Schema/lone", "-y").code == 64
    assert applied.path("state").is_dir()


def test_rm_that_is_refused_leaves_everything(applied: Folder) -> None:
    records = len(run("audit", "list", "--format", "json").lines)

    assert run("state", "rm", "Schema/lone").code == 3
    assert len(run("state", "list", "--format", "json").document["resources"]) == 3
    assert len(run("audit", "list", "--format", "json").lines) == records
    assert applied.path("state").is_dir()


def test_mv_makes_a_renamed_manifest_the_same_object(applied: Folder) -> None:
    for name in ("customer", "ticket"):
        text = applied.path("manifests", f"{name}.yaml").read_text(encoding="utf-8")
        named = text.replace("{name: customer", "{name: client").replace("Schema/customer", "Schema/client")
        spec = "spec:\n  externalId: customer" if name == "customer" else "spec:"
        applied.write(**{name: named.replace("spec:", spec)})

    ran = run("state", "mv", "Schema/customer", "Schema/client", "-y")

    assert ran.out == "Moved: Schema/customer (customer) is Schema/client now. The org was left as it is.\n"
    listed = run("state", "list", "--format", "json").document["resources"]
    assert [(entry["address"], entry["dependencies"]) for entry in listed] == [
        ("Schema/client", []),
        ("Schema/lone", []),
        ("Schema/ticket", ["Schema/client"]),
    ]
    assert run("plan", "--detailed-exitcode").code == 0
    (record,) = run("audit", "list", "--format", "json", "--phase", "state").lines
    assert [record[key] for key in ("address", "action", "remote_id")] == [
        "Schema/customer",
        "move",
        "customer",
    ]
    assert record["detail"] == {"command": "state mv", "to": "Schema/client"}
    assert run("audit", "verify").code == 0


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("Schema/none", "Schema/new", 64, "hold no Schema/none"),
        ("Schema/lone", "Widget/lone", 64, "Widget/lone is no Schema"),
        ("Schema/lone", "Schema/LONE", 64, "LONE is no name"),
        ("Schema/lone", "alone", 64, "Kind/name"),
        ("Schema/lone", "Schema/ticket", 3, "Schema/ticket is held already"),
        ("Schema/lone", "Schema/lone", 64, "Schema/lone would stay where it is"),
    ],
)
def test_mv_to_where_nothing_can_go(applied: Folder, old: str, new: str, code: int, said: str) -> None:
    before = _contents(applied)

    ran = run("state", "mv", old, new, "-y")

    assert ran.code == code
    assert said in ran.err
    assert _contents(applied) == before


def test_mv_asks_first(applied: Folder) -> None:
    assert run("state", "mv", "Schema/lone", "Schema/alone").code == 3
    assert run("state", "show", "Schema/lone").code == 0
    assert applied.path("state").is_dir()


def _contents(folder: Folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.path("state").glob("audit*"))}


@pytest.mark.parametrize("command", ["plan", "apply -y"])
def test_another_sandbox_under_the_same_state_is_another_org(command: str, applied: Folder) -> None:
    for file in applied.path("state").glob("sandbox.sqlite3*"):
        file.unlink()

    found = run(*command.split(), "--format", "json")

    assert (found.code, found.codes) == (78, ["state.other-org"])
