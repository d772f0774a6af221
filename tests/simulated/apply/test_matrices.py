"""Weight matrices, end to end: whole or put back, and never over 1.0 (platform-api.md, section 6)."""

from __future__ import annotations

from math import fsum
from typing import Any

import pytest

from reconciler.sandbox import Fault
from tests.simulated.apply.bench import Bench, outcomes, problems, result_of
from tests.simulated.apply.manifests import ADA, BEN, CHLOE, DAN, SUPPORT, matrix, weights

MEMBERS = f"/api/v2/routing/queues/{SUPPORT}/members"
KEY = "x-genesys-idempotency-key"


def scores(work: Bench) -> dict[str, float]:
    """The live scores of the support queue."""
    found = work.objects("members")
    return {one["user"]["id"]: one["score"] for one in found if one["queueId"] == SUPPORT}


def sums(start: dict[str, float], work: Bench) -> list[float]:
    """The sum of the scores after each PATCH that the org took."""
    held, found = dict(start), []
    for request in work.mutations():
        if request.path.startswith(MEMBERS) and request.status == 200:
            body: Any = request.body
            held[body["user_id"]] = body["score"]
            found.append(fsum(held.values()))
    return found


@pytest.fixture
def full(work: Bench) -> Bench:
    """A queue whose scores sum to 1.0, two of whose members are to trade places."""
    for user, score in ((ADA, 0.6), (BEN, 0.1), (CHLOE, 0.1), (DAN, 0.1)):
        work.org.alter("members", f"{SUPPORT}/{user}", {"score": score})
    for user, score in scores(work).items():
        if user not in (ADA, BEN, CHLOE, DAN):
            work.org.alter("members", f"{SUPPORT}/{user}", {"score": 0.05 if score else 0})
    work.declare(matrix("support", members=weights(ada=0.1, ben=0.6, chloe=0.05, dan=0.15)))
    return work


def test_sum_never_passes_one(full: Bench) -> None:
    start = scores(full)

    full.apply()

    steps = sums(start, full)
    assert len(steps) == 4
    assert max(steps) <= 1.0 + 1e-9
    assert fsum(scores(full).values()) == pytest.approx(1.0)
    full.assert_settled()


def test_refused_member_puts_everything_back(full: Bench) -> None:
    start = scores(full)
    full.org.inject(Fault(method="PATCH", path=f"{MEMBERS}/{BEN}", status=400, message="not Ben"))

    report = full.apply()

    assert (report.status, report.converged) == ("partial", False)
    assert outcomes(report) == {"WeightMatrix/support": "rolled_back"}
    assert "not Ben" in problems(report)[0]
    assert scores(full) == start
    assert max(sums(start, full)) <= 1.0 + 1e-9
    assert full.prior().entries == {}
    assert full.prior().open_intents == ()
    detail: Any = result_of(report, "WeightMatrix/support").detail
    assert detail["applied_weights"] == {ADA: 0.6, BEN: 0.1, CHLOE: 0.1, DAN: 0.1}
    assert detail["balance_accuracy"] < 100


def test_member_that_stays_out_of_reach_puts_the_others_back(full: Bench) -> None:
    """Nobody knows whether its PATCH took effect, and its undo fails too: what the org holds counts."""
    start = scores(full)
    full.org.inject(Fault(method="PATCH", path=f"{MEMBERS}/{BEN}", status=500, times=None))

    report = full.apply()

    assert outcomes(report) == {"WeightMatrix/support": "rolled_back"}
    assert scores(full) == start


def test_rollback_that_fails_says_what_stands(full: Bench) -> None:
    full.org.inject(Fault(method="PATCH", path=f"{MEMBERS}/{BEN}", status=400))
    full.org.inject(Fault(method="PATCH", path=f"{MEMBERS}/{ADA}", status=500, after=1, times=None))

    report = full.apply()

    result = result_of(report, "WeightMatrix/support")
    detail: Any = result.detail
    assert result.error is not None
    assert (report.status, result.outcome) == ("partial", "failed")
    assert result.error.diagnostic.code == "weightmatrix.rollback-failed"
    assert detail["applied_weights"] == {ADA: 0.1, BEN: 0.1, CHLOE: 0.1, DAN: 0.1}
    recorded = full.audit(phase="result")[-1]
    assert recorded["detail"]["applied_weights"] == detail["applied_weights"]
    assert recorded["error"]["code"] == "weightmatrix.rollback-failed"
    full.org.clear_faults()
    full.converge()


