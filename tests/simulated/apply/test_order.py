"""Order of an apply: references filled in, dependants skipped, each change started when its own are done."""

from __future__ import annotations

from typing import Any

from reconciler.model.events import ChangeFinished, ChangeStarted, Event
from reconciler.sandbox import Fault
from tests.simulated.apply.bench import Bench, Watching, outcomes, result_of
from tests.simulated.apply.manifests import channel, reference, schema, text_field, widget

SCHEMAS = "/api/v2/customobjects/schemas"
WIDGETS = "/api/v2/analytics/dashboards/*/widgets"


def spans(events: list[Event]) -> dict[str, tuple[int, int]]:
    """When each change began and ended, by the number of the event."""
    begun: dict[str, int] = {}
    found = {}
    for number, event in enumerate(events):
        if isinstance(event, ChangeStarted):
            begun[str(event.address)] = number
        elif isinstance(event, ChangeFinished) and event.result.address in begun:
            found[event.result.address] = (begun[event.result.address], number)
    return found


def filtered(name: str, target: str) -> dict[str, Any]:
    """A widget one of whose filters names another widget."""
    mediated = {"name": "mediaType", "type": "dimension", "values": ["voice", {"$ref": target}]}
    config = {"metrics": [{"name": "nOffered", "type": "count"}], "filters": [mediated]}
    return widget(name, config=config)


def test_reference_to_what_the_run_makes_is_filled_in(work: Bench) -> None:
    work.declare(widget("first"), filtered("second", "Widget/first"))

    report = work.converge()

    first = result_of(report, "Widget/first").remote_id
    sent: Any = next(found for found in work.objects("widgets") if found["name"] == "second")
    assert sent["config"]["filters"][0]["values"] == ["voice", first]
    entry: Any = work.entry("Widget/second")
    assert entry.base["config"]["filters"][0]["values"] == ["voice", first]


def test_reference_to_a_field_is_filled_in(work: Bench) -> None:
    work.declare(channel("web", description={"$ref": "Widget/first#/name"}), widget("first"))

    work.converge()

    assert work.objects("channels")[0]["description"] == "first"


def test_reference_to_what_only_the_org_says_of_a_target(work: Bench) -> None:
    """Its target changes too, though only in the record."""
    work.declare(widget("first"))
    work.converge()
    work.declare(
        widget("first", metadata={"labels": {"team": "care"}}),
        channel("web", description={"$ref": "Widget/first#/renderStatus"}),
    )

    work.converge()

    assert work.objects("channels")[0]["description"] == "rendered"


def test_lost_answer_to_an_update_with_a_filled_reference_succeeds(work: Bench) -> None:
    work.declare(widget("second"))
    work.converge()
    work.declare(widget("first"), filtered("second", "Widget/first"))
    work.org.inject(Fault(method="PUT", path="*", drop="after"))

    work.converge()


def test_failure_skips_what_depends_on_it_and_nothing_else(work: Bench) -> None:
    work.declare(
        schema("a", [reference("b", "b")]),
        schema("b", [reference("c", "c")]),
        schema("c"),
        schema("free"),
        widget("calls", dependsOn=["Schema/a"]),
    )
    work.org.inject(Fault(method="POST", path=SCHEMAS, status=400, message="not now"))

    report = work.apply(parallelism=1)

    assert outcomes(report) == {
        "Schema/a": "skipped",
        "Schema/b": "skipped",
        "Schema/c": "failed",
        "Schema/free": "succeeded",
        "Widget/calls": "skipped",
    }
    blocked = {result.address: result.blocked_by for result in report.results if result.blocked_by}
    assert blocked == dict.fromkeys(("Schema/a", "Schema/b", "Widget/calls"), "Schema/c")
    audited = {record["address"]: record["outcome"] for record in work.audit(phase="result")}
    assert audited == outcomes(report)
    work.converge()


def test_change_starts_as_soon_as_its_own_needs_are_met(work: Bench) -> None:
    """No level barriers: the chain of quick ones ends while a slow one of its first level is under way."""
    work.declare(widget("slow"), schema("a", [reference("b", "b")]), schema("b"))
    work.org.inject(Fault(method="POST", path=WIDGETS, latency_s=0.6))
    watching = Watching()

    work.apply(observer=watching)

    when = spans(watching.events)
    assert when["Widget/slow"][0] < when["Schema/a"][0]
    assert when["Schema/a"][1] < when["Widget/slow"][1]


def test_parallelism_is_a_bound(work: Bench) -> None:
    work.declare(*(schema(f"s{number}") for number in range(6)))
    for parallelism, most in ((1, 1), (3, 3)):
        watching = Watching()
        work.apply(observer=watching, parallelism=parallelism)
        assert busiest(watching.events) == most
        work.declare(*(schema(f"s{number}", description=str(parallelism)) for number in range(6)))


def busiest(events: list[Event]) -> int:
    """The most changes that were under way at once."""
    running = most = 0
    for event in events:
        running += isinstance(event, ChangeStarted)
        running -= isinstance(event, ChangeFinished)
        most = max(most, running)
    return most


def test_problem_points_at_the_line_of_the_manifest(work: Bench) -> None:
    folder = work.folder / "manifests"
    folder.mkdir()
    (folder / "schema.yaml").write_text(
        "apiVersion: reconciler/v1\n"
        "kind: Schema\n"
        "metadata: {name: ticket}\n"
        "spec:\n"
        "  name: Ticket\n"
        "  fields:\n"
        "    - {name: subject, fieldtype: string}\n"
        "    - {name: body, fieldtype: string}\n"
    )
    work.org.inject(
        Fault(
            method="POST",
            path=SCHEMAS,
            status=400,
            body='{"message": "the body breaks rules", "code": "bad.request", "status": 400, '
            '"errors": [{"field": "/fields/1/name", "message": "is a reserved word"}]}',
        )
    )

    report = work.apply()

    error = result_of(report, "Schema/ticket").error
    assert error is not None
    found = error.diagnostic
    assert (found.file, found.line, found.path) == ("manifests/schema.yaml", 8, "/spec/fields/1/name")
    assert "manifests/schema.yaml:8" in found.message
    assert "is a reserved word" in found.message
    assert error.http_status == 400
    assert error.correlation_id


def test_rename_keeps_the_object(work: Bench) -> None:
    work.declare(schema("ticket", externalId="ticket"))
    work.converge()
    work.declare(
        schema("case", [text_field("subject")], externalId="ticket", metadata={"formerly": ["ticket"]})
    )

    report = work.apply()

    assert outcomes(report) == {"Schema/case": "succeeded"}
    assert [str(address) for address in work.prior().entries] == ["Schema/case"]
