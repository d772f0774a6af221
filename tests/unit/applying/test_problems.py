"""Errors as people read them: the code, the manifest's own line, and no secret."""

from __future__ import annotations

import pytest

from reconciler.applying.problems import result_error, stale, unsettled_error, without_secrets
from reconciler.errors import FieldError, Rejected
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Reason
from reconciler.model.diagnostics import Mark
from reconciler.model.outcome import Outcome, Result
from reconciler.model.remote import Failed, Pending
from reconciler.model.resource import Resource
from reconciler.model.state import PriorEntry
from reconciler.model.values import Secret, TreeObject
from tests.unit.applying.test_filling import KEY, Secrets

ADDRESS = Address("WeightMatrix", "support")
SPEC: TreeObject = {"queueId": "q-1", "members": [{"userId": "u-1"}, {"userId": "u-2", "weight": 0.4}]}
MARKS = {"": (1, 1), "/spec": (4, 1), "/spec/members": (6, 3), "/spec/members/1": (8, 5)}


def change(spec: TreeObject = SPEC) -> Change:
    """An update of a resource whose places are known."""
    resource = Resource(ADDRESS, spec, Mark("m.yaml", 1), marks=MARKS)
    return Change(ADDRESS, Action.UPDATE, Reason.EDITED, after=spec, resource=resource)


def refused(*fields: FieldError, code: str | None = None) -> Rejected:
    """A refusal of the platform's."""
    error = Rejected("refused", http_status=400, remote_code=code, field_errors=fields, hint="mend it")
    error.correlation_id = "c-1"
    return error


def test_error_of_a_field_is_at_its_own_line() -> None:
    error = result_error(change(), refused(FieldError("/members/1", "too much")))

    found = error.diagnostic
    assert (found.code, found.path, found.line) == ("remote.rejected", "/spec/members/1", 8)
    assert found.message == "refused\n  m.yaml:8: /members/1: too much"
    assert (error.http_status, error.correlation_id, found.hint) == (400, "c-1", "mend it")


@pytest.mark.parametrize("fields", [(), (FieldError("/score", "too much"),)], ids=["whole", "field"])
def test_error_of_a_body_that_is_no_spec_is_at_the_element_with_the_id(
    fields: tuple[FieldError, ...],
) -> None:
    error = result_error(change(), refused(*fields), path="/queues/q-1/members/u-2")

    assert (error.diagnostic.path, error.diagnostic.line) == ("/spec/members/1", 8)


def test_id_of_the_object_itself_is_no_element() -> None:
    assert result_error(change(), refused(), path="/queues/q-1").diagnostic.path == ""


@pytest.mark.parametrize("code", ["duplicate", "version.mismatch"])
def test_refusal_that_means_the_org_has_moved_is_stale(code: str) -> None:
    assert result_error(change(), refused(code=code)).diagnostic.code == "plan.stale"


def test_stale_names_the_address_and_says_to_plan_again() -> None:
    error = stale(change(), "it is gone")
    assert (error.code, error.message, error.hint) == (
        *("plan.stale", "WeightMatrix/support: it is gone", "plan again"),
    )


def test_removed_manifest_is_named_by_its_last_place() -> None:
    prior = PriorEntry(ADDRESS, "q-1", {}, source=Mark("old.yaml", 7))
    gone = Change(ADDRESS, Action.DELETE, Reason.REMOVED, prior=prior)

    found = result_error(gone, refused()).diagnostic

    assert (found.file, found.line, found.address) == ("old.yaml", 7, str(ADDRESS))


@pytest.mark.parametrize(
    ("verdict", "code", "words"),
    [
        (Failed("no licence"), "remote.rejected", "no licence"),
        (Pending("status pending"), "remote.unavailable", "after 2.5 s"),
    ],
)
def test_unsettled_says_why(verdict: Failed | Pending, code: str, words: str) -> None:
    found = unsettled_error(change(), verdict, 2.5).diagnostic
    assert found.code == code
    assert words in found.message


def test_secret_that_the_platform_says_back_is_hidden() -> None:
    secret = change({"description": KEY})
    error = result_error(secret, Rejected("'value of KEY' is no description"))
    result = Result(str(ADDRESS), "update", Outcome.FAILED, error=error, warnings=("value of KEY, twice",))

    hidden = without_secrets(result, secret, Secrets())

    assert "value of KEY" not in repr(hidden)
    assert isinstance(KEY, Secret)


class Templates(Secrets):
    """Secrets that keep the text around them."""

    def reveal(self, secret: Secret) -> str:
        return secret.template.replace("${env.KEY}", "planted")


def test_secret_that_the_platform_says_back_without_its_template_is_hidden() -> None:
    secret = change({"description": KEY})
    error = result_error(secret, Rejected("planted is bad, and so is key planted"))
    result = Result(str(ADDRESS), "update", Outcome.FAILED, error=error)

    hidden = without_secrets(result, secret, Templates())

    assert hidden.error is not None
    assert "planted" not in str(hidden.error)
