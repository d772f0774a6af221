"""`compare`: its exit codes and formats."""

from __future__ import annotations

import pytest

from tests.cli.commands import run


@pytest.mark.usefixtures("applied")
def test_difference_is_2_in_the_plan_s_format() -> None:
    ran = run("compare", "sandbox", "other", "--format", "json")

    assert ran.code == 2
    assert (ran.document["format"], ran.document["org"]) == ("reconciler.plan/1", "sandbox..other")
    assert {change["address"] for change in ran.document["changes"]} == {
        "Schema/customer",
        "Schema/lone",
        "Schema/ticket",
    }
    assert {change["action"] for change in ran.document["changes"]} == {"delete"}


@pytest.mark.usefixtures("applied")
def test_no_difference_is_0() -> None:
    assert run("compare", "sandbox", "sandbox").code == 0


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize("how", ["text", "markdown", "html"])
def test_difference_is_told_in_every_format(how: str) -> None:
    ran = run("compare", "sandbox", "other", "--format", how)

    assert ran.code == 2
    assert "Schema/lone" in ran.out


@pytest.mark.usefixtures("applied")
def test_unknown_org_is_told() -> None:
    ran = run("compare", "sandbox", "nowhere", "--format", "json")

    assert (ran.code, ran.codes) == (78, ["config.unknown-org"])
