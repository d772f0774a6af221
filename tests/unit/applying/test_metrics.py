"""Metrics of a run: what was measured, and None where nothing was (design.md, section 5)."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.commands.metrics import metrics_of
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.outcome import Outcome, Result, ResultError
from reconciler.model.values import JsonValue
from reconciler.remote import Statistics


def statistics(*latencies_ms: float) -> Statistics:
    """What the client counted."""
    return Statistics(
        total=9, succeeded=6, failed=3, retried=2, throttled=1, latencies_ms=tuple(latencies_ms)
    )


def result(*, http_status: int | None = None, **detail: JsonValue) -> Result:
    """A result with a detail, or with an error."""
    problem = Diagnostic(Severity.ERROR, "remote.rejected", "no")
    error = ResultError(problem, http_status) if http_status else None
    return Result("Widget/x", "create", Outcome.SUCCEEDED, error=error, detail=detail)


def test_nothing_measured_is_none() -> None:
    found: Any = metrics_of((), statistics())
    assert found["latency_ms"] == {"mean": None, "p50": None, "p95": None, "max": None}
    assert (found["render_success_rate"], found["balance_accuracy"]) == (None, None)
    assert found["requests"] == {"total": 9, "succeeded": 6, "failed": 3, "retried": 2, "throttled": 1}


def test_latencies_are_nearest_ranks() -> None:
    found: Any = metrics_of((), statistics(*(float(number) for number in range(100, 0, -1))))
    assert found["latency_ms"] == {"mean": 50.5, "p50": 50.0, "p95": 95.0, "max": 100.0}


@pytest.mark.parametrize(
    ("statuses", "rate"),
    [(("rendered",), 100.0), (("rendered", "failed", "failed"), 33.33), (("pending",), None)],
)
def test_render_rate_counts_what_is_decided(statuses: tuple[str, ...], rate: float | None) -> None:
    results = [result(render_status=status) for status in (*statuses, "pending", None)]
    assert metrics_of(results, statistics())["render_success_rate"] == rate


def test_balance_accuracy_is_the_mean_over_the_matrices() -> None:
    results = [result(balance_accuracy=100.0), result(balance_accuracy=95), result(status="active")]
    assert metrics_of(results, statistics())["balance_accuracy"] == 97.5


def test_validation_failures_are_bodies_that_break_rules() -> None:
    results = [result(http_status=status) for status in (400, 413, 404, 500)]
    assert metrics_of(results, statistics())["validation_failures"] == 2
