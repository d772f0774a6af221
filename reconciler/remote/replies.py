"""Replies: what came back, read with suspicion. Pure.

A gateway's HTML page, a truncated document or a hostile one is a value like any other here, never a crash.
Text for people is one line, bounded, and without control characters: it ends up on terminals.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

from reconciler.errors import FieldError
from reconciler.model.blotting import Blotter
from reconciler.model.values import JsonObject, JsonValue

MAX_TEXT = 500
"""Characters of a platform's message that are shown."""

EXISTING = "idempotency.existing"
"""The code of a 409 that is a success: the body is the object that the key made before."""
_CORRELATION = ("inin-correlation-id", "requestid")
NOTHING_HIDDEN = Blotter(())
_MOST_READ = 1024 * 1024
"""Bytes of what is no JSON: a secret that is cut off in the middle is not found."""
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_DECIMAL = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer.

    Args:
        headers: names in lower case.
        body: None when there was none, or when it is no JSON.
        is_malformed: there was a body, and it is no JSON.
        text: what a body that is no JSON said, for people.
    """

    status: int
    headers: Mapping[str, str]
    body: JsonValue = None
    is_malformed: bool = False
    text: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the status says that it was done."""
        return 200 <= self.status < 300

    @property
    def fields(self) -> JsonObject:
        """The body's members; none when it is no object."""
        return self.body if isinstance(self.body, Mapping) else {}

    @property
    def correlation_id(self) -> str | None:
        """The platform's id of the exchange (platform-api.md, section 3)."""
        found = next((self.headers[name] for name in _CORRELATION if self.headers.get(name)), None)
        return clean(found or _text(self.fields.get("contextId")) or "") or None

    @property
    def remote_code(self) -> str | None:
        """The error body's `code`, or OAuth's `error`."""
        return clean(_text(self.fields.get("code")) or _text(self.fields.get("error")) or "") or None

    @property
    def said(self) -> str:
        """What the platform said, in its own words."""
        told = (self.fields.get(name) for name in ("message", "error_description", "description", "error"))
        return clean(next((text for text in map(_text, told) if text), self.text))

    @property
    def field_errors(self) -> tuple[FieldError, ...]:
        """The error body's `errors[]`."""
        listed = self.fields.get("errors")
        members = listed if isinstance(listed, list) else ()
        return tuple(_field_error(member) for member in members if isinstance(member, Mapping))


def parse_reply(
    status: int, headers: Mapping[str, str], content: bytes, blotter: Blotter = NOTHING_HIDDEN
) -> Reply:
    """Reads an answer; never fails.

    Args:
        blotter: takes secrets out of an error, and of a body that is no JSON; an object is as it is.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    lowered |= {name: blotter.blot(lowered[name]) for name in _CORRELATION if name in lowered}
    if not content.strip():
        return Reply(status, lowered)
    try:
        reply = Reply(status, lowered, json.loads(content, parse_constant=_refuse))
        is_object = reply.is_success or reply.remote_code == EXISTING
        return reply if is_object else replace(reply, body=blotter.blot_tree(reply.body))
    except (ValueError, RecursionError):
        return Reply(status, lowered, is_malformed=True, text=_gist(content, blotter))


def retry_after_s(reply: Reply, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks to wait; None when it is missing or says nothing sensible.

    Args:
        now: the time of day; a date is taken relative to the answer's own `Date` where it has one, because
            the two come from the same clock.
    """
    told = reply.headers.get("retry-after", "").strip()
    if _DECIMAL.fullmatch(told):
        return float(told)
    until = _http_date(told)
    if until is None:
        return None
    since = _http_date(reply.headers.get("date", "")) or now
    return max(0.0, (until - since).total_seconds())


def clock_skew_s(reply: Reply, now: datetime) -> float | None:
    """Seconds that this host's clock is ahead of the platform's; None when the answer does not say its time.

    Args:
        now: the time of day here, when the answer came.
    """
    said = _http_date(reply.headers.get("date", ""))
    return None if said is None else (now - said).total_seconds()


def clean(text: str) -> str:
    """One line of printable characters, at most `MAX_TEXT`."""
    printable = "".join(character if character.isprintable() else " " for character in text[: 4 * MAX_TEXT])
    line = " ".join(printable.split())
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"


def _gist(content: bytes, blotter: Blotter) -> str:
    text = blotter.blot(content[:_MOST_READ].decode("utf-8", "replace"))[: 16 * MAX_TEXT]
    title = _TITLE.search(text)
    if title is not None:
        return f"an HTML page, {clean(title[1])!r}"
    if text.lstrip().startswith("<"):
        return "an HTML page"
    return clean(text)


def _field_error(member: JsonObject) -> FieldError:
    field = _text(member.get("field")) or ""
    return FieldError(clean(field), clean(_text(member.get("message")) or ""))


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
