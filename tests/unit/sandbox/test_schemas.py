"""Custom object schemas: versions, statuses, references, removal (platform-api.md, section 8)."""

import pytest

from reconciler.sandbox import SandboxOrg
from reconciler.sandbox.documents import Document, JsonValue, as_list
from tests.unit.sandbox.caller import SCHEMAS, Caller, Said, referring, schema, without_own_members

_SUBJECT: Document = {"name": "subject", "fieldtype": "string", "required": True}


def _move(caller: Caller, external_id: str, version: int, status: str) -> Said:
    return caller.patch(f"{SCHEMAS}/{external_id}", {"version": version, "status": status})


def test_first_version_is_a_draft_under_its_external_id(caller: Caller) -> None:
    made = caller.made(SCHEMAS, schema())

    assert (made["id"], made["version"], made["status"], made["publishedVersion"]) == (
        "ticket",
        1,
        "DRAFT",
        None,
    )
    assert without_own_members({**schema(), **made}) == {
        **without_own_members(schema()),
        "publishedVersion": None,
    }
    assert caller.get(f"{SCHEMAS}/ticket").document == made
    assert caller.get(f"{SCHEMAS}/ticket/versions/1").document == made


def test_listing_shows_the_newest_version_of_each(caller: Caller) -> None:
    caller.publish(schema("a"), schema("b"))
    caller.made(SCHEMAS, schema("a", 2, description="new"))

    listed = {str(each["externalId"]): each for each in caller.get(SCHEMAS).entities}

    told = ("version", "status", "publishedVersion", "description")
    assert [listed["a"].get(name) for name in told] == [2, "DRAFT", 1, "new"]
    assert [listed["b"].get(name) for name in told] == [1, "PUBLISHED", 1, None]


def test_every_version_stays_readable(caller: Caller) -> None:
    caller.publish(schema(), schema(version=2, description="second"))

    first, second = (caller.get(f"{SCHEMAS}/ticket/versions/{number}").document for number in (1, 2))

    assert (first["version"], "description" in first, first["publishedVersion"]) == (1, False, 2)
    assert (second["version"], second["description"]) == (2, "second")
    for number in ("0", "3", "x"):
        assert caller.get(f"{SCHEMAS}/ticket/versions/{number}").status == 404


@pytest.mark.parametrize(
    ("made", "version", "code"),
    [(0, 2, "version.mismatch"), (1, 1, "duplicate"), (1, 3, "version.mismatch"), (2, 2, "version.mismatch")],
)
def test_only_the_next_version_can_be_made(caller: Caller, made: int, version: int, code: str) -> None:
    for number in range(made):
        caller.made(SCHEMAS, schema(version=number + 1))

    said = caller.post(SCHEMAS, schema(version=version))

    assert (said.status, said.code) == (409, code)


def test_next_version_of_a_deprecated_schema_can_be_made_and_published(caller: Caller) -> None:
    caller.publish(schema())
    _move(caller, "ticket", 1, "DEPRECATED")

    caller.publish(schema(version=2))

    assert caller.get(f"{SCHEMAS}/ticket").document["publishedVersion"] == 2


@pytest.mark.parametrize("status", ["PUBLISHED", "DEPRECATED", "draft"])
def test_new_version_is_always_a_draft(caller: Caller, status: str) -> None:
    said = caller.post(SCHEMAS, schema(status=status))

    assert (said.status, said.fields) == (400, ["/status"])


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (("PUBLISHED",), 200, ""),
        (("PUBLISHED", "DEPRECATED"), 200, ""),
        (("DRAFT",), 200, ""),
        (("PUBLISHED", "PUBLISHED"), 200, ""),
        (("PUBLISHED", "DEPRECATED", "DEPRECATED"), 200, ""),
        (("DEPRECATED",), 409, "schema.status"),
        (("PUBLISHED", "DRAFT"), 409, "schema.status"),
        (("PUBLISHED", "DEPRECATED", "PUBLISHED"), 409, "schema.status"),
        (("PUBLISHED", "DEPRECATED", "DRAFT"), 409, "schema.status"),
        (("GONE",), 400, "bad.request"),
    ],
)
def test_status_moves_forward_only(caller: Caller, path: tuple[str, ...], status: int, code: str) -> None:
    caller.made(SCHEMAS, schema())
    for earlier in path[:-1]:
        assert _move(caller, "ticket", 1, earlier).status == 200

    said = _move(caller, "ticket", 1, path[-1])

    assert said.status == status
    if status == 200:
        assert said.document == caller.get(f"{SCHEMAS}/ticket").document
        assert said.document["status"] == path[-1]
    else:
        assert said.code == code


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"version": 2, "status": "PUBLISHED"}, 409, "/version"),
        ({"version": 0, "status": "PUBLISHED"}, 400, "/version"),
        ({"status": "PUBLISHED"}, 400, "/version"),
        ({"version": 1}, 400, "/status"),
        ({"version": 1, "status": "PUBLISHED", "name": "New"}, 400, "/name"),
    ],
)
def test_status_patch_that_breaks_a_rule_is_refused(
    caller: Caller, body: Document, status: int, field: str
) -> None:
    caller.made(SCHEMAS, schema())

    said = caller.patch(f"{SCHEMAS}/ticket", body)

    assert (said.status, said.fields) == (status, [field])


