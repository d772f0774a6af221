"""A channel's queue and fallback: checks, thresholds, and the turn itself (platform-api.md, section 5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.kinds.base import Switch
from reconciler.kinds.queues import ALL_QUEUES, queue_read
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Check, CheckStatus, Desired, LiveObject, Reason
from reconciler.model.remote import Answer, Facts, Read
from reconciler.model.resource import Resource
from reconciler.model.values import JsonObject, JsonValue, Lookup, Tree, TreeObject, Unknown
from tests.unit.kinds.builders_channel import (
    ADDRESS,
    KIND,
    PATH,
    PRIMARY,
    SECONDARY,
    TO_OFFLINE,
    TO_QUEUE,
    both,
    channel,
    check_of,
    creation,
    facts_of,
    live_of,
    queue,
    resource_of,
    standing_of,
    status,
    target,
    update,
)

PASS, WARN, FAIL = CheckStatus.PASS, CheckStatus.WARN, CheckStatus.FAIL
CHANNELS = Read("GET", PATH, paging=KIND.endpoint.paging)
ON_QUEUE = live_of(channel(routingTarget=target(SECONDARY)))
ON_PRIMARY = live_of(channel())
THIRD = "5f5e5e5e-5e5e-4e5e-8e5e-5e5e5e5e5e03"


def numbered(**changes: JsonValue) -> JsonObject:
    """The numbers of a fallback with default thresholds over a well staffed queue."""
    return {
        "agentsAvailable": 5,
        "longestWait": 10,
        "minAgentsAvailable": 2,
        "maxLongestWait": 120,
        "recoverAgents": 3,
        "recoverWait": 96,
        "onFallback": False,
        "due": None,
        **changes,
    }


def load(agents: JsonValue, wait: JsonValue) -> Facts:
    """Both queues, the primary one under load."""
    return both(queue(agentsAvailable=agents, longestWait=wait))


# -- thresholds ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agents", "wait", "verdict", "message", "due"),
    [
        (5, 10, PASS, "5 agents available, longest wait 10 s", None),
        (2, 120, PASS, "2 agents available, longest wait 120 s", None),
        (1, 10, WARN, "would switch: 1 agent available, 2 wanted", "switch"),
        (5, 120.5, WARN, "would switch: longest wait 120.5 s, at most 120 s wanted", "switch"),
        (
            0,
            300,
            WARN,
            "would switch: 0 agents available, 2 wanted; longest wait 300 s, at most 120 s wanted",
            "switch",
        ),
    ],
)
def test_channel_on_its_queue_is_judged_by_the_thresholds_of_turning_away(
    agents: int, wait: float, verdict: CheckStatus, message: str, due: str | None
) -> None:
    data = numbered(agentsAvailable=agents, longestWait=wait, due=due)

    found = standing_of(channel(fallback=TO_QUEUE), ON_PRIMARY, load(agents, wait))

    assert found == Check("channel.fallback", ADDRESS, verdict, message, data, "/spec/fallback")


@pytest.mark.parametrize(
    ("agents", "wait", "verdict", "message", "due"),
    [
        (3, 96, WARN, "would return: 3 agents available, longest wait 96 s", "return"),
        (2, 10, PASS, "stays on its fallback: 2 agents available, 3 wanted", None),
        (5, 97, PASS, "stays on its fallback: longest wait 97 s, at most 96 s wanted", None),
        (
            0,
            300,
            PASS,
            "stays on its fallback: 0 agents available, 3 wanted; longest wait 300 s, at most 96 s wanted",
            None,
        ),
    ],
)
def test_channel_on_its_fallback_is_judged_by_the_thresholds_of_recovery(
    agents: int, wait: float, verdict: CheckStatus, message: str, due: str | None
) -> None:
    data = numbered(agentsAvailable=agents, longestWait=wait, due=due, onFallback=True)

    found = standing_of(channel(fallback=TO_QUEUE), ON_QUEUE, load(agents, wait))

    assert found == Check("channel.fallback", ADDRESS, verdict, message, data, "/spec/fallback")


def test_thresholds_are_the_manifests_own() -> None:
    own = {"minAgentsAvailable": 6, "maxLongestWait": 30, "recoverAgents": 9, "recoverWait": 5}

    found = standing_of(channel(fallback={**TO_QUEUE, **own}), ON_PRIMARY, both())

    assert found.message == "would switch: 5 agents available, 6 wanted"
    assert found.data == numbered(**own, due="switch")


def test_recovery_thresholds_follow_from_the_others() -> None:
    own = {"minAgentsAvailable": 4, "maxLongestWait": 60}

    found = standing_of(channel(fallback={**TO_QUEUE, **own}), ON_PRIMARY, both())

    assert (found.data["recoverAgents"], found.data["recoverWait"]) == (5, 48)


def test_queue_that_says_no_numbers_has_no_agents_and_no_wait() -> None:
    found = standing_of(channel(fallback=TO_QUEUE), ON_PRIMARY, load(None, None))

    assert found.message == "would switch: 0 agents available, 2 wanted"


def test_channel_that_does_not_exist_yet_is_judged_too() -> None:
    found = standing_of(channel(fallback=TO_QUEUE), None, load(1, 0))

    assert (found.status, found.data["onFallback"]) == (WARN, False)


def test_channel_without_fallback_has_no_standing_check() -> None:
    assert list(KIND.standing_checks(resource_of(channel()), ON_PRIMARY, both())) == []


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (facts_of(absent=(PRIMARY,)), f"there is no queue {PRIMARY}"),
        (facts_of(unreadable=(PRIMARY,)), f"queue {PRIMARY} could not be read: 503 after 5 tries"),
        (Facts(), f"queue {PRIMARY} could not be read: not read"),
    ],
)
def test_fallback_that_cannot_be_judged_fails_as_unavailable(facts: Facts, message: str) -> None:
    found = standing_of(channel(fallback=TO_QUEUE), ON_PRIMARY, facts)

    data: JsonObject = {"reason": "unavailable"}
    assert found == Check("channel.fallback", ADDRESS, FAIL, message, data, "/spec/routingTarget/id")


def test_fallback_of_a_queue_that_is_not_known_yet_is_a_warning() -> None:
    spec = channel(routingTarget=target(Unknown(Address("Channel", "x"))), fallback=TO_QUEUE)

    assert standing_of(spec, None, Facts()).status is WARN
    assert check_of("channel.queue", creation(spec), Facts()).status is WARN


# -- agreeing and turning ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "live", "document", "notes"),
    [
        pytest.param(channel(), ON_QUEUE, channel(), (), id="no fallback"),
        pytest.param(channel(fallback=TO_QUEUE), None, channel(fallback=TO_QUEUE), (), id="not there yet"),
        pytest.param(
            channel(fallback=TO_QUEUE), ON_PRIMARY, channel(fallback=TO_QUEUE), (), id="on its own queue"
        ),
        pytest.param(
            channel(fallback=TO_QUEUE),
            ON_QUEUE,
            channel(fallback=TO_QUEUE, routingTarget=target(SECONDARY)),
            (f"on its fallback: queue {SECONDARY}",),
            id="on its fallback queue",
        ),
        pytest.param(
            channel(fallback=TO_QUEUE),
            live_of(channel(routingTarget=target(SECONDARY.upper()))),
            channel(fallback=TO_QUEUE, routingTarget=target(SECONDARY.upper())),
            (f"on its fallback: queue {SECONDARY}",),
            id="on its fallback queue, spelt as the org does",
        ),
        pytest.param(
            channel(fallback=TO_QUEUE),
            live_of(channel(routingTarget=target(THIRD))),
            channel(fallback=TO_QUEUE),
            (),
            id="on a third queue",
        ),
        pytest.param(
            channel(fallback=TO_OFFLINE, availability=status("available")),
            live_of(channel(availability=status("unavailable"))),
            channel(fallback=TO_OFFLINE, availability=status("unavailable")),
            ("on its fallback: offline",),
            id="offline",
        ),
        pytest.param(
            channel(fallback=TO_OFFLINE),
            live_of(channel(availability=status("unavailable"))),
            channel(fallback=TO_OFFLINE),
            ("on its fallback: offline",),
            id="offline, availability not managed",
        ),
        pytest.param(
            channel(fallback=TO_OFFLINE, availability=status("unavailable")),
            live_of(channel(availability=status("available"))),
            channel(fallback=TO_OFFLINE, availability=status("unavailable")),
            (),
            id="unavailable by its manifest, not yet in the org",
        ),
        pytest.param(
            channel(fallback=TO_OFFLINE, availability=status("unavailable")),
            live_of(channel(availability=status("unavailable"))),
            channel(fallback=TO_OFFLINE, availability=status("unavailable")),
            (),
            id="unavailable by its manifest",
        ),
        pytest.param(
            channel(fallback=TO_QUEUE, availability=status("available")),
            live_of(channel(availability=status("unavailable"))),
            channel(fallback=TO_QUEUE, availability=status("available")),
            (),
            id="availability agrees with an offline fallback only",
        ),
    ],
)
def test_channel_on_its_fallback_agrees_with_its_manifest(
    spec: TreeObject, live: LiveObject | None, document: TreeObject, notes: tuple[str, ...]
) -> None:
    assert KIND.desired(resource_of(spec), live, Facts()) == Desired(document, notes)


@pytest.mark.parametrize(("agents", "wait"), [(2, 120), (3, 96), (5, 10)])
def test_nothing_is_due_on_a_well_staffed_queue(agents: int, wait: int) -> None:
    assert KIND.switch(resource_of(channel(fallback=TO_QUEUE)), ON_PRIMARY, load(agents, wait)) is None


@pytest.mark.parametrize(("agents", "wait"), [(0, 10), (2, 10), (3, 97), (2, 120)])
def test_nothing_is_due_on_the_fallback_before_recovery(agents: int, wait: int) -> None:
    assert KIND.switch(resource_of(channel(fallback=TO_QUEUE)), ON_QUEUE, load(agents, wait)) is None


def test_short_queue_turns_the_channel_to_its_fallback_queue() -> None:
    spec = channel(fallback=TO_QUEUE)

    assert KIND.switch(resource_of(spec), ON_PRIMARY, load(1, 10)) == Switch(
        channel(fallback=TO_QUEUE, routingTarget=target(SECONDARY)), "1 agent available, 2 wanted"
    )


def test_recovered_queue_brings_the_channel_back() -> None:
    spec = channel(fallback=TO_QUEUE)

    assert KIND.switch(resource_of(spec), ON_QUEUE, load(3, 96)) == Switch(
        spec, "3 agents available, longest wait 96 s"
    )


@pytest.mark.parametrize(
    "managed", [{}, {"availability": status("available")}, {"availability": {"schedules": []}}]
)
def test_short_queue_turns_the_channel_offline_and_back(managed: dict[str, TreeObject]) -> None:
    resource = resource_of(channel(fallback=TO_OFFLINE, **managed))
    offline = live_of(channel(availability=status("unavailable")))

    away = KIND.switch(resource, ON_PRIMARY, load(1, 10))
    back = KIND.switch(resource, offline, load(3, 10))

    kept = managed.get("availability", {})
    assert away is not None
    assert away.document["availability"] == {**kept, **status("unavailable")}
    assert back is not None
    assert back.document["availability"] == {**kept, **status("available")}


def test_channel_that_is_unavailable_by_its_manifest_never_turns() -> None:
    spec = channel(fallback=TO_OFFLINE, availability=status("unavailable"))
    live = live_of(channel(availability=status("unavailable")))

    assert KIND.switch(resource_of(spec), live, load(0, 300)) is None
    assert KIND.switch(resource_of(spec), live, load(9, 0)) is None
    assert standing_of(spec, live, load(0, 300)).status is PASS


@pytest.mark.parametrize("facts", [Facts(), facts_of(absent=(PRIMARY,)), facts_of(unreadable=(PRIMARY,))])
def test_nothing_is_due_while_the_queue_is_not_known(facts: Facts) -> None:
    assert KIND.switch(resource_of(channel(fallback=TO_QUEUE)), ON_PRIMARY, facts) is None


# -- fitness, on create and change ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "verdict", "message", "data"),
    [
        (
            facts_of(queue()),
            PASS,
            f"queue Support ({PRIMARY}) routes by longest-available-agent",
            {"queueId": PRIMARY, "routingStrategies": ["longest-available-agent"]},
        ),
        (
            facts_of(queue(routingStrategies=[])),
            FAIL,
            f"queue Support ({PRIMARY}) has no routing strategy: nobody would be chosen",
            {"queueId": PRIMARY, "routingStrategies": []},
        ),
        (facts_of(absent=(PRIMARY,)), FAIL, f"there is no queue {PRIMARY}", {"queueId": PRIMARY}),
        (
            facts_of(unreadable=(PRIMARY,)),
            FAIL,
            f"queue {PRIMARY} could not be read: 503 after 5 tries",
            {"queueId": PRIMARY, "reason": "unavailable"},
        ),
    ],
)
def test_queue_must_exist_and_have_a_routing_strategy(
    facts: Facts, verdict: CheckStatus, message: str, data: JsonObject
) -> None:
    expected = Check("channel.queue", ADDRESS, verdict, message, data, "/spec/routingTarget/id")

    assert list(KIND.checks(creation(channel()), facts)) == [expected]


@pytest.mark.parametrize(
    ("secondary", "reason"),
    [
        ({"language": "de-DE"}, "speaks de-DE, not en-US"),
        ({"language": None}, "speaks no language, not en-US"),
        ({"skills": ["s-2"]}, "lacks the skill s-1"),
        ({"skills": []}, "lacks the skills s-1, s-2"),
        (
            {"language": "de-DE", "skills": ["s-1", "s-9"]},
            "speaks de-DE, not en-US and lacks the skill s-2",
        ),
    ],
)
def test_fallback_queue_must_speak_the_language_and_have_the_skills(
    secondary: dict[str, JsonValue], reason: str
) -> None:
    change = creation(channel(fallback=TO_QUEUE))

    found = check_of("channel.fallback", change, both(secondary=queue(SECONDARY, **secondary)))

    message = f"queue Overflow ({SECONDARY}) cannot stand in: it {reason}"
    assert found == Check("channel.fallback", ADDRESS, FAIL, message, numbered(), "/spec/fallback/queueId")


@pytest.mark.parametrize(
    "secondary", [{}, {"skills": ["s-1", "s-2", "s-3"]}, {"routingStrategies": []}, {"agentsAvailable": 0}]
)
def test_fit_fallback_queue_leaves_the_standing_verdict(secondary: dict[str, JsonValue]) -> None:
    spec = channel(fallback=TO_QUEUE)
    facts = both(queue(agentsAvailable=1), queue(SECONDARY, **secondary))

    found = check_of("channel.fallback", creation(spec), facts)

    assert found == standing_of(spec, None, facts)
    assert found.status is WARN


def test_queue_without_language_or_skills_asks_for_none() -> None:
    facts = both(queue(language=None, skills=[]), queue(SECONDARY, language="de-DE", skills=[]))

    assert check_of("channel.fallback", creation(channel(fallback=TO_QUEUE)), facts).status is PASS


@pytest.mark.parametrize(
    ("facts", "message", "reason"),
    [
        (facts_of(queue(), absent=(SECONDARY,)), f"there is no queue {SECONDARY}", None),
        (
            facts_of(queue(), unreadable=(SECONDARY,)),
            f"queue {SECONDARY} could not be read: 503 after 5 tries",
            "unavailable",
        ),
    ],
)
def test_fallback_queue_must_exist(facts: Facts, message: str, reason: str | None) -> None:
    found = check_of("channel.fallback", creation(channel(fallback=TO_QUEUE)), facts)

    assert (found.status, found.message, found.data.get("reason")) == (FAIL, message, reason)
    assert found.path == "/spec/fallback/queueId"


def test_fallback_queue_that_turns_out_to_be_the_same_fails() -> None:
    found = check_of("channel.fallback", creation(channel(fallback={"queueId": PRIMARY})), facts_of(queue()))

    assert (found.status, found.message) == (FAIL, "the fallback queue is the channel's own queue")
    assert found.path == "/spec/fallback/queueId"


def test_fallback_queue_that_is_not_known_yet_is_not_judged() -> None:
    spec = channel(fallback={"queueId": Unknown(Address("Channel", "x"), "/routingTarget/id")})

    assert check_of("channel.fallback", creation(spec), facts_of(queue())).status is PASS
    assert list(KIND.check_reads(creation(spec), Facts())) == [queue_read(PRIMARY)]


def test_change_on_the_fallback_is_checked_against_the_manifests_own_queue() -> None:
    spec = channel(fallback=TO_QUEUE)
    planned = KIND.desired(resource_of(spec), ON_QUEUE, Facts()).document
    change = replace(update(spec, ON_QUEUE, "/description"), after=planned)

    assert planned["routingTarget"] == target(SECONDARY)
    assert check_of("channel.queue", change, both()).data["queueId"] == PRIMARY
    assert check_of("channel.fallback", change, both()).message.startswith("would return")


@pytest.mark.parametrize("action", [Action.DELETE, Action.FORGET])
def test_removal_asks_nothing(action: Action) -> None:
    change = Change(ADDRESS, action, Reason.REMOVED, live=ON_PRIMARY)

    assert list(KIND.check_reads(change, Facts())) == []
    assert list(KIND.checks(change, Facts())) == []


# -- reading -------------------------------------------------------------------------------------------------


def named(name: str, queue_id: Tree, fallback: Tree = None) -> Resource:
    """A channel of that name on that queue."""
    spec = channel(name=name, routingTarget=target(queue_id), fallback=fallback)
    return Resource(Address("Channel", name), spec, resource_of(spec).source)


def test_change_reads_both_queues_at_once_and_runs_without_an_answer() -> None:
    reads = list(KIND.check_reads(creation(channel(fallback=TO_QUEUE)), Facts()))

    assert reads == [ALL_QUEUES]
    assert all(read.optional for read in reads)


def test_change_without_fallback_reads_its_queue() -> None:
    assert list(KIND.check_reads(creation(channel()), Facts())) == [queue_read(PRIMARY)]


def test_standing_check_reads_the_primary_queue_only() -> None:
    assert list(KIND.standing_reads(resource_of(channel(fallback=TO_QUEUE)), Facts())) == [
        queue_read(PRIMARY)
    ]
    assert list(KIND.standing_reads(resource_of(channel()), Facts())) == []


def test_queues_of_many_channels_are_one_listing() -> None:
    ids = [f"5f5e5e5e-5e5e-4e5e-8e5e-5e5e5e5e5e{number}" for number in range(10, 20)]
    channels = [named(f"c{queue_id}", queue_id, TO_OFFLINE) for queue_id in ids]
    listed: list[JsonValue] = [queue(queue_id) for queue_id in ids]
    facts = Facts({ALL_QUEUES: Answer(200, listed), CHANNELS: Answer(200, [])})

    assert list(KIND.reads(channels, (), Facts())) == [CHANNELS, ALL_QUEUES]
    assert facts.missing(KIND.reads(channels, (), facts)) == ()
    assert [read for found in channels for read in KIND.standing_reads(found, facts)] == []


def test_queues_of_channels_without_fallback_are_not_read() -> None:
    assert list(KIND.reads([named("a", PRIMARY)], (), Facts())) == [CHANNELS]


def test_queue_behind_a_look_up_waits_until_it_is_known() -> None:
    resource = named("a", Lookup("Queue", "Support"), TO_QUEUE)

    assert list(KIND.reads([resource], (), Facts())) == [CHANNELS]
    assert list(KIND.standing_reads(resource, Facts())) == []
