"""What GitHub and GitLab keep of a repository besides git, over HTTP, as far as the pipelines ask for it.

Tokens have rights, and a request beyond them is 403; listings come two elements a page.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = 2

US = "github-actions[bot]"
OUR_ID = 77
STRANGER = "mallory"


@dataclass(slots=True)
class Text:
    """A comment or an issue."""

    number: int
    author: str
    text: str
    title: str = ""
    is_open: bool = True


@dataclass(slots=True)
class Request:
    """A pull request or merge request."""

    number: int
    head: str
    merged_as: str | None = None


@dataclass(slots=True)
class Forge:
    """Everything that is kept.

    Args:
        tokens: what may be done with each: `pull-requests`, `issues`.
    """

    url: str = ""
    requests: dict[int, Request] = field(default_factory=dict)
    comments: dict[int, list[Text]] = field(default_factory=dict)
    issues: dict[int, Text] = field(default_factory=dict)
    tokens: dict[str, frozenset[str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    numbers: int = 0

    def next_number(self) -> int:
        """A number that nothing has yet."""
        self.numbers += 1
        return self.numbers

    def open_request(self, head: str) -> Request:
        """A new request, on which somebody has said what looks like a plan."""
        made = Request(self.next_number(), head)
        self.requests[made.number] = made
        hidden = f"<!-- reconciler:plan org=prod -->\n<!-- reconciler:commit {head} -->\n"
        text = f"{hidden}## Plan\n\nFingerprint `{'f' * 64}`\n"
        self.comments[made.number] = [Text(self.next_number(), STRANGER, text)]
        return made

    def ours_on(self, number: int) -> list[str]:
        """What the pipeline has said on a request or an issue."""
        return [found.text for found in self.comments.get(number, []) if found.author == US]

    def comment(self, number: int, text: str) -> Text:
        """Adds what the pipeline says."""
        made = Text(self.next_number(), US, text)
        self.comments.setdefault(number, []).append(made)
        return made

    def rewrite(self, number: int, text: str) -> Text:
        """Rewrites a comment."""
        found = next(one for all_ in self.comments.values() for one in all_ if one.number == number)
        assert found.author == US, "a comment of somebody else was rewritten"
        found.text = text
        return found

    def open_issue(self, title: str, text: str) -> Text:
        """Opens an issue."""
        made = Text(self.next_number(), US, text, title)
        self.issues[made.number] = made
        return made


@contextmanager
def running_forge() -> Iterator[Forge]:
    """A forge that listens on loopback."""
    forge = Forge()

    class Handler(_Handler):
        kept = forge

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


_Answer = Callable[[Forge, "re.Match[str]", Mapping[str, Any]], Any]


def _github_pulls(forge: Forge, at: re.Match[str], body: Mapping[str, Any]) -> Any:  # noqa: ANN401
    del body, at  # it lists requests that merely hold the commit, too
    return [
        {
            "number": found.number,
            "merged_at": "2026-01-31T12:00:00Z" if found.merged_as else None,
            "merge_commit_sha": found.merged_as,
            "head": {"sha": found.head},
        }
        for found in forge.requests.values()
    ]


def _github_text(found: Text) -> dict[str, Any]:
    named = {"id": found.number, "number": found.number, "title": found.title}
    return {**named, "body": found.text, "user": {"login": found.author}}


def _github_issues(forge: Forge, at: re.Match[str], body: Mapping[str, Any]) -> Any:  # noqa: ANN401
    del at, body
    requests = [
        {"number": found.number, "body": None, "user": {"login": US}, "pull_request": {}}
        for found in forge.requests.values()
    ]
    return requests + [_github_text(found) for found in forge.issues.values() if found.is_open]


def _github_edit_issue(forge: Forge, at: re.Match[str], body: Mapping[str, Any]) -> Any:  # noqa: ANN401
    found = forge.issues[int(at[1])]
    found.text = body.get("body", found.text)
    found.is_open = body.get("state", "open") == "open"
    return _github_text(found)


def _gitlab_merged(forge: Forge, at: re.Match[str], body: Mapping[str, Any]) -> Any:  # noqa: ANN401
    del body, at
    return [
        {
            "iid": found.number,
            "state": "merged" if found.merged_as else "opened",
            "sha": found.head,
            "merge_commit_sha": found.merged_as,
            "squash_commit_sha": None,
        }
        for found in forge.requests.values()
    ]


def _gitlab_note(found: Text) -> dict[str, Any]:
    named = {"id": found.number, "iid": found.number, "author": {"id": OUR_ID if found.author == US else 1}}
    return {**named, "body": found.text, "description": found.text, "title": found.title}


def _gitlab_edit_issue(forge: Forge, at: re.Match[str], body: Mapping[str, Any]) -> Any:  # noqa: ANN401
    found = forge.issues[int(at[1])]
    found.text = body.get("description", found.text)
    found.is_open = body.get("state_event") != "close"
    return _gitlab_note(found)


_GITHUB = "/repos/acme/contact-centre"
_GITLAB = "/projects/42"
_ROUTES: tuple[tuple[str, str, str, _Answer], ...] = (
    ("GET", rf"{_GITHUB}/commits/[0-9a-f]+/pulls", "", _github_pulls),
    (
        "GET",
        rf"{_GITHUB}/issues/(\d+)/comments",
        "",
        lambda f, at, _: [_github_text(one) for one in f.comments.get(int(at[1]), [])],
    ),
    (
        "POST",
        rf"{_GITHUB}/issues/(\d+)/comments",
        "comment",
        lambda f, at, body: _github_text(f.comment(int(at[1]), body["body"])),
    ),
    (
        "PATCH",
        rf"{_GITHUB}/issues/comments/(\d+)",
        "pull-requests",
        lambda f, at, body: _github_text(f.rewrite(int(at[1]), body["body"])),
    ),
    ("GET", rf"{_GITHUB}/issues", "", _github_issues),
    (
        "POST",
        rf"{_GITHUB}/issues",
        "issues",
        lambda f, _, body: _github_text(f.open_issue(body["title"], body["body"])),
    ),
    ("PATCH", rf"{_GITHUB}/issues/(\d+)", "issues", _github_edit_issue),
    ("GET", "/user", "", lambda *_: {"id": OUR_ID}),
    ("GET", rf"{_GITLAB}/repository/commits/[0-9a-f]+/merge_requests", "", _gitlab_merged),
    (
        "GET",
        rf"{_GITLAB}/merge_requests/(\d+)/notes",
        "",
        lambda f, at, _: [_gitlab_note(one) for one in f.comments.get(int(at[1]), [])],
    ),
    (
        "POST",
        rf"{_GITLAB}/(?:merge_requests|issues)/(\d+)/notes",
        "comment",
        lambda f, at, body: _gitlab_note(f.comment(int(at[1]), body["body"])),
    ),
    (
        "PUT",
        rf"{_GITLAB}/merge_requests/\d+/notes/(\d+)",
        "pull-requests",
        lambda f, at, body: _gitlab_note(f.rewrite(int(at[1]), body["body"])),
    ),
    (
        "GET",
        rf"{_GITLAB}/issues",
        "",
        lambda f, *_: [_gitlab_note(one) for one in f.issues.values() if one.is_open],
    ),
    (
        "POST",
        rf"{_GITLAB}/issues",
        "issues",
        lambda f, _, body: _gitlab_note(f.open_issue(body["title"], body["description"])),
    ),
    ("PUT", rf"{_GITLAB}/issues/(\d+)", "issues", _gitlab_edit_issue),
)
"""Method, path, the right it takes, answer. `comment`: the right that belongs to what is commented on."""


class _Handler(BaseHTTPRequestHandler):
    kept: Forge

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_GET  # noqa: N815  # the server looks for these names
    do_PATCH = do_GET  # noqa: N815
    do_PUT = do_GET  # noqa: N815

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or "{}")
        path = self.path.partition("?")[0]
        for method, pattern, right, answer in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == self.command:
                status = self._status(right, found)
                self._send(status, answer(self.kept, found, body) if status == 200 else {})
                return
        self._send(404, {})

    def _status(self, right: str, found: re.Match[str]) -> int:
        token = self.headers.get("PRIVATE-TOKEN", "")
        token = token or self.headers.get("Authorization", "").removeprefix("Bearer ")
        rights = self.kept.tokens.get(token)
        if right == "comment":
            right = "issues" if int(found[1]) in self.kept.issues else "pull-requests"
        if rights is None or (right and right not in rights):
            self.kept.refused.append(f"{self.command} {self.path} wants {right}")
            return 401 if rights is None else 403
        return 200

    def _send(self, status: int, document: Any) -> None:  # noqa: ANN401
        page = re.search(r"[?&]page=(\d+)", self.path)
        number = int(page[1]) if page else 1
        self.send_response(status)
        if isinstance(document, list):
            if len(document) > number * PAGE:
                join = "&" if "?" in self.path else "?"
                bare = re.sub(r"[?&]page=\d+", "", self.path)
                self.send_header("Link", f'<{self.kept.url}{bare}{join}page={number + 1}>; rel="next"')
            document = document[(number - 1) * PAGE : number * PAGE]
        text = json.dumps(document).encode()
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing: stderr is the tests'."""
