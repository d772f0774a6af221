"""The pipeline that `init` writes for GitLab, run: each job in a fresh clone, against an org over HTTP."""

from __future__ import annotations

import pytest

from tests.cli.pipelines.forge import Forge, Request
from tests.cli.pipelines.gitlab import STATE_TOKEN, TOKEN, Pipelines, Settings
from tests.cli.pipelines.jobs import Ran, Workshop
from tests.cli.pipelines.org import CLIENT, Org
from tests.cli.pipelines.repository import SCHEMA, begin


class Team:
    """People who open and merge requests, and the pipelines that answer them."""

    def __init__(self, workshop: Workshop, forge: Forge, org: Org, place: dict[str, str]) -> None:
        self.workshop, self.forge, self.org = workshop, forge, org
        variables = {"RECONCILER_GITLAB_TOKEN": TOKEN, "RECONCILER_NEW_STATE": "true", **CLIENT}
        if state := place.get("url") or place.get("folder"):
            variables["RECONCILER_STATE"] = state
        settings = Settings(variables, {"prod": {"RECONCILER_STATE_TOKEN": STATE_TOKEN}})
        self.pipelines = Pipelines(workshop, forge, settings)
        self.first = begin(workshop, org, keeping=place["keeping"], ci="gitlab")

    def open(self, commit: str) -> tuple[Request, dict[str, Ran]]:
        """A merge request, and what its pipeline has done."""
        request = self.forge.open_request(commit)
        about = {
            "CI_MERGE_REQUEST_IID": str(request.number),
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        }
        return request, self.pipelines.run("merge_request_event", commit, **about)

    def merge(self, request: Request, branch: str) -> Ran:
        """Merges, and runs what that starts."""
        commit = self.workshop.merge(branch, "Merge")
        request.merged_as = commit
        return self.pipelines.run("push", commit, CI_COMMIT_BRANCH="main")["apply"]

    def on_main(self, source: str, **more: str) -> dict[str, Ran]:
        """Runs the pipeline of main as it is."""
        head = self.workshop.refs()["refs/heads/main"]
        return self.pipelines.run(source, head, CI_COMMIT_BRANCH="main", **more)


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
def test_from_the_first_merge_request_to_drift(team: Team) -> None:
    request, reviewed = team.open(team.first)
    assert {name: ran.code for name, ran in reviewed.items()} == {"validate": 0, "plan": 0}, reviewed
    (note,) = team.forge.ours_on(request.number)
    assert "Plan: 2 to add, 1 to change, 0 to destroy." in note
    assert team.org.schema() is None

    applied = team.merge(request, "start")

    assert applied.code == 0, applied.output
    assert team.org.schema()["name"] == "Customer"
    assert "## Applied to `prod`" in team.forge.ours_on(request.number)[1]
    _drift_comes_and_goes(team)
    assert team.forge.refused == []


def _drift_comes_and_goes(team: Team) -> None:
    team.org.draw_widget_as("bar")
    assert team.on_main("schedule")["drift"].code == 0
    (issue,) = team.forge.issues.values()
    assert (issue.title, issue.is_open) == ("Drift in prod", True)
    team.org.draw_widget_as("bigNumber")

    assert team.on_main("schedule")["drift"].code == 0

    assert not issue.is_open
    assert "Nothing differs any more" in team.forge.ours_on(issue.number)[0]


@pytest.mark.soak
@pytest.mark.parametrize("place", ["runner", "pushed"], indirect=True)
def test_what_moved_since_the_review_waits_for_somebody_to_say_so(team: Team) -> None:
    request, _ = team.open(team.first)
    assert team.merge(request, "start").code == 0
    commit = team.workshop.commit("client", "Rename it", **{SCHEMA: ("name: Customer", "name: Client")})
    request, _ = team.open(commit)
    team.org.draw_widget_as("bar")

    refused = team.merge(request, "client")

    assert refused.code == 4, refused.output
    assert team.org.schema()["name"] == "Customer"
    now = team.forge.ours_on(request.number)[2]
    fingerprint = now.split("\nFingerprint `")[1][:64]
    assert team.on_main("web", RECONCILER_EXPECT=fingerprint)["apply"].code == 0
    assert (team.org.schema()["name"], team.org.widget()["visualization"]["type"]) == ("Client", "bigNumber")
