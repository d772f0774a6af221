"""Tells a pull request or merge request what a merge would do and did, and keeps one issue on drift.

    python ci/reviews.py plan NUMBER      the plan of run/plan.md as its comment
    python ci/reviews.py reviewed SHA     which plan was reviewed before SHA was merged
    python ci/reviews.py applied NUMBER   what became of it, as run/apply.* say
    python ci/reviews.py drift CODE       run/drift.md as the one issue; 0: all is well again

Runs on GitHub Actions with GITHUB_TOKEN, on GitLab CI with RECONCILER_GITLAB_TOKEN; needs Python alone. A
comment counts only where this pipeline's own user wrote it: anybody can write one that looks the same.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

RUN = Path("run")
LONGEST = 65_536
"""GitHub takes no longer comment."""
LONGEST_LOG = 20_000

COMMIT = re.compile(r"<!-- reconciler:commit ([0-9a-f]{40,64}) -->")
FINGERPRINT = re.compile(r"^Fingerprint `([0-9a-f]{64})`$", re.MULTILINE)
NEXT_PAGE = re.compile(r'<([^>]+)>; *rel="?next"?')


@dataclass(frozen=True)
class Note:
    """A comment, or an issue: its number, its text, and whether this pipeline wrote it."""

    number: int
    text: str
    is_ours: bool


@dataclass(frozen=True)
class Merged:
    """A pull request or merge request, and the last commit that was reviewed on it."""

    number: int
    head: str


class Forge(Protocol):
    """Where the repository is."""

    run_url: str
    by_hand: str

    def merged_as(self, commit: str) -> Merged | None:
        """What was merged as this commit."""

    def comments(self, number: int) -> Iterator[Note]:
        """The comments of a pull request."""

    def comment(self, number: int, text: str, instead_of: Note | None) -> None:
        """Writes a comment, or rewrites one."""

    def open_issues(self) -> Iterator[Note]:
        """The issues that are open."""

    def open_issue(self, title: str, text: str, instead_of: Note | None) -> None:
        """Opens an issue, or rewrites one."""

    def close_issue(self, issue: Note, text: str) -> None:
        """Says why, and closes it."""

    def tell(self, answers: Mapping[str, str]) -> None:
        """Hands values to later steps."""


class GitHub:
    """GitHub, with the token of a workflow run."""

    by_hand = "run the workflow Apply by hand with the fingerprint"

    def __init__(self, environ: Mapping[str, str]) -> None:
        repository = environ["GITHUB_REPOSITORY"]
        self._at = f"{environ['GITHUB_API_URL']}/repos/{repository}"
        self._us = environ.get("RECONCILER_BOT") or "github-actions[bot]"
        self._output = environ["GITHUB_OUTPUT"]
        self._api = Api({"Authorization": f"Bearer {environ['GITHUB_TOKEN']}"})
        self.run_url = f"{environ['GITHUB_SERVER_URL']}/{repository}/actions/runs/{environ['GITHUB_RUN_ID']}"

    def merged_as(self, commit: str) -> Merged | None:
        """What was merged as this commit."""
        for found in self._api.pages(f"{self._at}/commits/{commit}/pulls"):
            if found["merged_at"] and found["merge_commit_sha"] == commit:
                return Merged(found["number"], found["head"]["sha"])
        return None

    def comments(self, number: int) -> Iterator[Note]:
        """The comments of a pull request."""
        for found in self._api.pages(f"{self._at}/issues/{number}/comments?per_page=100"):
            yield self._note(found, "id")

    def comment(self, number: int, text: str, instead_of: Note | None) -> None:
        """Writes a comment, or rewrites one."""
        if instead_of:
            self._api.send("PATCH", f"{self._at}/issues/comments/{instead_of.number}", {"body": text})
        else:
            self._api.send("POST", f"{self._at}/issues/{number}/comments", {"body": text})

    def open_issues(self) -> Iterator[Note]:
        """The issues that are open; GitHub lists pull requests among them."""
        for found in self._api.pages(f"{self._at}/issues?state=open&per_page=100"):
            if "pull_request" not in found:
                yield self._note(found, "number")

    def open_issue(self, title: str, text: str, instead_of: Note | None) -> None:
        """Opens an issue, or rewrites one."""
        if instead_of:
            self._api.send("PATCH", f"{self._at}/issues/{instead_of.number}", {"body": text})
        else:
            self._api.send("POST", f"{self._at}/issues", {"title": title, "body": text})

    def close_issue(self, issue: Note, text: str) -> None:
        """Says why, and closes it."""
        self.comment(issue.number, text, None)
        self._api.send("PATCH", f"{self._at}/issues/{issue.number}", {"state": "closed"})

    def tell(self, answers: Mapping[str, str]) -> None:
        """Hands values to later steps."""
        with Path(self._output).open("a", encoding="utf-8") as stream:
            stream.writelines(f"{name}={value}\n" for name, value in answers.items())

    def _note(self, found: Mapping[str, Any], number: str) -> Note:
        return Note(found[number], found["body"] or "", found["user"]["login"] == self._us)


class GitLab:
    """GitLab, with an access token of the project."""

    by_hand = "run a pipeline of the default branch by hand with the variable RECONCILER_EXPECT set to it"

    def __init__(self, environ: Mapping[str, str]) -> None:
        at = environ["CI_API_V4_URL"]
        self._at = f"{at}/projects/{environ['CI_PROJECT_ID']}"
        self._api = Api({"PRIVATE-TOKEN": environ["RECONCILER_GITLAB_TOKEN"]})
        self._us = self._api.send("GET", f"{at}/user")["id"]
        self.run_url = environ["CI_JOB_URL"]

    def merged_as(self, commit: str) -> Merged | None:
        """What was merged as this commit."""
        for found in self._api.pages(f"{self._at}/repository/commits/{commit}/merge_requests"):
            made = {found["sha"], found.get("merge_commit_sha"), found.get("squash_commit_sha")}
            if found["state"] == "merged" and commit in made:
                return Merged(found["iid"], found["sha"])
        return None

    def comments(self, number: int) -> Iterator[Note]:
        """The notes of a merge request."""
        path = f"{self._at}/merge_requests/{number}/notes?per_page=100&sort=asc"
        for found in self._api.pages(path):
            yield self._note(found, "id", "body")

    def comment(self, number: int, text: str, instead_of: Note | None) -> None:
        """Writes a note, or rewrites one."""
        notes = f"{self._at}/merge_requests/{number}/notes"
        if instead_of:
            self._api.send("PUT", f"{notes}/{instead_of.number}", {"body": text})
        else:
            self._api.send("POST", notes, {"body": text})

    def open_issues(self) -> Iterator[Note]:
        """The issues that are open."""
        for found in self._api.pages(f"{self._at}/issues?state=opened&per_page=100"):
            yield self._note(found, "iid", "description")

    def open_issue(self, title: str, text: str, instead_of: Note | None) -> None:
        """Opens an issue, or rewrites one."""
        if instead_of:
            self._api.send("PUT", f"{self._at}/issues/{instead_of.number}", {"description": text})
        else:
            self._api.send("POST", f"{self._at}/issues", {"title": title, "description": text})

    def close_issue(self, issue: Note, text: str) -> None:
        """Says why, and closes it."""
        self._api.send("POST", f"{self._at}/issues/{issue.number}/notes", {"body": text})
        self._api.send("PUT", f"{self._at}/issues/{issue.number}", {"state_event": "close"})

    def tell(self, answers: Mapping[str, str]) -> None:
        """Hands values to later lines of the script, which reads them with `.`."""
        lines = [f"{name}='{value}'\n" for name, value in answers.items()]
        (RUN / "reviewed.env").write_text("".join(lines), encoding="utf-8")

    def _note(self, found: Mapping[str, Any], number: str, text: str) -> Note:
        return Note(found[number], found[text] or "", found["author"]["id"] == self._us)


class Api:
    """JSON over HTTP."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._headers = {"Content-Type": "application/json", "User-Agent": "reconciler-ci", **credentials}

    def send(self, method: str, url: str, body: Mapping[str, str] | None = None) -> Any:
        """One request; whatever is no success ends this program."""
        return self._send(method, url, body)[0]

    def pages(self, url: str) -> Iterator[Any]:
        """The elements of a listing, page after page."""
        host, following = urlsplit(url).netloc, url
        # The token goes nowhere else, whatever an answer names as its next page.
        while following and urlsplit(following).netloc == host:
            elements, link = self._send("GET", following, None)
            yield from elements
            found = NEXT_PAGE.search(link)
            following = found[1] if found else ""

    def _send(self, method: str, url: str, body: Mapping[str, str] | None) -> tuple[Any, str]:
        text = None if body is None else json.dumps(body).encode()
        request = Request(url, text, self._headers, method=method)
        with urlopen(request, timeout=60) as answer:
            return json.load(answer), answer.headers.get("Link") or ""


