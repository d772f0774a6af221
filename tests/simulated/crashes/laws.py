"""What holds after a crash: before the next run, in it, and after it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.cli.planning import exit_code_of
from reconciler.errors import ExitCode, StateError
from reconciler.model.outcome import RunReport
from reconciler.model.state import EntryStatus, Prior
from tests.simulated.apply.bench import Bench, problems
from tests.simulated.crashes.grounds import Ground, kept

NATURAL_KEYS = {
    "widgets": ("dashboardId", "name"),
    "channels": ("name",),
    "schemas": ("externalId",),
    "schemaVersions": ("externalId", "version"),
}
COLLECTIONS = {"Widget": "widgets", "Channel": "channels", "Schema": "schemas"}
"""Kind to the objects that it owns."""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an undisturbed run leaves: in the org, and in prior state."""

    moved: Mapping[str, list[str]]
    kept: list[str]

    @classmethod
    def of(cls, work: Bench, start: Ground) -> Outcome:
        """As it is now."""
        return cls(Ground.of(work).since(start), kept(work.prior()))


def assert_plan_only_shows(work: Bench, **options: Any) -> None:  # noqa: ANN401  # options by name
    """A plan sends nothing that changes the org, and shows each change whose outcome nobody knows."""
    open_intents = {str(intent.address) for intent in _prior_so_far(work).open_intents}
    before = Ground.of(work)
    work.org.forget_requests()

    planned = work.plan(**options)

    unknown = {change.address for change in planned.changes if change.reason == "unknown_outcome"}
    assert planned.applyable, planned.diagnostics
    assert unknown == open_intents
    assert work.sent() == []
    assert Ground.of(work).files == before.files, "the plan wrote into the state's folder"


def _prior_so_far(work: Bench) -> Prior:
    """What the store holds; nothing where the run died before there was one."""
    try:
        return work.prior()
    except StateError as error:
        if error.code != "state.missing":
            raise
        return Prior()


def assert_went_forward(work: Bench, report: RunReport) -> None:
    """The next run needs no waiting for a lock, takes nothing back, and comes to its end."""
    assert (report.status, report.converged, problems(report)) == ("applied", True, [])
    assert exit_code_of(report) is ExitCode.OK
    records = work.audit(run_id=report.run_id)
    assert not [each for each in records if str(each["detail"].get("label", "")).startswith("undo")]
    phases = [each["outcome"] if each["outcome"] == "recovered" else each["phase"] for each in records]
    assert phases.index("run_started") >= phases.count("recovered"), "recovery comes first"


def assert_as_undisturbed(work: Bench, start: Ground, wanted: Outcome) -> None:
    """Org and prior state are as if nothing had happened, and nothing is left to do."""
    work.assert_settled()
    assert Outcome.of(work, start) == wanted
    assert_nothing_twice(work)
    assert_owned(work)
    assert_trail_is_whole(work)


def assert_nothing_twice(work: Bench) -> None:
    """No natural key is there twice."""
    for collection, members in NATURAL_KEYS.items():
        keys = Counter(tuple(found[name] for name in members) for found in work.objects(collection))
        assert max(keys.values(), default=0) <= 1, f"{collection} holds one twice: {keys}"


def assert_owned(work: Bench) -> None:
    """What prior state holds is settled and in the org, and no intent is open."""
    prior = work.prior()
    assert prior.open_intents == ()
    for address, entry in prior.entries.items():
        assert entry.status is EntryStatus.SETTLED
        if address.kind in COLLECTIONS:
            ids = {found["id"] for found in work.objects(COLLECTIONS[address.kind])}
            assert entry.remote_id in ids, f"{address} has lost its object"


def assert_trail_is_whole(work: Bench) -> None:
    """The chain verifies, its mirror has all of it, and each intent has a result or a recovery."""
    records = work.audit()
    mirrored = (work.folder / "state" / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in mirrored] == records
    results = [each for each in records if each["phase"] == "result"]
    ended = {(each["run_id"], each["address"]) for each in results}
    recovered = {each["idempotency_key"] for each in results if each["outcome"] == "recovered"}
    for each in records:
        if each["phase"] == "intent":
            assert each["remote_id"] or each["action"] in ("create", "replace")
            is_ended = (each["run_id"], each["address"]) in ended
            assert is_ended or each["idempotency_key"] in recovered, f"nothing tells what became of {each}"
    with work.store() as store:
        assert store.lock_holder() is None
