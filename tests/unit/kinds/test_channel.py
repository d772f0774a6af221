"""Channels: what a manifest may say, what is sent, and what is waited for (platform-api.md, section 5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.kinds.channel import judge_activation
from reconciler.kinds.fields import Combine
from reconciler.model.change import Action, Change, Reason, Report
from reconciler.model.remote import (
    Answer,
    Facts,
    Failed,
    Lock,
    Pending,
    Request,
    Settled,
    Step,
    Verdict,
    Wait,
    get,
)
from reconciler.model.values import Lookup, Reference, Secret, Tree, TreeObject
from tests.unit.kinds.builders_channel import (
    ADDRESS,
    COLOURS,
    KIND,
    PATH,
    PRIMARY,
    SECONDARY,
    TO_OFFLINE,
    TO_QUEUE,
    channel,
    creation,
    live_of,
    problems,
    refused_places,
    schedule,
    status,
    target,
    update,
)

WEEK = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
SUPPORT = Lookup("Queue", "Support")


def appearance(**colours: Tree) -> TreeObject:
    """The member `widget`, with other colours."""
    return {"appearance": {name: value for name, value in {**COLOURS, **colours}.items() if value}}


# -- what a manifest may say ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"name": "x" * 100, "description": "x" * 500},
        {"description": Secret("${env.TEXT}", ("TEXT",))},
        {"defaultLanguage": "zh-Hant-TW"},
        {"routingTarget": target(SUPPORT)},
        {"routingTarget": target(PRIMARY.upper())},
        {"widget": appearance(primaryColor="#0af", secondaryColor="#ABCDEF")},
        {"widget": {**appearance(), "conversationStart": {}}},
        {"widget": {**appearance(), "conversationStart": {"enabled": False}}},
        {"availability": {}},
        {"availability": {"default": {}, "schedules": []}},
        {"availability": status("unavailable")},
        {"availability": schedule(days=WEEK)},
        {"availability": schedule(**{"from": "22:30", "to": "06:00"})},
        {"availability": schedule(**{"from": "00:00", "to": "23:59"})},
        {"fallback": TO_QUEUE},
        {"fallback": {"queueId": Lookup("Queue", "Overflow")}},
        {"fallback": {**TO_OFFLINE, "minAgentsAvailable": 0, "maxLongestWait": 0.5}},
        {"fallback": {**TO_QUEUE, "minAgentsAvailable": 3, "recoverAgents": 3}},
        {"fallback": {**TO_QUEUE, "maxLongestWait": 90, "recoverWait": 90}},
        {"activation": {}},
        {"activation": {"timeoutSeconds": 0.5, "pollSeconds": 0.1}},
    ],
)
def test_channel_within_the_rules_is_taken(members: dict[str, Tree]) -> None:
    spec = channel(**members)

    assert refused_places(spec) == []
    assert problems(spec) == []


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"description": None}, "description"),
        ({"description": ""}, "description"),
        ({"description": "x" * 501}, "description"),
        ({"defaultLanguage": None}, "defaultLanguage"),
        ({"defaultLanguage": "US"}, "defaultLanguage"),
        ({"defaultLanguage": "english"}, "defaultLanguage"),
        ({"defaultLanguage": "en_US"}, "defaultLanguage"),
        ({"routingTarget": None}, "routingTarget"),
        ({"routingTarget": {"id": PRIMARY}}, "routingTarget/type"),
        ({"routingTarget": {"type": "user", "id": PRIMARY}}, "routingTarget/type"),
        ({"routingTarget": {"type": "queue"}}, "routingTarget/id"),
        ({"routingTarget": target("Support")}, "routingTarget/id"),
        ({"routingTarget": target(PRIMARY + "0")}, "routingTarget/id"),
        ({"widget": None}, "widget"),
        ({"widget": {}}, "widget/appearance"),
        ({"widget": appearance(primaryColor=None)}, "widget/appearance/primaryColor"),
        ({"widget": appearance(secondaryColor=None)}, "widget/appearance/secondaryColor"),
        ({"widget": appearance(primaryColor="blue")}, "widget/appearance/primaryColor"),
        ({"widget": appearance(primaryColor="#0088FF00")}, "widget/appearance/primaryColor"),
        ({"widget": appearance(secondaryColor="#12")}, "widget/appearance/secondaryColor"),
        ({"widget": appearance(secondaryColor="#ggg")}, "widget/appearance/secondaryColor"),
        (
            {"widget": {**appearance(), "conversationStart": {"enabled": "yes"}}},
            "widget/conversationStart/enabled",
        ),
        ({"availability": status("open")}, "availability/default/status"),
        ({"availability": schedule(name=None)}, "availability/schedules/0/name"),
        ({"availability": schedule(name="")}, "availability/schedules/0/name"),
        ({"availability": schedule(days=None)}, "availability/schedules/0/days"),
        ({"availability": schedule(days=[])}, "availability/schedules/0/days"),
        ({"availability": schedule(days=["MON", "Tue"])}, "availability/schedules/0/days/1"),
        ({"availability": schedule(to=None)}, "availability/schedules/0/to"),
        ({"availability": schedule(to="24:00")}, "availability/schedules/0/to"),
        ({"availability": schedule(to="18:60")}, "availability/schedules/0/to"),
        ({"availability": schedule(to="8:30")}, "availability/schedules/0/to"),
        ({"availability": schedule(**{"from": "8am"})}, "availability/schedules/0/from"),
        ({"fallback": {"queueId": "Overflow"}}, "fallback/queueId"),
        ({"fallback": {"offline": False}}, "fallback/offline"),
        ({"fallback": {**TO_QUEUE, "minAgentsAvailable": -1}}, "fallback/minAgentsAvailable"),
        ({"fallback": {**TO_QUEUE, "minAgentsAvailable": 1.5}}, "fallback/minAgentsAvailable"),
        ({"fallback": {**TO_QUEUE, "maxLongestWait": -1}}, "fallback/maxLongestWait"),
        ({"fallback": {**TO_QUEUE, "maxLongestWait": "2m"}}, "fallback/maxLongestWait"),
        ({"fallback": {**TO_QUEUE, "recoverAgents": -1}}, "fallback/recoverAgents"),
        ({"fallback": {**TO_QUEUE, "recoverWait": -1}}, "fallback/recoverWait"),
        ({"activation": {"timeoutSeconds": 0}}, "activation/timeoutSeconds"),
        ({"activation": {"timeoutSeconds": "300"}}, "activation/timeoutSeconds"),
        ({"activation": {"pollSeconds": -5}}, "activation/pollSeconds"),
        ({"activation": {"pollSeconds": True}}, "activation/pollSeconds"),
        ({"status": "active"}, "status"),
    ],
)
def test_channel_outside_of_the_vocabulary_is_refused(members: dict[str, Tree], place: str) -> None:
    assert refused_places(channel(**members)) == [place]


@pytest.mark.parametrize(
    ("members", "code", "path"),
    [
        (
            {"availability": schedule(days=["MON", "TUE", "MON"])},
            "manifest.invalid-value",
            "/spec/availability/schedules/0/days",
        ),
        (
            {"availability": schedule(**{"from": "18:00"})},
            "manifest.invalid-value",
            "/spec/availability/schedules/0/to",
        ),
        ({"fallback": {}}, "manifest.missing-field", "/spec/fallback"),
        ({"fallback": {**TO_QUEUE, **TO_OFFLINE}}, "manifest.invalid-value", "/spec/fallback/offline"),
        (
            {"fallback": {**TO_QUEUE, "minAgentsAvailable": 3, "recoverAgents": 2}},
            "manifest.invalid-value",
            "/spec/fallback/recoverAgents",
        ),
        (
            {"fallback": {**TO_OFFLINE, "maxLongestWait": 90, "recoverWait": 91}},
            "manifest.invalid-value",
            "/spec/fallback/recoverWait",
        ),
        (
            {"fallback": {"queueId": PRIMARY}},
            "channel.fallback-same-queue",
            "/spec/fallback/queueId",
        ),
        (
            {"fallback": {"queueId": PRIMARY.upper()}},
            "channel.fallback-same-queue",
            "/spec/fallback/queueId",
        ),
        (
            {"routingTarget": target(SUPPORT), "fallback": {"queueId": SUPPORT}},
            "channel.fallback-same-queue",
            "/spec/fallback/queueId",
        ),
    ],
)
def test_channel_that_contradicts_itself_is_refused(members: dict[str, Tree], code: str, path: str) -> None:
    assert [(found.code, found.path) for found in problems(channel(**members))] == [(code, path)]


def test_two_look_ups_are_two_queues_until_they_are_resolved() -> None:
    other = Reference(ADDRESS, "/routingTarget/id")

    assert problems(channel(routingTarget=target(SUPPORT), fallback={"queueId": other})) == []


def test_fields_are_compared_by_their_meaning() -> None:
    rules = KIND.field_rules
    colours = rules.member("widget").member("appearance")

    assert (colours.member("primaryColor").colour, colours.member("secondaryColor").colour) == (True, True)
    assert rules.member("availability").member("schedules").combine is Combine.WHOLE
    assert (rules.member("fallback").local, rules.member("activation").local) == (True, True)
    assert KIND.natural_key(channel()) == "Web"


# -- what is sent --------------------------------------------------------------------------------------------


def activation_of(remote_id: str, every_s: float = 5, deadline_s: float = 300) -> Wait:
    """The wait for a channel to become active."""
    return Wait((get(f"{PATH}/{remote_id}"),), every_s, deadline_s, judge_activation)


def test_create_posts_under_a_key_and_waits_for_the_activation() -> None:
    spec = channel(fallback=TO_QUEUE, activation={"pollSeconds": 2})

    assert KIND.steps(creation(spec), None) == (
        Step(
            "create",
            Request("POST", PATH, channel()),
            key_header="Idempotency-Key",
            yields="/id",
            until=activation_of("{remote_id}", every_s=2),
        ),
    )


def test_update_puts_the_whole_live_object_and_waits_for_the_activation() -> None:
    live = live_of(channel(availability=schedule()), note="made by hand")
    change = update(channel(description="New", activation={"timeoutSeconds": 60}), live, "/description")

    assert KIND.steps(change, live) == (
        Step(
            "update",
            Request(
                "PUT",
                f"{PATH}/c-1",
                channel(description="New", availability=schedule(), note="made by hand"),
            ),
            lock=Lock.IF_MATCH,
            managed=channel(description="New"),
            until=activation_of("c-1", deadline_s=60),
        ),
    )


@pytest.mark.parametrize("path", ["/fallback", "/fallback/recoverAgents", "/activation/pollSeconds"])
def test_edited_local_member_sends_nothing(path: str) -> None:
    live = live_of(channel())

    assert KIND.steps(update(channel(fallback=TO_QUEUE), live, path), live) == ()


def test_delete_waits_for_nothing() -> None:
    live = live_of(channel())
    change = Change(ADDRESS, Action.DELETE, Reason.REMOVED, live=live)

    assert KIND.steps(change, live) == (Step("delete", Request("DELETE", f"{PATH}/c-1"), lock=Lock.IF_MATCH),)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer(200, {"status": "active"}), Settled()),
        (Answer(200, {"status": "pending"}), Pending("status pending")),
        (Answer(200, {"status": "failed", "statusReason": "no licence"}), Failed("no licence")),
        (Answer(200, {"status": "failed"}), Failed("the platform gives no reason")),
        (Answer(200, {}), Pending("no status yet")),
        (Answer(404), Pending("no status yet")),
        (Answer(503, problem="503 after 5 tries"), Pending("no status yet")),
    ],
)
def test_activation_is_judged_by_the_platforms_status(answer: Answer, verdict: Verdict) -> None:
    assert judge_activation(Facts({get(f"{PATH}/c-1"): answer})) == verdict


def test_waiting_for_the_activation_outlasts_a_read_that_fails() -> None:
    (step,) = KIND.steps(creation(channel()), None)

    assert step.until is not None
    assert [read.optional for read in step.until.reads] == [True]


@pytest.mark.parametrize(
    ("server", "verdict"),
    [
        ({"status": "active"}, Settled()),
        ({"status": "pending"}, Pending("status pending")),
        ({"status": "failed", "statusReason": "no licence"}, Failed("no licence")),
    ],
)
def test_channel_that_did_not_settle_is_judged_by_its_status_now(
    server: dict[str, str], verdict: Verdict
) -> None:
    assert KIND.settlement(live_of(channel(), **server)) == verdict


# -- what is told --------------------------------------------------------------------------------------------


def test_live_channel_keeps_status_out_of_what_is_compared() -> None:
    live = live_of(channel(), statusReason="no licence")

    assert live.body == channel()
    assert live.server == {"id": "c-1", "version": 3, "status": "active", "statusReason": "no licence"}


def test_applied_channel_is_reported_as_property_managers_want_it() -> None:
    spec = channel(availability=schedule(), widget={**appearance(), "conversationStart": {"enabled": True}})

    assert KIND.report(creation(spec), Facts(), live_of(spec)) == Report(
        detail={"status": "active", "waited_s": None},
        export={
            "configId": "c-1",
            "name": "Web",
            "status": "active",
            "routing": {"type": "queue", "id": PRIMARY},
            "widget": {"appearance": COLOURS, "start": {"enabled": True}},
            "availability": schedule(),
        },
    )


def test_export_record_has_null_for_what_a_channel_lacks() -> None:
    live = replace(live_of(channel()), body={"name": "Web"})

    export = KIND.report(creation(channel()), Facts(), live).export

    assert export is not None
    assert export["routing"] == {"type": None, "id": None}
    assert export["widget"] == {"appearance": None, "start": None}
    assert export["availability"] is None


def test_plan_reports_nothing_yet() -> None:
    assert KIND.report(creation(channel(fallback={"queueId": SECONDARY})), Facts()) == Report()
