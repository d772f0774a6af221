"""What moved in the org since the last apply, told without manifests (design.md, section 4)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from reconciler.commands.drift import find_drift
from reconciler.errors import StateError, UsageError
from reconciler.model.plan import DriftedResource, Plan
from reconciler.sandbox import Fault
from tests.simulated.apply.bench import Bench, Document, Silent, plan_options, result_of
from tests.simulated.apply.manifests import (
    ADA,
    CHLOE,
    OVERFLOW,
    SALES,
    SUPPORT,
    channel,
    matrix,
    schema,
    weights,
    widget,
)


def drift_of(work: Bench, **options: Any) -> Plan:  # noqa: ANN401  # options by name
    """What `drift` finds."""
    return asyncio.run(find_drift(work.project(), plan_options(**options), Silent()))


def moved(found: DriftedResource) -> dict[str, tuple[object, object]]:
    """Field to what it was and is."""
    return {field.path: (field.before, field.after) for field in found.fields}


def applied(work: Bench, *manifests: dict[str, Any]) -> dict[str, str]:
    """Address to remote id, of manifests that have just been applied."""
    work.declare(*manifests)
    report = work.converge()
    work.org.forget_requests()
    return {result.address: str(result.remote_id) for result in report.results}


def test_nothing_moved(work: Bench) -> None:
    applied(work, widget("calls"), channel("web"), matrix("support"), schema("ticket"))

    found = drift_of(work)

    assert (found.drift, found.changes, found.summary.unchanged) == ((), (), 4)
    assert (found.applyable, found.complete) == (True, True)


def test_each_field_with_who_and_when(work: Bench) -> None:
    ids = applied(work, channel("web"), schema("ticket"))
    author: Document = {"id": "u-1", "name": "Sam"}
    work.org.alter(
        "channels",
        ids["Channel/web"],
        {"description": "Edited by hand", "modifiedBy": author, "dateModified": "2026-02-03T04:05:06.000Z"},
    )

    (found,) = drift_of(work).drift

    assert (found.address, found.remote_id) == ("Channel/web", ids["Channel/web"])
    assert moved(found) == {"/description": ("Messages of web", "Edited by hand")}
    assert (found.modified_by, found.modified_at) == ("Sam", "2026-02-03T04:05:06.000Z")


def test_unmanaged_field_is_no_drift(work: Bench) -> None:
    ids = applied(work, channel("web"))
    work.org.alter("channels", ids["Channel/web"], {"unknownToUs": 1})

    assert drift_of(work).drift == ()


def test_ignored_field_is_no_drift(work: Bench) -> None:
    ids = applied(work, channel("web", lifecycle={"ignoreChanges": ["/description"]}))
    work.org.alter("channels", ids["Channel/web"], {"description": "Edited by hand"})

    assert drift_of(work).drift == ()


def test_object_that_is_gone_has_lost_every_field(work: Bench) -> None:
    ids = applied(work, widget("calls"))
    work.org.remove("widgets", ids["Widget/calls"])

    (found,) = drift_of(work).drift

    assert {path: after for path, (_, after) in moved(found).items()} == dict.fromkeys(
        ("/config", "/name", "/type", "/visualization")
    )
    assert (found.modified_by, found.modified_at) == (None, None)


def test_channel_that_fell_back_has_not_drifted(work: Bench) -> None:
    ids = applied(work, channel("web", fallback={"queueId": OVERFLOW}))
    work.org.alter("channels", ids["Channel/web"], {"routingTarget": {"type": "queue", "id": OVERFLOW}})
    assert drift_of(work).drift == ()
    work.org.alter("channels", ids["Channel/web"], {"routingTarget": {"type": "queue", "id": SALES}})

    assert list(moved(drift_of(work).drift[0])) == ["/routingTarget/id"]


@pytest.mark.parametrize("mode", ["additive", "authoritative"])
def test_weight_of_a_member_that_the_manifest_names(work: Bench, mode: str) -> None:
    applied(work, matrix("support", members=weights(ada=0.2, ben=0.2), membersMode=mode))
    work.org.alter("members", f"{SUPPORT}/{ADA}", {"score": 0.3})
    work.org.alter("members", f"{SUPPORT}/{CHLOE}", {"score": 0.1})

    paths = set(moved(drift_of(work).drift[0]))

    assert f"/members/{ADA}/weight" in paths
    assert (f"/members/{CHLOE}/weight" in paths) == (mode == "authoritative")


def test_reads_what_a_plan_reads_and_writes_nothing(work: Bench) -> None:
    ids = applied(work, widget("calls"), channel("web"))
    before = work.prior(), len(work.audit())
    work.org.remove("widgets", ids["Widget/calls"])

    found = drift_of(work)

    assert work.sent() == []
    assert found.requests.made == len(work.org.requests) == 4  # token, two listings, one look by id
    assert (work.prior(), len(work.audit())) == before


def test_needs_no_manifests(work: Bench) -> None:
    applied(work, channel("web"))
    for file in (work.folder / "manifests").iterdir():
        file.unlink()

    assert drift_of(work).drift == ()


def test_what_did_not_settle_is_left_to_the_plan(work: Bench) -> None:
    work.declare(channel("web"))
    work.org.inject(Fault(path="/api/v2/wi/engagements/configurations*", activation="fail"))
    report = work.apply()
    assert result_of(report, "Channel/web").outcome == "unsettled"

    assert drift_of(work).drift == ()


def test_target_narrows(work: Bench) -> None:
    ids = applied(work, channel("web"), channel("app"))
    for name in ("web", "app"):
        work.org.alter("channels", ids[f"Channel/{name}"], {"description": "Edited"})

    found = drift_of(work, targets=("Channel/web",))

    assert [drifted.address for drifted in found.drift] == ["Channel/web"]
    assert not found.complete
    with pytest.raises(UsageError):
        drift_of(work, targets=("Channel/none",))


def test_needs_a_store(work: Bench) -> None:
    work.declare(channel("web"))

    with pytest.raises(StateError) as caught:
        drift_of(work)

    assert caught.value.code == "state.missing"
