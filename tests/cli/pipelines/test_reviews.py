"""`ci/reviews.py`, which the pipelines run: whose word counts, and what is told where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.pipelines.forge import US, Forge, Text
from tests.cli.pipelines.jobs import ROOT, Ran, Workshop

SCRIPT = ROOT / "reconciler" / "commands" / "starter" / "ci" / "reviews.py"
HEAD, LATER, MERGE = "a" * 40, "b" * 40, "c" * 40
FINGERPRINT = "1" * 64
PLAN = (
    "<!-- reconciler:plan org=prod -->\n## Plan for `prod`: 1 to add\n\nFingerprint `" + FINGERPRINT + "`\n"
)
LONGEST = 65_536


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the script runs: a folder, and a platform."""

    workshop: Workshop
    forge: Forge
    folder: Path
    env: Mapping[str, str]

    def write(self, **files: str) -> None:
        """What the commands before it have left."""
        for name, text in files.items():
            (self.folder / "run" / name.replace("_", ".")).write_text(text, encoding="utf-8")

    def run(self, *words: str, **more: str) -> Ran:
        """Runs it."""
        env = {**self.env, **more}
        return self.workshop.bash(f"python {SCRIPT} {' '.join(words)}", cwd=self.folder, env=env)

    def told(self) -> dict[str, str]:
        """What later steps are told."""
        (file,) = (found for name in ("output", "run/reviewed.env") if (found := self.folder / name).exists())
        pairs = (line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())
        return {name: value.strip("'") for name, value in pairs}


@pytest.fixture(params=["github", "gitlab"])
def desk(request: pytest.FixtureRequest, workshop: Workshop, forge: Forge, tmp_path: Path) -> Desk:
    (tmp_path / "desk" / "run").mkdir(parents=True)
    forge.tokens["token"] = frozenset({"pull-requests", "issues"})
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_TOKEN": "token",
        "GITHUB_API_URL": forge.url,
        "GITHUB_SERVER_URL": "https://forge.example.com",
        "GITHUB_REPOSITORY": "acme/contact-centre",
        "GITHUB_RUN_ID": "7",
        "GITHUB_OUTPUT": str(tmp_path / "desk" / "output"),
    }
    gitlab = {
        "RECONCILER_GITLAB_TOKEN": "token",
        "CI_API_V4_URL": forge.url,
        "CI_PROJECT_ID": "42",
        "CI_JOB_URL": "https://forge.example.com/jobs/7",
    }
    env = {"github": github, "gitlab": gitlab}[request.param]
    return Desk(workshop, forge, tmp_path / "desk", {"RECONCILER_ORG": "prod", **env})


def reviewed(desk: Desk, *, commit: str = HEAD) -> int:
    """A request with the plan of a commit on it; its number."""
    number = desk.forge.open_request(commit).number
    desk.write(plan_md=PLAN)
    ran = desk.run("plan", str(number), REVIEWED_COMMIT=commit)
    assert ran.code == 0, ran.output
    return number


def test_fingerprint_is_that_of_the_merged_request_s_comment(desk: Desk) -> None:
    for _ in range(3):  # more than one page of requests
        desk.forge.open_request(LATER)
    number = reviewed(desk)
    desk.forge.requests[number].merged_as = MERGE

    assert desk.run("reviewed", MERGE).code == 0

    assert desk.told() == {"fingerprint": FINGERPRINT, "request": str(number), "reason": ""}


def test_plan_of_an_earlier_commit_does_not_count(desk: Desk) -> None:
    number = reviewed(desk)
    desk.forge.requests[number].head = LATER
    desk.forge.requests[number].merged_as = MERGE

    desk.run("reviewed", MERGE)

    reason = f"the plan on it is of {HEAD}, and {LATER} was merged"
    assert desk.told() == {"fingerprint": "", "request": str(number), "reason": reason}


def test_what_others_wrote_does_not_count_and_is_not_rewritten(desk: Desk) -> None:
    number = desk.forge.open_request(HEAD).number
    desk.forge.requests[number].merged_as = MERGE
    (forged,) = desk.forge.comments[number]
    before = forged.text

    desk.run("reviewed", MERGE)

    assert desk.told() == {"fingerprint": "", "request": str(number), "reason": "there is no plan on it"}
    reviewed(desk)
    assert forged.text == before


def test_commit_that_nothing_was_merged_as_has_no_plan(desk: Desk) -> None:
    reviewed(desk)

    desk.run("reviewed", MERGE)

    assert desk.told() == {"fingerprint": "", "request": "", "reason": f"nothing was merged as {MERGE}"}


