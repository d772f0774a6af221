"""Named cases of what the matrix of faults has found."""

from __future__ import annotations

import pytest

from reconciler.errors import RemoteError
from reconciler.sandbox import Fault
from tests.simulated.apply.bench import Bench, outcomes, problems, result_of
from tests.simulated.apply.manifests import schema, widget

WIDGETS = "/api/v2/analytics/dashboards/*/widgets"


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
