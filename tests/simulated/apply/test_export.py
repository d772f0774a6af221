"""Manifests of what an org has: symbolic, and with nothing to change once they are adopted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.commands.export import ExportedFile, export, write_files
from reconciler.errors import UsageError
from reconciler.kinds import KINDS
from reconciler.sandbox import seed_id
from tests.simulated.apply.bench import Bench, Document, Silent, decisions
from tests.simulated.apply.manifests import SUPPORT, channel, reference, schema, widget


@pytest.fixture
def foreign(work: Bench) -> Bench:
    """An org in which somebody else has made one object of each kind."""
    work.declare(widget("calls"), channel("web"), schema("a", [reference("b", "b")]), schema("b"))
    work.converge()
    work.lose_state()
    work.declare()
    work.org.forget_requests()
    return work


def exported(work: Bench, *kinds: str) -> tuple[ExportedFile, ...]:
    """What `export` says."""
    return asyncio.run(export(work.project(), kinds, Silent()))


def specs(files: Sequence[ExportedFile]) -> dict[str, Document]:
    """Path to spec."""
    return {found.path.as_posix(): dict(found.document)["spec"] for found in files}  # type: ignore[misc]


def test_whole_org_is_adopted_with_nothing_to_change(foreign: Bench) -> None:
    files = exported(foreign)
    write_files(files, foreign.folder / "manifests")
    kinds = {str(found.document["kind"]) for found in files}

    planned = foreign.plan(adopt=("*",))

    assert kinds == set(KINDS)
    assert (planned.applyable, planned.requests.apply_estimate) == (True, 0)
    assert {action for action, _ in decisions(planned).values()} == {"adopt", "update"}
    adopted = [change for change in planned.changes if change.action == "adopt"]
    assert [change.fields for change in adopted] == [()] * len(adopted)
    foreign.org.forget_requests()
    foreign.converge(adopt=("*",))
    assert foreign.sent() == []


def test_names_stand_in_place_of_ids(foreign: Bench) -> None:
    found = specs(exported(foreign))

    assert seed_id("queue", "Support") not in str(found)
    assert found["weightmatrix/support.yaml"]["queueId"] == {"$lookup": "Queue/Support"}
    assert found["channel/web.yaml"]["routingTarget"]["id"] == {"$lookup": "Queue/Support"}
    assert {
        spec["dashboardId"]["$lookup"].split("/")[0] for path, spec in found.items() if "widget/" in path
    } == {"Dashboard"}


def test_values_of_a_filter_by_queue_are_names_too(work: Bench) -> None:
    by_queue = {"name": "queueId", "type": "queue", "values": [SUPPORT, "unknown"]}
    work.declare(
        widget("calls", config={"metrics": [{"name": "nOffered", "type": "count"}], "filters": [by_queue]})
    )
    work.org.forget_requests()
    work.apply()

    found = specs(exported(work, "Widget"))["widget/calls.yaml"]

    assert found["config"]["filters"][0]["values"] == [{"$lookup": "Queue/Support"}, "unknown"]


def test_schema_refers_to_what_is_exported_too(foreign: Bench) -> None:
    found = specs(exported(foreign, "Schema"))["schema/a.yaml"]

    assert found["fields"][0]["constraints"] == {"referencedType": {"$ref": "Schema/b"}}


def test_name_that_two_objects_share_stays_an_id(work: Bench) -> None:
    work.org.alter("queues", seed_id("queue", "Support Overflow"), {"name": "Support"})

    found = specs(exported(work, "WeightMatrix"))

    assert [found[f"weightmatrix/{name}.yaml"]["queueId"] for name in ("support", "support-2")] == [
        *sorted([SUPPORT, seed_id("queue", "Support Overflow")])
    ]


def test_what_a_manifest_cannot_say_is_left_out(work: Bench) -> None:
    dashboard = seed_id("dashboard", "Support Overview")
    work.declare(widget("x"))
    made = str(work.apply().results[0].remote_id)
    work.org.alter("widgets", made, {"name": "Hand made", "colour": "unknown to us"})

    found = specs(exported(work, "Widget"))["widget/hand-made.yaml"]

    assert set(found) == {"dashboardId", "name", "type", "config", "visualization"}
    assert dashboard not in str(found)


def test_deprecated_schema_is_not_exported(work: Bench) -> None:
    keeper = schema("keeper")
    work.declare(schema("old"), keeper)
    work.converge()
    work.declare(keeper)
    work.converge()

    assert "schema/old.yaml" not in specs(exported(work, "Schema"))


def test_each_listing_is_read_once_and_nothing_is_written(work: Bench) -> None:
    exported(work)

    asked = [(request.method, request.path, request.query) for request in work.org.requests]
    assert len(asked) == len(set(map(str, asked)))
    assert work.sent() == []
    assert not (work.folder / "state").exists()


def test_text_of_an_org_is_no_placeholder(work: Bench) -> None:
    work.declare(channel("web"))
    made = str(work.apply().results[0].remote_id)
    work.org.alter("channels", made, {"description": "costs ${env.HOME} $${x}"})
    work.lose_state()

    write_files(
        [found for found in exported(work, "Channel") if "web" in found.path.name], work.folder / "other"
    )

    planned = work.plan(work.folder / "other", adopt=("*",), new_state=True)
    assert [change.fields for change in planned.changes] == [()]


def test_nothing_is_overwritten(foreign: Bench, tmp_path: Path) -> None:
    files = exported(foreign, "Schema")
    (tmp_path / "out" / "schema").mkdir(parents=True)
    taken = tmp_path / "out" / files[-1].path
    taken.write_text("mine")

    with pytest.raises(UsageError, match="would be overwritten"):
        write_files(files, tmp_path / "out")

    assert [path.name for path in (tmp_path / "out").rglob("*.yaml")] == [taken.name]
    assert taken.read_text() == "mine"


def test_unknown_kind_is_told(work: Bench) -> None:
    with pytest.raises(UsageError) as caught:
        exported(work, "Widgit")

    assert caught.value.hint == "did you mean Widget?"
