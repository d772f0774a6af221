"""Fallback in plans: a check always, a change only when asked for (design.md, section 6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action, Reason
from reconciler.model.resource import Dependency, Resource
from reconciler.model.values import JsonObject, Tree
from reconciler.planning.inputs import PlanOptions
from reconciler.settings import SafetySettings
from tests.unit.planning.builders import (
    Org,
    Situation,
    applied,
    entry,
    lines,
    live,
    make,
    moved,
    org,
    plan,
    resource,
)

PRIMARY, SECONDARY = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
ASKED = PlanOptions(fallback=True)


def channel(target: str = PRIMARY, **members: Tree) -> Resource:
    """A channel with a fallback queue."""
    spec: dict[str, Tree] = {
        "name": "Web",
        "description": "chat",
        "defaultLanguage": "en-US",
        "routingTarget": {"type": "queue", "id": target},
        "widget": {"appearance": {"primaryColor": "#ABC", "secondaryColor": "#000000"}},
        "fallback": {"queueId": SECONDARY},
        **members,
    }
    return resource("Channel/web", spec)


def shown(target: str = PRIMARY) -> JsonObject:
    """The channel as the org has it."""
    return {
        "id": "c-1",
        "name": "Web",
        "description": "chat",
        "defaultLanguage": "en-US",
        "routingTarget": {"type": "queue", "id": target},
        "widget": {"appearance": {"primaryColor": "#aabbcc", "secondaryColor": "#000"}},
        "availability": {"default": {"status": "available"}},
        "status": "active",
        "version": 3,
    }


def queues(agents: int, *channels: JsonObject) -> Org:
    """Two queues, of which the first has so many agents."""
    found: list[JsonObject] = [
        {"id": name, "name": name[-1], "routingStrategies": ["s"], "agentsAvailable": count, "longestWait": 0}
        for name, count in ((PRIMARY, agents), (SECONDARY, 9))
    ]
    return org(api__v2__routing__queues=found, api__v2__wi__engagements__configurations=channels)


HELD = entry(channel(), "c-1")


@pytest.mark.parametrize(("agents", "status"), [(5, "pass"), (1, "warn")])
def test_every_plan_judges_the_fallback_and_changes_nothing(agents: int, status: str) -> None:
    found = plan([channel()], [HELD], queues(agents, shown()))

    assert [(one.name, one.status) for one in found.checks] == [("channel.fallback", status)]
    assert (found.changes, found.applyable) == ((), True)


def test_a_switch_that_was_asked_for_alters_the_target_and_nothing_else() -> None:
    found = plan([channel()], [HELD], queues(1, shown()), options=ASKED)
    (change,) = found.changes

    assert (change.action, change.reason, change.remote_id) == (Action.UPDATE, Reason.FALLBACK, "c-1")
    assert moved(change) == {"/routingTarget/id": (PRIMARY, SECONDARY, "intent")}
    assert isinstance(change.before, dict)
    assert "availability" not in change.before
    assert change.notes == ("1 agent available, 2 wanted",)


def test_no_switch_is_planned_where_none_is_due() -> None:
    assert plan([channel()], [HELD], queues(5, shown()), options=ASKED).changes == ()


@pytest.mark.parametrize(
    ("agents", "expected"), [(2, {}), (3, {"/routingTarget/id": (SECONDARY, PRIMARY, "intent")})]
)
def test_the_way_back_waits_for_the_recovery_thresholds(
    agents: int, expected: dict[str, tuple[str, str, str]]
) -> None:
    found = plan([channel()], [HELD], queues(agents, shown(SECONDARY)), options=ASKED)

    assert (moved(found.changes[0]) if found.changes else {}) == expected


def test_a_channel_on_its_fallback_agrees_with_its_manifest_and_has_not_drifted() -> None:
    found = plan([channel()], [HELD], queues(1, shown(SECONDARY)))

    assert (found.changes, found.drift) == ((), ())


def test_a_channel_that_somebody_pointed_elsewhere_has_drifted() -> None:
    elsewhere = "00000000-0000-4000-8000-000000000003"
    found = plan([channel()], [HELD], queues(5, shown(elsewhere)))

    assert [one.path for one in found.drift[0].fields] == ["/routingTarget/id"]
    assert found.changes[0].reason is Reason.DRIFTED


def test_an_edit_goes_before_the_switch() -> None:
    found = plan([channel(description="new")], [HELD], queues(1, shown()), options=ASKED)

    assert [(one.reason, list(moved(one))) for one in found.changes] == [(Reason.EDITED, ["/description"])]


def test_a_fallback_is_outside_of_the_fingerprint_also_where_others_wait() -> None:
    other = resource("Gadget/g", {"name": "g"}, depends_on=["Channel/web"])
    without = plan([channel(), other], [HELD], queues(1, shown()))
    asked = plan([channel(), other], [HELD], queues(1, shown()), options=ASKED)

    assert [one.address for one in asked.changes] == ["Channel/web", "Gadget/g"]
    assert asked.fingerprint == without.fingerprint


def test_after_a_switch_planning_again_finds_nothing_and_the_way_back_no_conflict() -> None:
    switched = applied(Situation([channel()], [HELD], queues(1, shown()), ASKED))

    assert make(switched).plan.changes == ()
    recovered = queues(9, *switched.org.collections["/api/v2/wi/engagements/configurations"])
    back = replace(switched, org=recovered)
    assert list(moved(make(back).plan.changes[0])) == ["/routingTarget/id"]
    assert make(applied(back)).plan.changes == ()


def test_a_fallback_is_counted_by_no_guard_and_awaited_by_no_delete() -> None:
    former = Dependency(Address("Gadget", "gone"), "/dependsOn/0")
    gone = entry(resource("Gadget/gone", {"name": "gone"}))
    source = queues(1, shown())
    source = replace(source, collections={**source.collections, "/gadgets": [live("gone")]})
    strict = SafetySettings(min_resources=0, max_update_percent=0, max_delete_percent=100)
    held = replace(HELD, dependencies=(former,))
    found = plan([channel()], [held, gone], source, options=ASKED, safety=strict)

    assert lines(found) == ["update Channel/web", "delete Gadget/gone"]
    assert found.applyable
