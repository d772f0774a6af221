"""The matrix: which troubles meet which sites, and the exit code that design.md, section 4, wants of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, product

from reconciler.errors import ExitCode
from tests.simulated.faults.sites import Phase, Site, sites
from tests.simulated.faults.troubles import Course, Trouble, troubles


@dataclass(frozen=True, slots=True)
class Case:
    """One trouble at one site."""

    site: Site
    trouble: Trouble

    @property
    def name(self) -> str:
        """For a test's id."""
        return f"{self.site.name}-{self.trouble.name}"


def every_case() -> tuple[Case, ...]:
    """The full product, without what cannot be."""
    pairs = product(sites(), troubles())
    return tuple(Case(site, trouble) for site, trouble in pairs if is_possible(site, trouble))


def pairwise() -> tuple[Case, ...]:
    """Each family of troubles in each phase and with each kind; variants and scenarios take turns.

    A step is where something is written, so there all variants come.
    """
    chosen: list[Case] = []
    possible = every_case()
    for number, (phase, group) in enumerate(product(Phase, _families())):
        told = group if phase is Phase.STEP else group[number // len(_families()) % len(group) :][:1]
        for turn, trouble in enumerate(told, start=number):
            able = [case for case in possible if (case.site.phase, case.trouble) == (phase, trouble)]
            turned = able[turn % len(able) :] + able[: turn % len(able)] if able else []
            chosen += sorted(turned, key=lambda case: _times_met(case, chosen))[:1]
    return tuple(chosen)


def _families() -> tuple[tuple[Trouble, ...], ...]:
    return tuple(tuple(group) for _, group in groupby(troubles(), key=lambda trouble: trouble.family))


def _times_met(case: Case, chosen: Sequence[Case]) -> tuple[int, int]:
    """How many of its pairs a case has in common with earlier ones, and how often its kind came in all."""
    of_kind = [earlier for earlier in chosen if earlier.site.kind == case.site.kind]
    has_met_family = case.trouble.family in {earlier.trouble.family for earlier in of_kind}
    has_met_phase = case.site.phase in {earlier.site.phase for earlier in of_kind}
    return has_met_family + has_met_phase, len(of_kind)


def is_possible(site: Site, trouble: Trouble) -> bool:
    """Whether the case makes sense: an org that denies an object which it holds is not to be seen through."""
    if site.phase is Phase.TOKEN and any(fault.revoke_token for fault in trouble.faults):
        return False  # there is no token yet that could be revoked
    if (site.phase, site.method) != (Phase.STEP, "DELETE"):
        return True
    # A delete answers without a body: there is nothing to cut, and no other text in its place.
    has_text = any(fault.truncate or (fault.body and not fault.status) for fault in trouble.faults)
    return trouble.status != 404 and not (has_text and trouble.family != "token")


def expected_code(case: Case) -> ExitCode:
    """The exit code of the apply that meets the trouble."""
    trouble, phase = case.trouble, case.site.phase
    if phase is Phase.TOKEN and trouble.status == 401:
        return ExitCode.ERROR  # a client has no other secret
    if trouble.course is Course.PASSES or _is_seen_through(case):
        return ExitCode.OK
    if trouble.has_no_token and phase in (Phase.CHECK, Phase.REFRESH):
        return ExitCode.ERROR if phase is Phase.CHECK else ExitCode.UNSETTLED
    return _CODES[phase]


_CODES = {
    Phase.TOKEN: ExitCode.ERROR,
    Phase.IDENTITY: ExitCode.ERROR,
    Phase.LISTING: ExitCode.ERROR,
    Phase.CHECK: ExitCode.REFUSED,
    Phase.REREAD: ExitCode.PARTIAL,
    Phase.STEP: ExitCode.PARTIAL,
    Phase.REFRESH: ExitCode.OK,
    Phase.WAIT: ExitCode.UNSETTLED,
    Phase.READBACK: ExitCode.UNSETTLED,
}


def _is_seen_through(case: Case) -> bool:
    """Whether looking once more shows that nothing is wrong.

    What a listing denies is asked for by id; a failed precondition of a write that carried a version is
    re-read; and a wait goes on after one bad answer.
    """
    site, status = case.site, case.trouble.status
    is_guarded = site.method in ("PUT", "DELETE") or (site.kind, site.step) == ("WeightMatrix", 1)
    return (
        (site.phase is Phase.LISTING and status == 404)
        or (site.phase is Phase.STEP and status == 412 and is_guarded)
        or (site.phase is Phase.WAIT and case.trouble.course is Course.REFUSES)
    )
