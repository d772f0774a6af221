"""`graph`: what depends on what, offline."""

from __future__ import annotations

import pytest

from tests.cli.commands import run
from tests.cli.folders import CIRCLE, LONE, NOTE, Folder


@pytest.fixture
def chain(folder: Folder) -> Folder:
    """A note refers to a ticket, the ticket to a customer; one schema stands alone."""
    return folder.write(note=NOTE, lone=LONE)


@pytest.mark.parametrize(
    ("address", "nodes"),
    [
        ("Schema/customer", ["customer", "note", "ticket"]),
        ("Schema/ticket", ["note", "ticket"]),
        ("Schema/note", ["note"]),
        ("Schema/lone", ["lone"]),
    ],
)
@pytest.mark.usefixtures("chain")
def test_impact_is_what_depends_on_an_address_and_itself(address: str, nodes: list[str]) -> None:
    document = run("graph", "--format", "json", "--impact", address).document

    assert [node["address"] for node in document["nodes"]] == [f"Schema/{name}" for name in nodes]
    kept = {f"Schema/{name}" for name in nodes}
    assert all({edge["from"], edge["to"]} <= kept for edge in document["edges"])


@pytest.mark.usefixtures("chain")
def test_unknown_address_gets_the_nearest() -> None:
    ran = run("graph", "--impact", "Schema/custmer", "--format", "json")

    assert (ran.code, ran.document["diagnostics"][0]["hint"]) == (64, "did you mean Schema/customer?")


@pytest.mark.usefixtures("chain")
def test_mermaid_has_one_arrow_between_two_resources() -> None:
    assert run("graph").out.splitlines() == [
        "flowchart LR",
        '  n1["Schema/customer"]',
        '  n2["Schema/lone"]',
        '  n3["Schema/note"]',
        '  n4["Schema/ticket"]',
        "  n3 --> n4",
        "  n4 --> n1",
    ]
    assert run("graph").out == run("graph", "--format", "mermaid").out


@pytest.mark.usefixtures("chain")
def test_dot_is_a_digraph() -> None:
    assert run("graph", "--format", "dot").out.splitlines() == [
        "digraph reconciler {",
        "  rankdir=LR;",
        "  node [shape=box];",
        '  "Schema/customer";',
        '  "Schema/lone";',
        '  "Schema/note";',
        '  "Schema/ticket";',
        '  "Schema/note" -> "Schema/ticket";',
        '  "Schema/ticket" -> "Schema/customer";',
        "}",
    ]


def test_neither_store_nor_org_is_touched(chain: Folder) -> None:
    run("graph")

    assert not chain.path("state").exists()


def test_order_of_files_never_shows(chain: Folder) -> None:
    before = run("graph", "--format", "json").document
    chain.remove("customer").write(zz=LONE.replace("lone", "customer").replace("Lone", "Customer"))

    after = run("graph", "--format", "json").document

    assert [node["address"] for node in after["nodes"]] == [node["address"] for node in before["nodes"]]
    assert after["edges"] == before["edges"]


def test_folder_is_drawn_alone(chain: Folder) -> None:
    chain.path("some").mkdir()
    chain.path("some", "lone.yaml").write_text(LONE, encoding="utf-8")

    assert run("graph", "some", "--format", "json").document["nodes"] == [{"address": "Schema/lone"}]


def test_circle_is_told_with_each_edge(folder: Folder) -> None:
    folder.write(circle=CIRCLE)

    ran = run("graph", "--format", "json")

    assert (ran.code, ran.codes) == (65, ["reference.cycle"])
    message = ran.document["diagnostics"][0]["message"]
    assert "Schema/a -> Schema/b -> Schema/a" in message
    assert "manifests/circle.yaml:6" in message
    assert "manifests/circle.yaml:13" in message