def test_unknown_schema_is_404(caller: Caller) -> None:
    path = f"{SCHEMAS}/nothing"
    said = (caller.get(path), _move(caller, "nothing", 1, "PUBLISHED"), caller.delete(path))

    assert [each.status for each in said] == [404, 404, 404]


def test_older_version_of_a_published_schema_cannot_be_published(caller: Caller) -> None:
    caller.made(SCHEMAS, schema())
    caller.publish(schema(version=2))

    assert _move(caller, "ticket", 1, "PUBLISHED").code == "schema.status"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ([], "/fields"),
        ([{**_SUBJECT, "fieldtype": "number"}], "/fields/0/fieldtype"),
        ([{**_SUBJECT, "required": False}], "/fields/0/required"),
        ([{"name": "subject", "fieldtype": "string"}], "/fields/0/required"),
        ([{**_SUBJECT, "constraints": {"maxLength": 5}}], None),
        ([_SUBJECT, {"name": "more", "fieldtype": "file", "required": True}], None),
    ],
)
@pytest.mark.parametrize("status", ["PUBLISHED", "DEPRECATED"])
def test_change_must_be_compatible_with_the_newest_version_that_binds(
    caller: Caller, fields: list[JsonValue], pointer: str | None, status: str
) -> None:
    caller.publish(schema(fields=[_SUBJECT, {"name": "optional", "fieldtype": "boolean"}]))
    if status == "DEPRECATED":
        _move(caller, "ticket", 1, "DEPRECATED")

    said = caller.post(SCHEMAS, schema(version=2, fields=fields))

    if pointer is None:
        assert said.status == 201
    else:
        assert (said.status, said.code, said.fields) == (400, "schema.compatibility", [pointer])


def test_drafts_bind_nobody_until_one_is_published(caller: Caller) -> None:
    caller.made(SCHEMAS, schema())
    caller.made(SCHEMAS, schema(version=2, fields=[{"name": "subject", "fieldtype": "number"}]))
    assert _move(caller, "ticket", 1, "PUBLISHED").status == 200

    said = _move(caller, "ticket", 2, "PUBLISHED")

    assert (said.status, said.code) == (400, "schema.compatibility")


@pytest.mark.parametrize("target", ["user", "queue", "contact", "account", "conversation"])
def test_system_objects_can_be_referred_to(caller: Caller, target: str) -> None:
    caller.publish(referring("ticket", target))


@pytest.mark.parametrize("state", ["absent", "DRAFT", "DEPRECATED"])
def test_reference_to_what_is_not_published_is_refused_at_publishing(caller: Caller, state: str) -> None:
    if state != "absent":
        caller.made(SCHEMAS, schema("customer"))
    if state == "DEPRECATED":
        _move(caller, "customer", 1, "PUBLISHED")
        _move(caller, "customer", 1, "DEPRECATED")
    caller.made(SCHEMAS, referring("ticket", "customer"))

    said = _move(caller, "ticket", 1, "PUBLISHED")

    assert (said.status, said.code, said.fields) == (400, "schema.reference", ["/status"])
    assert "customer" in str(said.document["message"])


def test_reference_to_a_schema_with_a_newer_draft_is_fine(caller: Caller) -> None:
    caller.publish(schema("customer"))
    caller.made(SCHEMAS, schema("customer", 2))

    caller.publish(referring("ticket", "customer"))


