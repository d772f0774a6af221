"""`rollback`: which run, what it really did, and what of its inverse is to be planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from reconciler.commands.plan import Making
from reconciler.commands.project import Project
from reconciler.commands.stores import existing_store
from reconciler.errors import UsageError
from reconciler.kinds import KINDS
from reconciler.model.address import Address, parse_address
from reconciler.model.audit import Phase
from reconciler.model.inverse import Inverse
from reconciler.model.resource import Resource
from reconciler.model.values import JsonValue, Secret, late_values
from reconciler.planning.rollback import Knowledge, former_resources
from reconciler.store import AuditQuery, EnvironmentSecrets, OpenMode, Store, list_inverses, read_inverse

SHORTEST = 8
"""So many characters of a run's id are enough, where they are of one run only."""

_DONE = ("succeeded", "unsettled", "recovered")
_NEWEST = "the inverses of the newest 100 runs are kept, from this version on; `state pull` leaves them out"

Record = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run that can be undone; where it changed nothing, by doing nothing."""

    run_id: str
    changed_nothing: bool = False


def find_run(project: Project, wanted: str) -> FoundRun:
    """The run of an id, or of its beginning.

    Raises:
        UsageError: there is none, there are several, or its inverse is not kept.
        StateError: `state.missing`, or it cannot be read.
    """
    if len(wanted) < SHORTEST:
        raise _unusable(f"{wanted}: write at least {SHORTEST} characters of the run's id")
    with existing_store(project, OpenMode.READ) as store:
        runs = store.read(partial(list_inverses, org=store.org))
        found = [wanted] if wanted in runs else [run for run in runs if run.startswith(wanted)]
        if len(found) == 1:
            return FoundRun(found[0])
        if found:
            raise _unusable(f"{wanted} is the beginning of {len(found)} runs: {', '.join(found)}")
        return FoundRun(_run_without_inverse(store, wanted), changed_nothing=True)


def _run_without_inverse(store: Store, wanted: str) -> str:
    """The one run of this beginning, which changed nothing."""
    records = [record for record in store.read_audit() if str(record["run_id"]).startswith(wanted)]
    runs = sorted({str(record["run_id"]) for record in records})
    if not runs:
        raise _unusable(f"{wanted}: this org has seen no such run")
    if len(runs) > 1:
        raise _unusable(f"{wanted} is the beginning of {len(runs)} runs: {', '.join(runs)}")
    if any(_number_of_changes(record) for record in records):
        raise _unusable(f"{runs[0]}: what it overwrote is not kept; {_NEWEST}")
    return runs[0]


def _number_of_changes(record: Record) -> JsonValue:
    detail = record["detail"]
    return detail.get("changes") if isinstance(detail, Mapping) else None


def _unusable(message: str) -> UsageError:
    return UsageError(message, hint="`reconciler audit list --phase run_started` tells the runs of this org")


def going_back(making: Making, store: Store, run_id: str) -> Making:
    """What is planned to undo a run: what was there before it, in place of manifests.

    Args:
        making: what an apply of the manifests would be planned from.
    """
    project, options, view = making.project, making.options, making.view
    inverse = store.read(partial(read_inverse, org=store.org, run_id=run_id)) or Inverse(
        run_id, project.clock.now()
    )
    records = tuple(store.read_audit(AuditQuery(run_id=run_id)))
    secrets = EnvironmentSecrets(project.surroundings.environ, view.key)
    known = Knowledge(
        done=frozenset(_addresses(record for record in records if _is_done(record))),
        changed_since=_changed_since(store, run_id, records),
        entries=view.prior.entries,
        secrets=_secrets_by_digest(project, making.loaded.resources, secrets),
    )
    former = former_resources(inverse, known, KINDS, options.on_conflict)
    return replace(
        making,
        loaded=replace(making.loaded, resources=former.resources, diagnostics=(), digest=run_id),
        options=replace(options, adopt=(*options.adopt, *former.adopt)),
        going_back=former.going_back,
    )


def _is_done(record: Record) -> bool:
    """Whether it says that something was sent, or recorded."""
    is_result = record["phase"] == Phase.RESULT and record["outcome"] in _DONE
    return is_result or record["phase"] == Phase.INTENT


def _changed_since(store: Store, run_id: str, records: Sequence[Record]) -> dict[Address, str]:
    """Addresses that later runs and commands changed, with the last of them.

    A later run that was itself undone has changed nothing, and neither has a rollback of this one.
    """
    last = max((_seq(record) for record in records), default=0)
    began = str(records[0]["timestamp"])[:19] if records else None
    later = _Later(run_id)
    for record in store.read_audit(AuditQuery(since=began)):
        if _seq(record) > last:
            later.take(record)
    return {address: found[-1] for address, runs in later.changes.items() if (found := list(runs.values()))}


class _Later:
    """What happened after a run, address by address: which runs' changes stand."""

    def __init__(self, run_id: str) -> None:
        self.changes: dict[Address, dict[str, str]] = {}
        self._ours = {run_id}
        self._undoes: dict[str, str] = {}
        self._spent: set[tuple[Address, str]] = set()

    def take(self, record: Record) -> None:
        """Takes note of a record; they come in their order."""
        detail: Any = record["detail"]
        run = str(record["run_id"])
        if record["phase"] == Phase.RUN_STARTED and "rollback_of" in detail:
            self._undoes[run] = str(detail["rollback_of"])
            self._ours |= {run} if self._undoes[run] in self._ours else set()
        if {run, detail.get("begun_by")} & self._ours:
            return
        if _is_done(record) or record["phase"] == Phase.STATE:
            what = f"`{detail['command']}`" if "command" in detail else f"run {run}"
            for address in _addresses([record]):
                self._note(address, run, f"was changed since, by {what}", record["phase"])

    def _note(self, address: Address, run: str, what: str, phase: JsonValue) -> None:
        standing = self.changes.setdefault(address, {})
        undone = self._undoes.get(run, "")
        if undone in standing and phase == Phase.INTENT:
            return  # undone once that has succeeded
        if standing.pop(undone, None) is not None:
            self._spent.add((address, run))
        elif (address, run) not in self._spent:
            standing[run] = what


def _seq(record: Record) -> int:
    found = record["seq"]
    return found if isinstance(found, int) else 0


def _addresses(records: Iterator[Record] | Sequence[Record]) -> Iterator[Address]:
    return (parse_address(str(record["address"])) for record in records if record["address"])


def _secrets_by_digest(
    project: Project, resources: Sequence[Resource], secrets: EnvironmentSecrets
) -> dict[str, Secret]:
    """The secrets that the manifests write, and the listed variables by themselves."""
    environ = project.surroundings.environ
    bare = [Secret(f"${{env.{name}}}", (name,)) for name in project.configuration.environment]
    written = [late for one in resources for _, late in late_values(one.spec) if isinstance(late, Secret)]
    usable = [secret for secret in (*bare, *written) if all(name in environ for name in secret.names)]
    return {secrets.digest(secret): secret for secret in usable}