def test_problem_points_at_the_member_of_the_manifest(full: Bench) -> None:
    full.org.inject(Fault(method="PATCH", path=f"{MEMBERS}/{BEN}", status=400))

    error = result_of(full.apply(), "WeightMatrix/support").error

    assert error is not None
    assert error.diagnostic.path == "/spec/members/1"
    assert error.diagnostic.line is not None
    lines = (full.folder / "manifests" / "WeightMatrix-support.json").read_text().splitlines()
    assert BEN in lines[error.diagnostic.line]


def test_undo_has_its_own_keys(full: Bench) -> None:
    full.org.inject(Fault(method="PATCH", path=f"{MEMBERS}/{BEN}", status=400))

    full.apply()

    keys = [request.headers[KEY] for request in full.mutations()]
    assert len(set(keys)) == len(keys)
    journalled = {record["idempotency_key"] for record in full.audit(phase="intent")}
    assert journalled == set(keys)


def test_settings_go_back_too(work: Bench) -> None:
    work.declare(matrix("support", overflowThreshold=0.5, wrapUpTimeout=90))
    before = {found["id"]: found for found in work.objects("queues")}[SUPPORT]
    work.org.inject(Fault(method="PATCH", path=f"{MEMBERS}/*", status=400))

    report = work.apply()

    after = {found["id"]: found for found in work.objects("queues")}[SUPPORT]
    assert outcomes(report) == {"WeightMatrix/support": "rolled_back"}
    for name in ("utilizationThreshold", "wrapUpTimeout"):
        assert after[name] == before[name]


def test_settings_go_back_though_the_queue_moved_since(work: Bench) -> None:
    """Its undo carries the version of a re-read of its own."""
    work.declare(matrix("support", overflowThreshold=0.5))
    work.org.inject(Fault(method="PATCH", path=f"{MEMBERS}/*", status=400))

    report = work.apply()

    queue = f"/api/v2/routing/queues/{SUPPORT}"
    versions = [request.headers["if-match"] for request in work.mutations() if request.path == queue]
    assert outcomes(report) == {"WeightMatrix/support": "rolled_back"}
    assert len(set(versions)) == 2


def test_reread_that_gets_no_answer_leaves_what_was_applied(work: Bench) -> None:
    work.declare(matrix("support"))
    work.org.inject(Fault(method="GET", path=MEMBERS, status=503, after=2, times=5))

    report = work.apply()

    assert scores(work)[ADA] == 0.2
    assert outcomes(report)["WeightMatrix/support"] in ("succeeded", "unsettled")
    work.converge()


def test_additive_matrix_leaves_the_others_their_score(work: Bench) -> None:
    start = scores(work)
    work.declare(matrix("support", members=weights(ada=0.3)))

    work.converge()

    assert scores(work) == {**start, ADA: 0.3}


def test_authoritative_matrix_silences_the_others(work: Bench) -> None:
    work.declare(matrix("support", members=weights(ada=0.5, ben=0.5), membersMode="authoritative"))
    start = scores(work)

    work.apply()

    assert {user: score for user, score in scores(work).items() if score} == {ADA: 0.5, BEN: 0.5}
    assert max(sums(start, work)) <= 1.0 + 1e-9
    work.assert_settled()


def test_accuracy_is_what_the_server_says_afterwards(work: Bench) -> None:
    work.declare(matrix("support", members=weights(ada=0.3, ben=0.2)))
    applied = work.org.alter

    class Meddling:
        """Somebody moves a score as soon as the run reads the queue again."""

        def notify(self, event: object) -> None:
            if type(event).__name__ == "ChangeFinished":
                applied("members", f"{SUPPORT}/{ADA}", {"score": 0.1})

    report = work.apply(observer=Meddling())

    detail: Any = result_of(report, "WeightMatrix/support").detail
    assert detail["applied_weights"] == {ADA: 0.1, BEN: 0.2}
    assert detail["balance_accuracy"] == 90
    assert report.metrics["balance_accuracy"] == 90
    assert (report.status, report.converged) == ("unsettled", False)
    assert "WeightMatrix/support" in problems(report)[0]


def test_change_of_nothing_that_is_sent_moves_the_record_only(work: Bench) -> None:
    work.declare(matrix("support"))
    work.converge()
    work.declare(matrix("support", strategy="longestIdle"))
    work.org.forget_requests()

    planned = work.plan()
    report = work.apply()

    assert planned.changes[0].requests == 0
    assert [field.path for field in planned.changes[0].fields] == ["/strategy"]
    assert (outcomes(report), work.sent()) == ({"WeightMatrix/support": "succeeded"}, [])
    work.assert_settled()
