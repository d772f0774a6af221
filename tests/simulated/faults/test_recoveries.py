"""Faults that meet the run that takes over: what an earlier one left open is neither lost nor made twice.

For each: the exit code of design.md, section 4; intents that could not be asked for stay open; and a next run
without the fault converges.
"""

from __future__ import annotations

import pytest

from reconciler.errors import ExitCode
from tests.simulated.apply.bench import Bench
from tests.simulated.faults.matrix import expected_code
from tests.simulated.faults.recoveries import RecoveryCase, every_recovery, interruptions, recoveries
from tests.simulated.faults.sites import Phase, prepare
from tests.simulated.faults.striking import apply_and_lose, apply_into, assert_coherent, assert_finished

BEFORE_PLANNING = (Phase.TOKEN, Phase.IDENTITY, Phase.RECOVERY)


@pytest.mark.parametrize("found", recoveries(), ids=lambda found: found.name)
def test_fault_in_a_recovery_loses_and_doubles_nothing(work: Bench, found: RecoveryCase) -> None:
    _assert_survived(work, found)


@pytest.mark.soak
@pytest.mark.product("found", every_recovery)
def test_every_fault_in_every_recovery(work: Bench, found: RecoveryCase) -> None:
    _assert_survived(work, found)


def _assert_survived(work: Bench, found: RecoveryCase) -> None:
    interruption, case = found.interruption, found.case
    prepare(work, interruption.step)
    apply_and_lose(work, interruption.step, interruption.trouble)
    left_open = work.prior().open_intents

    struck = apply_into(work, case.site, case.trouble)

    assert left_open
    assert struck.code == expected_code(case), struck
    if struck.code is ExitCode.ERROR and case.site.phase in BEFORE_PLANNING:
        assert work.prior().open_intents == left_open
    assert_coherent(work)
    work.converge()
    assert_finished(work, case.site)


def test_chosen_recoveries_meet_each_interruption_family_and_phase() -> None:
    cases, every = recoveries(), every_recovery()

    assert {found.interruption for found in cases} == set(interruptions())
    assert _in_recovery(cases) == _in_recovery(every)
    assert _with_kinds(cases) == _with_kinds(every)


def _in_recovery(cases: tuple[RecoveryCase, ...]) -> set[str]:
    return {found.case.trouble.family for found in cases if found.case.site.phase is Phase.RECOVERY}


def _with_kinds(cases: tuple[RecoveryCase, ...]) -> set[tuple[str, Phase]]:
    return {(found.case.site.kind, found.case.site.phase) for found in cases}