# -- what is told ---------------------------------------------------------------------------------------


def marker(what: str) -> str:
    """The first line of a text that is kept up to date, as `reconciler plan` writes it."""
    return (
        f"<!-- reconciler:{what} org={quote(os.environ['RECONCILER_ORG'], safe='').replace('--', '-%2D')} -->"
    )


def tell_plan(forge: Forge, number: int) -> None:
    """The plan as the comment of a pull request, with the commit that it is of."""
    text, commit = _read("plan.md"), os.environ["REVIEWED_COMMIT"]
    if not text.startswith(marker("plan")):
        text = f"{marker('plan')}\n## No plan could be made\n\n{forge.run_url} says why.\n"
    first, rest = text.split("\n", 1)
    text = f"{first}\n<!-- reconciler:commit {commit} -->\n{rest}"
    _write_once(forge, number, marker("plan"), text)


def find_reviewed(forge: Forge, commit: str) -> None:
    """The fingerprint that was on the pull request when its last commit was merged.

    A plan of an earlier commit does not count: nobody has seen what the later one does.
    """
    merged = forge.merged_as(commit)
    text = _plan_on(forge, merged.number) if merged else ""
    # The head of the comment, as reviewers saw it: what follows shows manifests, which may hold anything.
    head = text.partition("\n<details")[0].partition("\n### ")[0]
    planned, fingerprint = COMMIT.match(head.partition("\n")[2]), FINGERPRINT.search(head)
    if merged is None:
        reason = f"nothing was merged as {commit}"
    elif planned is None or fingerprint is None:
        reason = "there is no plan on it"
    elif planned[1] != merged.head:
        reason = f"the plan on it is of {planned[1]}, and {merged.head} was merged"
    else:
        reason = ""
    said = fingerprint[1] if fingerprint and not reason else ""
    forge.tell({"fingerprint": said, "request": str(merged.number) if merged else "", "reason": reason})
    sys.stdout.write(f"{reason or f'reviewed: {said}'}\n")


