"""Metrics of a run (design.md, section 5)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reconciler.model.outcome import Result
from reconciler.model.values import JsonObject, JsonValue
from reconciler.remote import Statistics


def metrics_of(results: Sequence[Result], statistics: Statistics) -> JsonObject:
    """Requests, latencies and rates; None where nothing was measured."""
    return {
        "requests": {
            "total": statistics.total,
            "succeeded": statistics.succeeded,
            "failed": statistics.failed,
            "retried": statistics.retried,
            "throttled": statistics.throttled,
        },
        "latency_ms": _latencies(sorted(statistics.latencies_ms)),
        "validation_failures": sum(1 for found in results if _is_validation_failure(found)),
        "render_success_rate": _render_success_rate(results),
        "balance_accuracy": _balance_accuracy(results),
    }


def _is_validation_failure(result: Result) -> bool:
    return result.error is not None and result.error.http_status in (400, 413)


def _latencies(sorted_ms: Sequence[float]) -> JsonObject:
    if not sorted_ms:
        return {"mean": None, "p50": None, "p95": None, "max": None}
    return {
        "mean": round(sum(sorted_ms) / len(sorted_ms), 1),
        "p50": round(_percentile(sorted_ms, 50), 1),
        "p95": round(_percentile(sorted_ms, 95), 1),
        "max": round(sorted_ms[-1], 1),
    }


def _percentile(sorted_ms: Sequence[float], percent: int) -> float:
    """Nearest rank."""
    return sorted_ms[max(0, math.ceil(percent / 100 * len(sorted_ms)) - 1)]


def _render_success_rate(results: Sequence[Result]) -> float | None:
    """Rendered ÷ decided × 100 (platform-api.md, section 4)."""
    decided = [_detail(found, "render_status") for found in results]
    rendered, failed = decided.count("rendered"), decided.count("failed")
    return round(100 * rendered / (rendered + failed), 2) if rendered + failed else None


def _balance_accuracy(results: Sequence[Result]) -> float | None:
    """The mean over the run's matrices, percent."""
    found = [_detail(result, "balance_accuracy") for result in results]
    numbers = [float(value) for value in found if isinstance(value, int | float)]
    return round(sum(numbers) / len(numbers), 2) if numbers else None


def _detail(result: Result, key: str) -> JsonValue:
    return result.detail.get(key)
