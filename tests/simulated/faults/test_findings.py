"""Named cases of what the matrix of faults has found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.errors import RemoteError, RemoteUnavailable
from reconciler.sandbox import Fault
from tests.simulated.apply.bench import Bench, outcomes, problems, result_of
from tests.simulated.apply.manifests import Document, channel, schema, widget

WIDGETS = "/api/v2/analytics/dashboards/*/widgets"
SCHEMAS = "/api/v2/customobjects/schemas"
CHANNELS = "/api/v2/wi/engagements/configurations"


def test_failed_precondition_of_a_refresh_is_only_a_warning(work: Bench) -> None:
    work.declare(widget("x"))
    work.org.inject(Fault(method="POST", path=f"{WIDGETS}/*/refresh", status=412))

    report = work.converge()

    assert outcomes(report) == {"Widget/x": "succeeded"}
    assert "refresh failed" in result_of(report, "Widget/x").warnings[0]


def test_failed_precondition_where_no_version_was_sent_is_what_the_org_said(work: Bench) -> None:
    work.declare(widget("x"))
    work.org.inject(Fault(method="POST", path=WIDGETS, status=412))

    report = work.apply()

    assert "answered 412" in problems(report)[0]
    assert work.sent() == [f"POST {work.mutations()[0].path}"]
    work.converge()


@pytest.mark.parametrize("fault", [Fault(status=404), Fault(body="{}"), Fault(body='{"id": ""}')])
def test_host_that_does_not_say_its_org_is_an_error_of_the_host(work: Bench, fault: Fault) -> None:
    work.declare(schema("x"))
    work.org.inject(Fault(path="/api/v2/organizations/me", status=fault.status, body=fault.body))

    with pytest.raises(RemoteError, match="does not say which org") as raised:
        work.apply()

    assert (raised.value.exit_code, raised.value.code) == (1, "remote.rejected")
    work.converge()


def test_object_that_cannot_be_read_back_is_not_said_to_differ(work: Bench) -> None:
    work.declare(widget("x"))
    work.org.inject(Fault(method="GET", path=f"{WIDGETS}/*", status=503, times=None))

    report = work.apply()
    work.org.clear_faults()

    assert (outcomes(report), report.converged) == ({"Widget/x": "succeeded"}, False)
    assert ["could not be read again" in problem for problem in problems(report)] == [True]
    work.assert_settled()


@pytest.mark.parametrize(
    ("manifest", "path", "collection", "body"),
    [
        (widget("x"), WIDGETS, "widgets", "{}"),
        (schema("x"), SCHEMAS, "schemas", "null"),
        (channel("x"), CHANNELS, "channels", '{"id": ""}'),
    ],
    ids=["Widget", "Schema", "Channel"],
)
def test_create_that_is_answered_without_an_id_is_asked_again_under_its_key(
    work: Bench, manifest: Document, path: str, collection: str, body: str
) -> None:
    work.declare(manifest)
    work.org.inject(Fault(method="POST", path=path, body=body))

    report = work.apply()

    address = f"{manifest['kind']}/x"
    error = result_of(report, address).error
    assert (report.status, outcomes(report)) == ("partial", {address: "unknown"})
    assert error is not None
    assert "answered 201 without the id of what it made" in error.diagnostic.message
    (intent,) = work.prior().open_intents
    work.org.inject(Fault(method="POST", path=path, body=body))
    with pytest.raises(RemoteUnavailable, match="without the id"):
        work.apply()
    assert work.prior().open_intents == (intent,)
    work.converge()
    assert len(work.objects(collection)) == 1


def test_publication_that_is_answered_without_the_schema_is_not_taken_for_a_draft(work: Bench) -> None:
    work.declare(schema("x"))
    work.org.inject(Fault(method="PATCH", path=f"{SCHEMAS}/*", body="{}"))

    work.converge()


@pytest.mark.parametrize("status", [404, 409, 412])
def test_create_whose_repeat_is_refused_by_the_place_is_looked_up(work: Bench, status: int) -> None:
    work.declare(channel("x"))
    work.org.inject(Fault(method="POST", path=CHANNELS, body="{}"))
    work.apply()
    work.org.inject(Fault(method="POST", path=CHANNELS, status=status))

    work.converge()

    assert len(work.objects("channels")) == 1


@pytest.mark.parametrize("fault", [Fault(status=400), Fault(status=413), Fault(status=409, code="duplicate")])
def test_object_under_a_name_that_was_refused_to_us_is_not_taken_over(work: Bench, fault: Fault) -> None:
    work.declare(channel("x"))
    work.org.inject(Fault(method="POST", path=CHANNELS, body="{}"))
    work.apply()
    work.org.inject(replace(fault, method="POST", path=CHANNELS))
    work.org.forget_requests()

    report = work.apply()

    assert report.status == "refused"
    assert report.plan is not None
    assert [change.reason.value for change in report.plan.changes] == ["unowned_match"]
    assert work.sent() == [f"POST {CHANNELS}"]