def tell_applied(forge: Forge, number: int) -> None:
    """What became of a merge; where the plan of now was never reviewed, that plan, too."""
    code, org = _read("apply.code").strip(), os.environ["RECONCILER_ORG"]
    heading, words = _ending(code, forge)
    log = "".join(f"    {line}\n" for line in _read("apply.txt")[-LONGEST_LOG:].splitlines())
    text = f"{marker('apply')}\n## {heading} to `{org}`\n\n{words}\n\n{log}\n{forge.run_url}\n"
    _write_once(forge, number, marker("apply"), text)
    if plan := _read("plan.md"):
        now = marker("plan-of-now")
        _write_once(forge, number, now, f"{now}\n{plan.partition(chr(10))[2]}")


def tell_drift(forge: Forge, code: str) -> None:
    """One open issue while something has moved; closed with a word when nothing has."""
    text, org = _read("drift.md"), os.environ["RECONCILER_ORG"]
    found = next((one for one in forge.open_issues() if one.is_ours and _starts(one, marker("drift"))), None)
    if code == "2":
        forge.open_issue(f"Drift in {org}", _fitting(f"{text}\n{forge.run_url}\n"), found)
    elif found:
        forge.close_issue(found, f"Nothing differs any more from what was last applied: {forge.run_url}\n")


def _ending(code: str, forge: Forge) -> tuple[str, str]:
    reason = os.environ.get("REASON") or "the plan of now is not the one that was reviewed"
    endings = {
        "0": ("Applied", "What was reviewed is done."),
        "3": ("Refused: not applied", "Nothing was sent."),
        "4": (
            "Stale: not applied",
            f"Nothing was sent: {reason}. Another comment has the plan of now: to apply it, {forge.by_hand}.",
        ),
        "5": ("Applied in part", "Running this again goes on with what is left."),
        "6": ("Applied, not settled", "The org has not confirmed all of it yet; the next plan looks again."),
    }
    return endings.get(code, ("Failed: perhaps not applied", f"Exit code {code or 'unknown'}."))


def _write_once(forge: Forge, number: int, mark: str, text: str) -> None:
    found = [note for note in forge.comments(number) if note.is_ours and _starts(note, mark)]
    forge.comment(number, _fitting(text), found[-1] if found else None)


def _plan_on(forge: Forge, number: int) -> str:
    found = [note.text for note in forge.comments(number) if note.is_ours and _starts(note, marker("plan"))]
    return found[-1] if found else ""


def _starts(note: Note, mark: str) -> bool:
    return note.text.splitlines()[:1] == [mark]


def _fitting(text: str) -> str:
    """Leaves out the last block, the next steps on a terminal, where a full plan would grow too long."""
    if len(text) <= LONGEST:
        return text
    before, _, after = text.rpartition("\n```\n")
    return (before.rpartition("\n```")[0] + "\n" + after)[:LONGEST]


def _read(name: str) -> str:
    file = RUN / name
    return file.read_text(encoding="utf-8") if file.exists() else ""


def main(arguments: Sequence[str]) -> int:
    """Does what the first word says."""
    what, about = arguments
    forge: Forge = GitHub(os.environ) if "GITHUB_ACTIONS" in os.environ else GitLab(os.environ)
    match what:
        case "plan":
            tell_plan(forge, int(about))
        case "reviewed":
            find_reviewed(forge, about)
        case "applied":
            tell_applied(forge, int(about))
        case "drift":
            tell_drift(forge, about)
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
