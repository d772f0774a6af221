"""The matrix of faults, pairwise: each trouble in each phase of a run, the kinds taking turns.

For each: the exit code of design.md, section 4; nothing twice in the org and nothing half recorded; and a
next run without the fault that converges.
"""

from __future__ import annotations

import pytest

from reconciler.errors import ExitCode
from tests.simulated.apply.bench import Bench
from tests.simulated.faults.matrix import Case, every_case, expected_code, pairwise
from tests.simulated.faults.sites import Phase, prepare, sites
from tests.simulated.faults.striking import apply_into, assert_coherent, assert_finished, plan_into
from tests.simulated.faults.troubles import troubles


@pytest.mark.parametrize("case", pairwise(), ids=lambda case: case.name)
def test_fault_ends_in_its_exit_code_and_the_next_run_converges(work: Bench, case: Case) -> None:
    _assert_survived(work, case)


@pytest.mark.soak
@pytest.mark.product("case", every_case)
def test_every_fault_at_every_site(work: Bench, case: Case) -> None:
    _assert_survived(work, case)


def _assert_survived(work: Bench, case: Case) -> None:
    prepare(work, case.site)

    planned = plan_into(work, case.site, case.trouble) if case.site.is_planning else None
    struck = apply_into(work, case.site, case.trouble)

    assert struck.code == expected_code(case), struck
    if planned is not None:
        assert planned.code == (ExitCode.OK if _is_unasked_in_plan(case) else struck.code)
    assert_coherent(work)
    work.converge()
    assert_finished(work, case.site)


def _is_unasked_in_plan(case: Case) -> bool:
    """A plan does not ask again which org it is, once the store has it."""
    return case.site.phase is Phase.IDENTITY and not case.trouble.has_no_token


def test_pairwise_cases_meet_all_pairs() -> None:
    cases = pairwise()

    in_phases = {(case.trouble.family, case.site.phase) for case in cases}
    with_kinds = {(case.trouble.family, case.site.kind) for case in cases}

    assert {case.trouble for case in cases} == set(troubles())
    assert with_kinds == {(case.trouble.family, case.site.kind) for case in every_case()}
    assert in_phases == {(case.trouble.family, case.site.phase) for case in every_case()}
    assert {(case.site.kind, case.site.phase) for case in cases} == {
        (site.kind, site.phase) for site in sites()
    }
