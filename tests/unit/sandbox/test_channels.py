"""Web messaging channels (platform-api.md, section 5)."""

import pytest

from reconciler.sandbox import Fault, SandboxOrg, seed_id
from reconciler.sandbox.documents import Document, JsonValue
from tests.unit.sandbox.caller import CHANNELS, SUPPORT, Caller, channel, without_own_members

_COLOURS: Document = {"primaryColor": "#000", "secondaryColor": "#ffffff"}
_SCHEDULE: Document = {"name": "Week", "days": ["MON", "FRI"], "from": "08:00", "to": "22:30"}


def _target(**members: JsonValue) -> Document:
    return {"routingTarget": {"type": "queue", "id": SUPPORT, **members}}


def _schedule(**members: JsonValue) -> Document:
    return {"availability": {"schedules": [{**_SCHEDULE, **members}]}}


def test_channel_is_kept_as_it_was_sent(caller: Caller) -> None:
    availability: Document = {"default": {"status": "unavailable"}, "schedules": [_SCHEDULE]}
    appearance: Document = {"appearance": _COLOURS, "conversationStart": {"enabled": True}}
    body = channel(availability=availability, widget=appearance)

    made = caller.made(CHANNELS, body)

    assert without_own_members(made) == {**body, "status": "pending"}
    assert caller.get(f"{CHANNELS}/{made['id']}").document == made
    assert caller.get(CHANNELS).entities == [made]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"description": ""}, "/description"),
        ({"description": "x" * 501}, "/description"),
        ({"defaultLanguage": "english"}, "/defaultLanguage"),
        ({"defaultLanguage": "en_US"}, "/defaultLanguage"),
        ({"defaultLanguage": ""}, "/defaultLanguage"),
        (_target(type="user"), "/routingTarget/type"),
        (_target(id="no-uuid"), "/routingTarget/id"),
        (_target(id=seed_id("queue", "Nowhere")), "/routingTarget/id"),
        ({"widget": {}}, "/widget/appearance"),
        ({"widget": {"appearance": {"primaryColor": "#000"}}}, "/widget/appearance/secondaryColor"),
        (
            {"widget": {"appearance": {**_COLOURS, "primaryColor": "#0000"}}},
            "/widget/appearance/primaryColor",
        ),
        ({"widget": {"appearance": {**_COLOURS, "primaryColor": "red"}}}, "/widget/appearance/primaryColor"),
        (
            {"widget": {"appearance": _COLOURS, "conversationStart": {"enabled": 1}}},
            "/widget/conversationStart/enabled",
        ),
        ({"availability": {"default": {"status": "away"}}}, "/availability/default/status"),
        (_schedule(days=["MONDAY"]), "/availability/schedules/0/days/0"),
        (_schedule(**{"from": "8:00"}), "/availability/schedules/0/from"),
        (_schedule(to="24:00"), "/availability/schedules/0/to"),
        ({"status": "active"}, "/status"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_channel_that_breaks_a_rule_is_400_at_create_and_change(
    caller: Caller, members: Document, field: str
) -> None:
    made = caller.made(CHANNELS, channel(name="Good"))

    created = caller.post(CHANNELS, channel(**members))
    changed = caller.put(f"{CHANNELS}/{made['id']}", members)

    assert (created.status, created.fields) == (400, [field])
    # A PUT ignores what it may not write, a create refuses it.
    assert (changed.status, changed.fields) == (400, [field]) if field != "/status" else changed.status == 200


@pytest.mark.parametrize("name", ["name", "description", "defaultLanguage", "routingTarget", "widget"])
def test_required_member_that_is_absent_is_400(caller: Caller, name: str) -> None:
    body = channel()
    del body[name]

    assert caller.post(CHANNELS, body).fields == [f"/{name}"]


@pytest.mark.parametrize("tag", ["en", "en-US", "de-AT", "zh-Hans-CN", "es-419", "fil"])
def test_language_tags_are_taken(caller: Caller, tag: str) -> None:
    assert caller.post(CHANNELS, channel(defaultLanguage=tag)).status == 201


def test_name_is_unique(caller: Caller) -> None:
    caller.made(CHANNELS, channel())
    other = caller.made(CHANNELS, channel(name="Other"))

    assert caller.post(CHANNELS, channel()).code == "duplicate"
    assert caller.put(f"{CHANNELS}/{other['id']}", {"name": "Web chat"}).code == "duplicate"
    assert caller.put(f"{CHANNELS}/{other['id']}", {"name": "Other"}).status == 200


def test_put_replaces_only_the_top_level_members_that_it_has(caller: Caller) -> None:
    availability: Document = {"default": {"status": "available"}, "schedules": [_SCHEDULE]}
    made = caller.made(CHANNELS, channel(availability=availability))

    said = caller.put(f"{CHANNELS}/{made['id']}", {"availability": {"default": {"status": "unavailable"}}})

    expected = channel(availability={"default": {"status": "unavailable"}}, status="pending")
    assert without_own_members(said.document) == expected


def test_channel_becomes_active_after_a_create_and_after_every_put(org: SandboxOrg, caller: Caller) -> None:
    path = f"{CHANNELS}/{caller.made(CHANNELS, channel())['id']}"

    changes: list[tuple[str, JsonValue]] = [("GET", None), ("PUT", {"description": "New"})]
    for method, body in changes:
        assert caller.send(method, path, body).document["status"] == "pending"
        org.advance(0.9)
        assert caller.get(path).document["status"] == "pending"
        org.advance(0.1)
        assert caller.get(CHANNELS).entities[0]["status"] == "active"


def test_activation_fails_with_a_reason_on_request_and_a_put_starts_it_again(
    org: SandboxOrg, caller: Caller
) -> None:
    org.inject(f'* {CHANNELS}* activation=fail message="no licence left"')
    path = f"{CHANNELS}/{caller.made(CHANNELS, channel())['id']}"
    org.advance(1)

    failed = caller.get(path).document
    again = caller.put(path, {"description": "New"}).document
    org.advance(1)

    assert (failed["status"], failed["statusReason"]) == ("failed", "no licence left")
    assert (again["status"], "statusReason" in again) == ("pending", False)
    assert caller.get(path).document["status"] == "active"


def test_activation_hangs_on_request(org: SandboxOrg, caller: Caller) -> None:
    org.inject(Fault(path=f"{CHANNELS}*", activation="hang"))
    path = f"{CHANNELS}/{caller.made(CHANNELS, channel())['id']}"
    org.advance(3000)

    assert caller.get(path).document["status"] == "pending"


def test_activation_that_hangs_takes_the_place_of_one_under_way(org: SandboxOrg, caller: Caller) -> None:
    path = f"{CHANNELS}/{caller.made(CHANNELS, channel())['id']}"
    org.inject(Fault("PUT", activation="hang"))

    caller.put(path, {"description": "New"})
    org.advance(5)

    assert caller.get(path).document["status"] == "pending"


def test_deleted_channel_is_gone(org: SandboxOrg, caller: Caller) -> None:
    path = f"{CHANNELS}/{caller.made(CHANNELS, channel())['id']}"

    assert caller.delete(path).status == 204
    org.advance(5)
    assert [caller.get(path).status, caller.put(path, {}).status, caller.delete(path).status] == [
        404,
        404,
        404,
    ]
