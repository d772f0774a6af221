"""The workflows that `init` writes for GitHub, run: each job in a fresh clone, against an org over HTTP."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.cli.pipelines.expressions import Tree
from tests.cli.pipelines.forge import Forge, Request
from tests.cli.pipelines.github import Actions, Event, Settings
from tests.cli.pipelines.jobs import Ran, Workshop
from tests.cli.pipelines.org import CLIENT, Org
from tests.cli.pipelines.repository import SCHEMA, begin


class Team:
    """People who open and merge pull requests, and the pipelines that answer them."""

    def __init__(self, workshop: Workshop, forge: Forge, org: Org, place: dict[str, str]) -> None:
        self.workshop, self.forge, self.org = workshop, forge, org
        variables = {"RECONCILER_NEW_STATE": "true", "RECONCILER_STATE_FOLDER": place.get("folder", "")}
        secrets = {**CLIENT, "RECONCILER_STATE": place.get("url", "")}
        settings = Settings(secrets, {"prod": secrets}, variables)
        self.actions = Actions(workshop, forge, settings)
        self.first = begin(workshop, org, keeping=place["keeping"], ci="github")

    def open(self, commit: str) -> tuple[Request, dict[str, Ran]]:
        """A pull request, and what its workflows have done."""
        request = self.forge.open_request(commit)
        return request, self.review(request)

    def review(self, request: Request, repository: str = "acme/contact-centre") -> dict[str, Ran]:
        """Runs what a push to a pull request starts, whose branch is in that repository."""
        about: Tree = {
            "number": str(request.number),
            "head": {"sha": request.head, "repo": {"full_name": repository}},
        }
        more: Tree = {"base_ref": "main", "event": {"pull_request": about}}
        return self.actions.run(Event("pull_request", request.head, "refs/pull/1/merge", more))

    def merge(self, request: Request, branch: str, message: str = "Merge") -> Ran:
        """Merges, and runs what that starts."""
        commit = self.workshop.merge(branch, message)
        request.merged_as = commit
        return self.actions.run(Event("push", commit))["apply"]

    def start(self) -> Request:
        """The first pull request, merged."""
        request, _ = self.open(self.first)
        assert self.merge(request, "start").code == 0
        self.actions.settings = replace(
            self.actions.settings,
            variables={
                name: value
                for name, value in self.actions.settings.variables.items()
                if name != "RECONCILER_NEW_STATE"
            },
        )
        return request

    def look_for_drift(self) -> Ran:
        """Runs what the clock starts."""
        head = self.workshop.refs()["refs/heads/main"]
        return self.actions.run(Event("schedule", head))["drift"]


@pytest.fixture
def team(workshop: Workshop, forge: Forge, org: Org, place: dict[str, str]) -> Team:
    return Team(workshop, forge, org, place)


@pytest.mark.parametrize(
    "place",
    [
        "pushed",
        pytest.param("postgres", marks=pytest.mark.soak),
        pytest.param("runner", marks=pytest.mark.soak),
    ],
    indirect=True,
)
def test_from_the_first_pull_request_to_drift(team: Team) -> None:
    request, reviewed = team.open(team.first)
    assert {name: ran.code for name, ran in reviewed.items()} == {"validate": 0, "plan": 0}, reviewed
    (comment,) = team.forge.ours_on(request.number)
    assert comment.splitlines()[:2] == [
        "<!-- reconciler:plan org=prod -->",
        f"<!-- reconciler:commit {team.first} -->",
    ]
    assert "Plan: 2 to add, 1 to change, 0 to destroy." in comment
    assert reviewed["plan"].outputs["Plan"]["to_add"] == "2"
    assert "## Plan for `prod`" in reviewed["plan"].summary
    assert team.org.schema() is None

    applied = team.merge(request, "start")

    assert applied.code == 0, applied.output
    assert team.org.schema()["name"] == "Customer"
    assert "## Applied to `prod`" in team.forge.ours_on(request.number)[1]
    _nothing_more_to_do(team)
    _drift_comes_and_goes(team)
    assert team.forge.refused == []


def _nothing_more_to_do(team: Team) -> None:
    commit = team.workshop.commit("words", "Say more", **{"README.md": ("# Contact centre", "# Ours")})
    request, reviewed = team.open(commit)
    assert "No changes." in team.forge.ours_on(request.number)[0]
    assert reviewed["plan"].outputs["Plan"]["changes"] == "0"
    assert team.merge(request, "words").code == 0


def _drift_comes_and_goes(team: Team) -> None:
    team.org.draw_widget_as("bar")
    assert team.look_for_drift().code == 0
    (issue,) = team.forge.issues.values()
    assert (issue.title, issue.is_open) == ("Drift in prod", True)
    assert "visualization" in issue.text
    team.org.draw_widget_as("bigNumber")

    assert team.look_for_drift().code == 0

    assert not issue.is_open
    assert "Nothing differs any more" in team.forge.ours_on(issue.number)[0]


@pytest.mark.parametrize(
    "place",
    [
        "runner",
        pytest.param("postgres", marks=pytest.mark.soak),
        pytest.param("pushed", marks=pytest.mark.soak),
    ],
    indirect=True,
)
def test_what_moved_since_the_review_waits_for_somebody_to_say_so(team: Team) -> None:
    team.start()
    commit = team.workshop.commit("client", "Rename it", **{SCHEMA: ("name: Customer", "name: Client")})
    request, _ = team.open(commit)
    (reviewed,) = team.forge.ours_on(request.number)
    team.org.draw_widget_as("bar")

    refused = team.merge(request, "client")

    assert refused.code == 4, refused.output
    assert team.org.schema()["name"] == "Customer"
    before, ending, now = team.forge.ours_on(request.number)
    assert before == reviewed
    assert "## Stale: not applied to `prod`" in ending
    assert now.startswith("<!-- reconciler:plan-of-now org=prod -->\n## Plan for `prod`")
    fingerprint = re.findall(r"^Fingerprint `([0-9a-f]{64})`$", now, re.MULTILINE)[0]
    _apply_by_hand(team, fingerprint)


def _apply_by_hand(team: Team, fingerprint: str) -> None:
    head = team.workshop.refs()["refs/heads/main"]
    event = Event("workflow_dispatch", head, inputs={"fingerprint": fingerprint})
    assert team.actions.run(event)["apply"].code == 0
    assert (team.org.schema()["name"], team.org.widget()["visualization"]["type"]) == ("Client", "bigNumber")


@pytest.mark.parametrize("place", ["runner"], indirect=True)
def test_what_nobody_reviewed_is_not_applied(team: Team) -> None:
    team.workshop.merge("start", "Merge unseen")

    ran = team.actions.run(Event("push", team.workshop.refs()["refs/heads/main"]))

    assert {name: one.code for name, one in ran.items()} == {"apply": 4}
    assert team.org.schema() is None
    assert team.forge.comments == {}


@pytest.mark.parametrize("place", ["runner"], indirect=True)
def test_request_of_a_fork_gets_no_secrets(team: Team) -> None:
    request = team.forge.open_request(team.first)

    reviewed = team.review(request, repository="mallory/contact-centre")

    assert {name: ran.code for name, ran in reviewed.items()} == {"validate": 0}


@pytest.mark.soak
@pytest.mark.parametrize("place", ["runner"], indirect=True)
def test_branch_that_is_behind_does_not_undo_what_main_has(team: Team) -> None:
    team.start()
    behind = team.workshop.commit("behind", "Say more", **{"README.md": ("# Contact centre", "# Ours")})
    commit = team.workshop.commit("client", "Rename it", **{SCHEMA: ("name: Customer", "name: Client")})
    request, _ = team.open(commit)
    assert team.merge(request, "client").code == 0

    late, reviewed = team.open(behind)

    assert reviewed["plan"].outputs["Plan"]["changes"] == "0", reviewed["plan"].output
    assert team.merge(late, "behind").code == 0


@pytest.mark.soak
@pytest.mark.parametrize("place", ["runner"], indirect=True)
def test_commit_may_let_a_guarded_plan_through(team: Team) -> None:
    team.start()
    team.workshop.git("fetch", "-q", "origin")
    team.workshop.git("checkout", "-q", "-B", "less", "origin/main")
    (team.workshop.author / SCHEMA).unlink()
    request, reviewed = team.open(team.workshop.push("less", "No customers"))
    assert reviewed["plan"].code == 3
    (comment,) = team.forge.ours_on(request.number)
    fingerprint = re.findall(r"^Fingerprint `([0-9a-f]{64})`$", comment, re.MULTILINE)[0]

    request.head = team.workshop.push("less", f"Really\n\nReconciler-Allow: {fingerprint}")
    assert team.review(request)["plan"].code == 0
    message = f"Merge\n\nReconciler-Allow: {fingerprint}"

    assert team.merge(request, "less", message).code == 0
    assert team.org.schema()["status"] == "DEPRECATED"
