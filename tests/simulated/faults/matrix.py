"""The matrix: which troubles meet which sites, and the exit code that design.md, section 4, wants of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, product

from reconciler.errors import ExitCode
from tests.simulated.faults.sites import Phase, Scenario, Site, sites
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


def families() -> tuple[tuple[Trouble, ...], ...]:
    """The troubles that differ only in how often, how late and with which `Retry-After`."""
    return tuple(tuple(group) for _, group in groupby(troubles(), key=lambda trouble: trouble.family))


def pairwise() -> tuple[Case, ...]:
    """Each family of troubles in each phase and with each kind; variants and scenarios take turns.

    A step is where something is written, so there all variants come.
    """
    chosen: list[Case] = []
    possible = every_case()
    for number, (phase, group) in enumerate(product(Phase, families())):
        met = {case.trouble for case in possible if case.site.phase is phase}
        able = [trouble for trouble in group if trouble in met]
        turn = number // len(families())
        for offset, trouble in enumerate(able if phase is Phase.STEP else _one(able, turn), start=number):
            cases = [case for case in possible if (case.site.phase, case.trouble) == (phase, trouble)]
            first = offset % len(cases)
            turned = cases[first:] + cases[:first]
            chosen += sorted(turned, key=lambda case: _times_met(case, chosen))[:1]
    for case in possible:  # a family that has one place only meets its other kinds there
        chosen += [] if _times_met(case, chosen)[0] else [case]
    return tuple(chosen)


def _one(group: Sequence[Trouble], turn: int) -> Sequence[Trouble]:
    """One of them, another one each turn."""
    return group[turn % len(group) :][:1] if group else ()


def _times_met(case: Case, chosen: Sequence[Case]) -> tuple[int, int, int]:
    """Whether family and phase of a case have met its kind earlier, and how often its kind came in all."""
    of_kind = [earlier for earlier in chosen if earlier.site.kind == case.site.kind]
    has_met_family = case.trouble.family in {earlier.trouble.family for earlier in of_kind}
    has_met_phase = case.site.phase in {earlier.site.phase for earlier in of_kind}
    return has_met_family, has_met_phase, len(of_kind)


def is_possible(site: Site, trouble: Trouble) -> bool:
    """Whether the case makes sense: an org that denies an object which it holds is not to be seen through."""
    if not _is_placed(site, trouble):
        return False
    if site.scenario is Scenario.DELETE and trouble.status == 404:
        return site.phase not in (Phase.REREAD, Phase.STEP)
    if (site.phase, site.method) != (Phase.STEP, "DELETE"):
        return True
    # A delete answers without a body: there is nothing to cut, and no other text in its place.
    is_cut = any(fault.truncate for fault in trouble.faults)
    return not is_cut and (trouble.family == "token" or not trouble.replaces_text)


def _is_placed(site: Site, trouble: Trouble) -> bool:
    """Whether a trouble that belongs to a place meets it here."""
    match trouble.family:
        case "pages":
            is_matrix = site.kind == "WeightMatrix"
            return site.phase is Phase.LISTING or (is_matrix and site.phase in _READING)
        case "activation":
            return site.kind == "Channel" and site.phase is Phase.STEP and site.method != "DELETE"
        case "render":
            return site.kind == "Widget" and site.method in ("POST", "PUT") and site.phase in _RENDERING
        case _:
            return _has_token(site, trouble)


def _has_token(site: Site, trouble: Trouble) -> bool:
    """Whether there is a token that could be taken away, where that is the trouble."""
    if trouble.expires_tokens:
        return not site.is_planning  # they run out at an event, and before the first one there is none
    return site.phase is not Phase.TOKEN or not any(fault.revoke_token for fault in trouble.faults)


_READING = (Phase.REREAD, Phase.WAIT, Phase.READBACK)
_RENDERING = (Phase.STEP, Phase.REFRESH)


def expected_code(case: Case) -> ExitCode:
    """The exit code of the apply that meets the trouble."""
    trouble, phase = case.trouble, case.site.phase
    if phase is Phase.TOKEN and trouble.status == 401:
        return ExitCode.ERROR  # a client has no other secret
    if trouble.family == "activation":
        return ExitCode.UNSETTLED
    if trouble.course is Course.PASSES or _is_seen_through(case):
        return ExitCode.OK
    if phase is Phase.CHECK and (trouble.has_no_token or trouble.status == 401):
        return ExitCode.ERROR  # it is not the check that cannot be made
    if phase is Phase.REFRESH and trouble.has_no_token:
        return ExitCode.UNSETTLED
    if phase is Phase.LISTING and trouble.status == 404:
        return ExitCode.REFUSED  # a queue that is not there
    return _CODES[phase]


_CODES = {
    Phase.TOKEN: ExitCode.ERROR,
    Phase.IDENTITY: ExitCode.ERROR,
    Phase.RECOVERY: ExitCode.ERROR,
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
    re-read, also that of its repeat; a wait goes on after one bad answer; and a create of an earlier run that
    is refused now is planned again, as long as it is not for want of a scope.
    """
    site, trouble = case.site, case.trouble
    is_done = trouble.replaces_text and site.method == "PUT" and not trouble.has_no_token
    return (
        (site.phase is Phase.LISTING and trouble.status == 404 and site.kind != "WeightMatrix")
        or (site.phase is Phase.STEP and site.is_guarded and (trouble.status == 412 or is_done))
        or (site.phase is Phase.WAIT and trouble.course is Course.REFUSES)
        or (site.phase is Phase.RECOVERY and trouble.course is Course.REFUSES and trouble.status != 403)
    )