def test_schema_that_refers_to_itself_is_refused(caller: Caller) -> None:
    said = caller.post(SCHEMAS, referring("ticket", "user", "ticket"))

    assert (said.status, said.fields) == (400, ["/fields/1/constraints/referencedType"])


def test_version_that_closes_a_cycle_is_refused(caller: Caller) -> None:
    caller.publish(referring("c"), referring("b", "c"), referring("a", "b"))
    caller.made(SCHEMAS, referring("c", "a", version=2))

    said = _move(caller, "c", 2, "PUBLISHED")

    assert (said.status, said.code) == (400, "schema.cycle")
    assert "c -> a -> b -> c" in str(said.document["message"])


def test_diamond_is_no_cycle(caller: Caller) -> None:
    caller.publish(referring("d"), referring("b", "d"), referring("c", "d"), referring("a", "b", "c"))


def test_schema_that_was_never_published_can_be_deleted_and_made_anew(caller: Caller) -> None:
    caller.made(SCHEMAS, schema())
    caller.made(SCHEMAS, schema(version=2))

    assert caller.delete(f"{SCHEMAS}/ticket").status == 204
    assert caller.get(SCHEMAS).entities == []
    caller.made(SCHEMAS, schema())
    assert caller.get(f"{SCHEMAS}/ticket/versions/2").status == 404


@pytest.mark.parametrize("is_deprecated", [False, True])
def test_schema_that_was_ever_published_cannot_be_deleted(caller: Caller, is_deprecated: bool) -> None:
    caller.publish(schema())
    if is_deprecated:
        _move(caller, "ticket", 1, "DEPRECATED")
    caller.made(SCHEMAS, schema(version=2))

    said = caller.delete(f"{SCHEMAS}/ticket")

    assert (said.status, said.code) == (409, "schema.published")


def test_schema_that_a_published_one_refers_to_cannot_be_deprecated(caller: Caller) -> None:
    caller.publish(schema("customer"), referring("ticket", "customer"))

    refused = _move(caller, "customer", 1, "DEPRECATED")
    _move(caller, "ticket", 1, "DEPRECATED")

    assert (refused.status, refused.code) == (409, "schema.referenced")
    assert "ticket" in str(refused.document["message"])
    assert _move(caller, "customer", 1, "DEPRECATED").status == 200


def test_draft_that_a_published_schema_refers_to_cannot_be_deleted(org: SandboxOrg, caller: Caller) -> None:
    caller.made(SCHEMAS, schema("customer"))
    caller.publish(schema())
    org.alter("schemas", "ticket", {"fields": referring("ticket", "customer")["fields"]})

    assert caller.delete(f"{SCHEMAS}/customer").code == "schema.referenced"


def test_older_version_can_be_deprecated_while_a_newer_one_is_referred_to(caller: Caller) -> None:
    caller.publish(schema("customer"), schema("customer", 2), referring("ticket", "customer"))

    said = _move(caller, "customer", 1, "DEPRECATED")

    assert (said.status, said.document["status"], said.document["publishedVersion"]) == (200, "DEPRECATED", 2)
    assert caller.get(f"{SCHEMAS}/customer").document["status"] == "PUBLISHED"


def test_reference_that_a_newer_version_dropped_binds_no_more(caller: Caller) -> None:
    caller.publish(
        schema("customer"), referring("ticket", "customer"), referring("ticket", "user", version=2)
    )

    assert _move(caller, "customer", 1, "DEPRECATED").status == 200


def test_schemas_take_no_if_match(caller: Caller) -> None:
    caller.made(SCHEMAS, schema())

    said = caller.patch(f"{SCHEMAS}/ticket", {"version": 1, "status": "PUBLISHED"}, If_Match="99")

    assert said.status == 200


def test_external_id_with_a_slash_is_found_by_its_encoded_path(caller: Caller) -> None:
    caller.made(SCHEMAS, schema("a/b c"))

    assert caller.get(f"{SCHEMAS}/a%2Fb%20c").document["externalId"] == "a/b c"


def test_admin_can_alter_a_schema(org: SandboxOrg, caller: Caller) -> None:
    caller.publish(schema())

    org.alter("schemas", "ticket", {"name": "Altered"})

    seen = caller.get(f"{SCHEMAS}/ticket").document
    assert (seen["name"], seen["version"], len(as_list(seen["fields"]))) == ("Altered", 1, 1)