def test_text_in_a_manifest_cannot_pose_as_the_plan(desk: Desk) -> None:
    number = desk.forge.open_request(HEAD).number
    desk.forge.requests[number].merged_as = MERGE
    head, other = PLAN.replace("\n", f"\n<!-- reconciler:commit {HEAD} -->\n", 1), "f" * 64
    refused = head.replace(f"Fingerprint `{FINGERPRINT}`", "")
    text = f"{refused}\n### To add (1)\n\n```diff\n\nFingerprint `{other}`\n```\n"
    desk.forge.comments[number].append(Text(90, US, text))

    desk.run("reviewed", MERGE)

    assert desk.told()["fingerprint"] == ""


def test_comment_is_one_and_renewed(desk: Desk) -> None:
    number = reviewed(desk)
    for _ in range(2):
        desk.forge.comment(number, "Something else")
    desk.write(plan_md=PLAN.replace("1 to add", "2 to add"))

    assert desk.run("plan", str(number), REVIEWED_COMMIT=LATER).code == 0

    (plan,) = [text for text in desk.forge.ours_on(number) if "reconciler:plan" in text]
    assert plan.splitlines()[1] == f"<!-- reconciler:commit {LATER} -->"
    assert "2 to add" in plan


def test_plan_that_could_not_be_made_takes_the_place_of_the_old_one(desk: Desk) -> None:
    number = reviewed(desk)
    desk.forge.requests[number].merged_as = MERGE
    (desk.folder / "run" / "plan.md").unlink()

    desk.run("plan", str(number), REVIEWED_COMMIT=HEAD)
    desk.run("reviewed", MERGE)

    (text,) = desk.forge.ours_on(number)
    assert "## No plan could be made" in text
    assert desk.told()["fingerprint"] == ""


def test_plan_of_full_length_gives_up_its_last_block_for_the_commit(desk: Desk) -> None:
    number = desk.forge.open_request(HEAD).number
    steps = "9 requests made; apply needs 4, about 1 s at 300 a minute\nNext step: `reconciler apply`"
    end = f"\n```\n{steps}\n```\n\nPlan: 1 to add.\n"
    text = PLAN + "\n```diff\n" + "+ x\n" * ((LONGEST - len(PLAN) - len(end) - 13) // 4) + "```\n" + end
    assert LONGEST - 4 < len(text) <= LONGEST
    desk.write(plan_md=text)

    desk.run("plan", str(number), REVIEWED_COMMIT=HEAD)

    (comment,) = desk.forge.ours_on(number)
    assert len(comment) <= LONGEST
    assert comment.endswith("+ x\n```\n\n\nPlan: 1 to add.\n")


@pytest.mark.parametrize(
    ("code", "heading"),
    [
        ("0", "Applied to `prod`"),
        ("3", "Refused: not applied to `prod`"),
        ("4", "Stale: not applied to `prod`"),
        ("5", "Applied in part to `prod`"),
        ("6", "Applied, not settled to `prod`"),
        ("78", "Failed: perhaps not applied to `prod`"),
    ],
)
def test_what_became_of_it_is_said_and_its_log_is_no_markup(desk: Desk, code: str, heading: str) -> None:
    number = desk.forge.open_request(HEAD).number
    desk.write(apply_code=f"{code}\n", apply_txt="~ Widget/x\n```\n/close\n<script>\n")

    assert desk.run("applied", str(number), REASON="").code == 0

    (text,) = desk.forge.ours_on(number)
    assert text.startswith(f"<!-- reconciler:apply org=prod -->\n## {heading}\n")
    assert "\n    ~ Widget/x\n    ```\n    /close\n    <script>\n" in text


def test_nothing_to_say_of_drift_leaves_issues_alone(desk: Desk) -> None:
    desk.write(drift_md="<!-- reconciler:drift org=prod -->\n## Drift of `prod`\n")

    assert desk.run("drift", "0").code == 0

    assert desk.forge.issues == {}


def test_drift_that_goes_on_renews_its_issue(desk: Desk) -> None:
    for what in ("first", "second"):
        desk.write(drift_md=f"<!-- reconciler:drift org=prod -->\n## Drift of `prod`: {what}\n")
        assert desk.run("drift", "2").code == 0

    (issue,) = desk.forge.issues.values()
    assert ("second" in issue.text, "first" in issue.text, issue.title) == (True, False, "Drift in prod")


def test_issue_of_somebody_else_or_another_org_is_left_alone(desk: Desk) -> None:
    text = "<!-- reconciler:drift org=prod -->\nMine"
    desk.forge.issues = {
        101: Text(101, "mallory", text),
        102: Text(102, US, text.replace("org=prod", "org=other")),
    }
    desk.write(drift_md="<!-- reconciler:drift org=prod -->\n## Drift of `prod`\n")

    desk.run("drift", "2")
    desk.run("drift", "0")

    assert [(one.text.endswith("Mine"), one.is_open) for one in desk.forge.issues.values()] == [
        (True, True),
        (True, True),
        (False, False),
    ]


def test_wrong_token_fails(desk: Desk) -> None:
    desk.forge.tokens.clear()

    assert desk.run("reviewed", MERGE).code == 1
