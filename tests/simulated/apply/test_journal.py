"""What is written down of an apply: journal before the request, one transaction a result, the audit chain."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.events import ChangeFinished, Event, Retrying
from reconciler.model.state import Intent
from reconciler.model.values import canonical_json
from reconciler.sandbox import Fault, seed_id
from tests.simulated.apply.bench import Bench, outcomes, result_of
from tests.simulated.apply.manifests import ADA, BEN, SUPPORT, channel, matrix, schema, text_field, widget

DASHBOARD_ID = seed_id("dashboard", "Support Overview")
KEY_HEADERS = ("idempotency-key", "x-genesys-idempotency-key")


@dataclass(slots=True)
class Peeking:
    """Looks into the store, as another process would, when an event comes."""

    work: Bench
    event: type[Event]
    seen: list[tuple[Intent, ...]] = field(default_factory=list)

    def notify(self, event: Event) -> None:
        if isinstance(event, self.event):
            self.seen.append(self.work.prior().open_intents)


def sent_keys(work: Bench) -> list[str]:
    """The idempotency keys that were sent."""
    headers = [request.headers for request in work.mutations()]
    return [found[name] for found in headers for name in KEY_HEADERS if name in found]


def test_intent_is_on_disk_before_the_request_leaves(work: Bench) -> None:
    work.declare(widget("calls"))
    work.org.inject(Fault(method="POST", path="*/widgets", drop="before"))
    peeking = Peeking(work, Retrying)

    work.apply(observer=peeking)

    (intents,) = peeking.seen
    first = work.mutations()[0]
    assert [(found.method, found.path, found.key) for found in intents] == [
        ("POST", first.path, first.headers["idempotency-key"])
    ]
    assert intents[0].body == first.body


def test_repeat_carries_the_same_key_and_body(work: Bench) -> None:
    work.declare(widget("calls"))
    work.org.inject(Fault(method="POST", path="*/widgets", status=503, times=2))

    report = work.apply()

    tries = [request for request in work.mutations() if request.path.endswith("/widgets")]
    assert len(tries) == 3
    assert len({(request.headers["idempotency-key"], canonical_json(request.body)) for request in tries}) == 1
    assert result_of(report, "Widget/calls").attempts == 3


def test_key_is_of_lineage_run_address_and_step(work: Bench) -> None:
    work.declare(schema("ticket"))
    report = work.apply()

    identity = work.prior().identity
    assert identity is not None
    text = canonical_json([identity.lineage, report.run_id, "Schema/ticket", "0"])
    assert sent_keys(work) == [hashlib.sha256(text.encode()).hexdigest()]


def test_same_change_in_another_run_has_another_key(work: Bench) -> None:
    for _ in range(2):
        work.declare(widget("calls"))
        work.apply()
        work.apply(destroy=True)

    keys = sent_keys(work)
    assert len(keys) == 2
    assert len(set(keys)) == 2


def test_every_request_has_its_intent_and_the_chain_holds(work: Bench) -> None:
    work.declare(schema("ticket"), widget("calls"), channel("web"), matrix("support", overflowThreshold=0.6))
    work.apply()
    work.declare(schema("ticket", description="Edited"), channel("web", description="Edited"))
    work.apply()

    intents = [
        (record["detail"]["method"], record["detail"]["path"]) for record in work.audit(phase="intent")
    ]
    assert sorted(intents) == sorted((request.method, request.path) for request in work.mutations())


def test_run_is_framed_by_its_start_and_its_end(work: Bench) -> None:
    work.declare(schema("ticket"))
    report = work.apply()

    records = work.audit(run_id=report.run_id)
    assert [record["phase"] for record in records] == [
        *("run_started", "intent", "intent", "result", "run_finished")
    ]
    assert {record["plan_fingerprint"] for record in records} == {report.plan_fingerprint}
    finished = records[-1]["detail"]
    assert (finished["status"], finished["converged"]) == ("applied", True)
    assert finished["results"] == {"succeeded": 1}


def test_run_without_changes_leaves_its_frame(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.apply()

    report = work.apply()

    phases = [record["phase"] for record in work.audit(run_id=report.run_id)]
    assert phases == ["run_started", "run_finished"]


def test_result_says_who_what_where_and_how(work: Bench) -> None:
    who = ("-c", "user.email=kim@example.com", "-c", "user.name=Kim")
    for command in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "First"]):
        subprocess.run(["git", *command], cwd=work.folder, check=True)
    work.declare(channel("web"))
    work.converge()
    work.declare(channel("web", description="Edited"))
    report = work.apply()

    record = work.audit(phase="result")[-1]
    result = result_of(report, "Channel/web")
    assert record["fields"] == {
        "/description": {"before": "Messages of web", "after": "Edited", "origin": "intent"}
    }
    expected = {
        "org": "test",
        "actor": "kim",
        "address": "Channel/web",
        "kind": "Channel",
        "action": "update",
        "remote_id": result.remote_id,
        "outcome": "succeeded",
        "http_status": 200,
        "attempts": 1,
        "error": None,
    }
    assert {name: record[name] for name in expected} == expected
    assert record["detail"]["status"] == "active"
    assert record["idempotency_key"] is None  # a PUT is idempotent by itself
    created = work.audit(phase="result")[0]
    assert created["idempotency_key"] == work.audit(phase="intent")[0]["idempotency_key"]
    assert record["latency_ms"] > 0
    assert record["correlation_id"] in {request.correlation_id for request in work.org.requests}
    assert len(str(record["commit"])) == 40


def test_failed_result_says_what_the_platform_said(work: Bench) -> None:
    work.declare(channel("web"))
    work.org.inject(Fault(method="POST", path="*/configurations", status=400, message="no"))
    report = work.apply()

    (record,) = work.audit(phase="result")
    error: Any = record["error"]
    assert (record["outcome"], record["http_status"]) == ("failed", 400)
    assert (error["code"], error["file"], error["http_status"]) == (
        *("remote.rejected", "manifests/Channel-web.json"),
        400,
    )
    assert report.metrics["validation_failures"] == 1
    assert work.prior().open_intents == ()


def test_failed_result_says_what_the_documents_ask_for_of_its_kind(work: Bench) -> None:
    work.declare(schema("ticket"), widget("calls"), matrix("support", overflowThreshold=0.6))
    for method, path in (("POST", "*/schemas"), ("POST", "*/widgets"), ("PATCH", "*/queues/*")):
        work.org.inject(Fault(method=method, path=path, status=400, message="no", times=None))
    work.apply()

    details = {record["kind"]: record["detail"] for record in work.audit(phase="result", outcome="failed")}
    assert details == {
        "Schema": {"version": 1, "status": None},
        "Widget": {"widget_name": "calls", "dashboard_id": DASHBOARD_ID, "render_status": None},
        "WeightMatrix": {
            "queue_id": SUPPORT,
            "requested_weights": {ADA: 0.2, BEN: 0.2},
            "applied_weights": None,
            "overflow_threshold": 0.6,
            "balance_accuracy": None,
        },
    }


def test_result_state_and_audit_come_together(work: Bench) -> None:
    """Whoever looks when a change is told finished finds all three."""
    work.declare(schema("ticket"))
    found: list[tuple[int, int, int]] = []

    class Looking:
        def notify(self, event: Event) -> None:
            if isinstance(event, ChangeFinished):
                prior = work.prior()
                results = work.audit(phase="result")
                found.append((len(prior.entries), len(prior.open_intents), len(results)))

    work.apply(observer=Looking())

    assert found == [(1, 0, 1)]


def test_secrets_are_digests_wherever_they_are_kept(work: Bench) -> None:
    work.environ["TEXT"] = "hunter2-hunter2"
    work.configure(environment=["TEXT"])
    work.declare(channel("web", description="${env.TEXT}"))
    work.org.inject(Fault(method="POST", path="*/configurations", status=400, message="not hunter2-hunter2"))
    report = work.apply()
    work.apply()

    kept = b"".join(file.read_bytes() for file in (work.folder / "state").iterdir())
    assert b"hunter2" not in kept
    assert "hunter2" not in repr(report)
    assert outcomes(report) == {"Channel/web": "failed"}
    work.assert_settled()


def test_answer_that_says_a_secret_back_is_kept_masked(work: Bench) -> None:
    work.environ["TEXT"] = "hunter2-hunter2"
    work.configure(environment=["TEXT"])
    mediated = {"name": "mediaType", "type": "dimension", "values": ["voice", "${env.TEXT}"]}
    config = {"metrics": [{"name": "nOffered", "type": "count"}], "filters": [mediated]}
    work.declare(widget("calls", config=config))
    work.apply()
    work.declare(widget("calls", config=config, type="chart"))
    answer = {**work.objects("widgets")[0], "type": "table"}
    work.org.inject(Fault(method="PUT", path="*", body=json.dumps(answer)))

    work.apply()

    kept = b"".join(file.read_bytes() for file in (work.folder / "state").iterdir())
    assert b"hunter2" not in kept
    entry = work.entry("Widget/calls")
    assert entry is not None
    assert entry.answered["type"] == "table"


def test_adoption_leaves_its_record(work: Bench) -> None:
    work.declare(channel("web"))
    work.converge()
    work.lose_state()
    work.converge(adopt=("*",))

    (record,) = work.audit(phase="result")
    assert (record["action"], record["outcome"]) == ("adopt", "succeeded")
    assert list(record["fields"]) == ["/activation"]


def test_edit_of_one_field_of_a_schema_names_it(work: Bench) -> None:
    work.declare(schema("ticket"))
    work.converge()
    work.declare(schema("ticket", [text_field("subject", required=False, description="What it is about")]))
    work.converge()

    record = work.audit(phase="result")[-1]
    assert list(record["fields"]) == ["/fields/subject/description", "/fields/subject/required"]
    assert record["detail"] == {"version": 2, "status": "PUBLISHED"}
