"""Which scopes a client lacks for the kinds that are in use. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.commands.surveys import Survey
from reconciler.kinds import KINDS


@dataclass(frozen=True, slots=True)
class MissingScopes:
    """Scopes that a plan, and those that an apply would miss; sorted."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


def missing_scopes(granted: frozenset[str], survey: Survey) -> MissingScopes:
    """What manifests and state need and the token does not grant; a write scope includes its read scope."""
    endpoints = [KINDS[name].endpoint for name in kinds_in_use(survey)]
    write = {endpoint.write_scope for endpoint in endpoints} - granted
    read = {endpoint.read_scope for endpoint in endpoints if endpoint.write_scope in write} - granted
    return MissingScopes(tuple(sorted(read)), tuple(sorted(write)))


def kinds_in_use(survey: Survey) -> tuple[str, ...]:
    """The kinds of manifests and state; all there are, where neither says any."""
    held = survey.store.kinds if survey.store else {}
    return tuple(sorted({*survey.project.kinds, *held} & KINDS.keys())) or tuple(sorted(KINDS))
