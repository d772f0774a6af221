"""Secrets that can be recognised wherever they turn up, and an org that says back all that it is told."""

from __future__ import annotations

import base64
import html
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

from reconciler.sandbox import SandboxOrg
from reconciler.sandbox.org import Delivery
from reconciler.sandbox.requests import Answer, Asked

MARK = "Xq7"
"""Every planted text has words that begin so: a part of a secret gives it away, too."""


def planted(name: str, around: str = "{}") -> str:
    """A secret: its words at the beginning, in the middle and at the end of whatever stands around."""
    return f"{MARK}{name}Head{around.format(f'{MARK}{name}Core')}{MARK}{name}Tail"


SECRETS: Mapping[str, str] = {
    "QUOTED": planted("Quoted", "\"'b\\c%2F d/é{{}}<&>{}\t$${{x}}"),
    "LINES": planted("Lines", "\nsecond {}\r\n\n  third: "),
    "LONG": planted("Long", "x" * 450 + "{}" + "y" * 450),
    "SPACED": planted("Spaced", "  two  blanks {}  "),
    "UNICODE": planted("Unicode", "ß漢字🔒{}\u202e"),
    "SHORT": "q7~",
}
"""Values of `${env.X}`."""
CLIENT_SECRET = planted("Client", '"\\%+/ {}')
PASSWORD = f"{MARK}Password"
PROXY_PASSWORD = f"{MARK}Proxy"
WORDS = re.compile(rf"{MARK}[A-Za-z]*")


def encodings(secret: str) -> Iterator[bytes]:
    """Forms of a secret that hide its words."""
    raw = secret.encode()
    for shift in range(3):
        # Base64 of a text that has other bytes before it: what stands in full groups is the same.
        coded = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 :]
        yield coded[: len(coded) // 4 * 4 - 4][:40]
    yield raw.hex().encode()[:40]


@dataclass(slots=True)
class Hunt:
    """Looks for secrets.

    Args:
        tokens: what the org has given out.
        keys: of the digests; they may be in the store only.
    """

    tokens: set[str] = field(default_factory=set)
    keys: set[bytes] = field(default_factory=set)

    def finds(self, content: bytes | str, *, has_keys: bool = False) -> list[str]:
        """What of all secrets is in a text."""
        text = content if isinstance(content, str) else content.decode("utf-8", "replace")
        raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        found = WORDS.findall(text) + [SECRETS["SHORT"] for _ in range(SECRETS["SHORT"] in text)]
        whole = [*SECRETS.values(), CLIENT_SECRET, PASSWORD, PROXY_PASSWORD]
        found += [f"{secret[:20]!r} encoded" for secret in whole[:-1] if any(_in(raw, secret))]
        found += [f"token {token[:6]}" for token in self.tokens if token in text]
        if not has_keys:
            found += [f"key {key.hex()[:6]}" for key in self.keys if any(form in raw for form in _keys(key))]
        return found


def _in(raw: bytes, secret: str) -> Iterator[bool]:
    return (form in raw for form in encodings(secret) if len(form) >= 12)


def _keys(key: bytes) -> Iterator[bytes]:
    yield from (key, key.hex().encode(), base64.b64encode(key).rstrip(b"="))


@dataclass(slots=True)
class Echo:
    """An org whose errors quote the request, its credentials, and all secrets, as platforms and gateways do.

    Args:
        tokens: those that came with requests.
    """

    org: SandboxOrg
    tokens: set[str]
    turns: Iterator[int] = field(default_factory=count)

    def deliver(self, asked: Asked, raw: bytes) -> Delivery:
        """Carries a request out, and answers an error of the org's in words of its own."""
        delivery = SandboxOrg.deliver(self.org, asked, raw)
        authorization = asked.headers.get("authorization", "")
        if authorization.startswith("Bearer "):
            self.tokens.add(authorization.removeprefix("Bearer "))
        answer = delivery.answer
        if answer is None or answer.status < 400:
            return delivery
        carried = (authorization, raw.decode(), CLIENT_SECRET, *SECRETS.values())
        return Delivery(self._echoed(answer, " | ".join(carried)), delivery.truncated)

    def _echoed(self, answer: Answer, text: str) -> Answer:
        headers = {**answer.headers, "ININ-Correlation-Id": f"c-{SECRETS['SHORT']}"}
        said = next(_STYLES[next(self.turns) % len(_STYLES)](text, secret) for secret in self._secrets())
        if isinstance(said, str):
            return Answer(answer.status, said.encode(), headers)
        known = json.loads(answer.body) if answer.body.startswith(b"{") else {}
        return Answer(answer.status, json.dumps({**known, **said}).encode(), headers)

    def _secrets(self) -> Iterator[str]:
        ordered = list(SECRETS.values())
        while True:
            yield ordered[next(self.turns) % len(ordered)]


def _as_json(_text: str, secret: str) -> Mapping[str, object]:
    errors = [{"field": f"/description/{secret}", "message": f"{secret!r} is no {quote(secret)}"}]
    return {"message": f"rejected: {secret}", "errors": errors, "contextId": secret}


def _as_quoted(text: str, secret: str) -> Mapping[str, object]:
    return {"message": f"cannot take {secret} in {text}", "error_description": text, "description": text}


def _as_page(text: str, secret: str) -> str:
    return f"<html><head><title>{html.escape(secret)} {html.escape(text)}</title></head></html>"


def _as_text(text: str, secret: str) -> str:
    return f"upstream said {secret} of {text}"


_STYLES = (_as_json, _as_quoted, _as_page, _as_text)


def echoing(org: SandboxOrg) -> Echo:
    """An echo that every request to the org passes from now on."""
    echo = Echo(org, set())
    org.deliver = echo.deliver  # type: ignore[method-assign]
    return echo


def keys_in(store: Path) -> set[bytes]:
    """The keys that a SQLite store holds."""
    with closing(sqlite3.connect(store)) as connection:
        return {key for (key,) in connection.execute("SELECT secret_key FROM lineages")}


def rows_in(store: Path) -> Iterable[tuple[str, str]]:
    """Every row of every table of a SQLite store, without the keys' column."""
    with closing(sqlite3.connect(store)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            shown = ", ".join(name for name in columns if name != "secret_key")
            for row in connection.execute(f"SELECT {shown} FROM {table}"):  # noqa: S608 - the store's own names
                yield table, repr(row)
