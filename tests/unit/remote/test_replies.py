"""Replies read with suspicion."""

import json
from datetime import UTC, datetime

import pytest

from reconciler.errors import FieldError
from reconciler.remote.replies import MAX_TEXT, parse_reply, retry_after_s

NOW = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"message": "Name is taken"}', "Name is taken"),
        (b'{"error": "invalid_client", "error_description": "no such client"}', "no such client"),
        (b'{"error": "invalid_client", "description": "no such client"}', "no such client"),
        (b'{"error": "invalid_client"}', "invalid_client"),
        (b'{"message": ["odd"], "description": 7}', ""),
        (b'{"message": "two\\nlines\\u001b[31m and\\u0000 colour"}', "two lines [31m and colour"),
        (b"<html><TITLE>\n 502 Bad\n Gateway</TITLE>", "an HTML page, '502 Bad Gateway'"),
        (b"<!doctype html><p>x", "an HTML page"),
        (b"upstream \xff timed out", "upstream \ufffd timed out"),
        (b'{"message": "cut o', '{"message": "cut o'),
        (b"", ""),
        (b'["a"]', ""),
    ],
)
def test_words_of_an_error_are_one_printable_line(content: bytes, said: str) -> None:
    assert parse_reply(500, {}, content).said == said


def test_long_message_is_cut() -> None:
    content = json.dumps({"message": "x" * 10_000}).encode()

    assert parse_reply(500, {}, content).said == "x" * (MAX_TEXT - 1) + "…"


@pytest.mark.parametrize(
    ("content", "is_malformed"),
    [
        (b"{}", False),
        (b"", False),
        (b" \n", False),
        (b"null", False),
        (b"{", True),
        (b"NaN", True),
        (b'{"a": -Infinity}', True),
        (b"\xff\xfe", True),
        (b"9" * 5000, True),
        (b"[" * 200_000, True),
    ],
)
def test_body_that_is_no_json_is_malformed(content: bytes, is_malformed: bool) -> None:
    reply = parse_reply(200, {}, content)

    assert (reply.is_malformed, reply.body is None or not is_malformed) == (is_malformed, True)


def test_field_errors_that_make_no_sense_are_left_out() -> None:
    errors = [{"field": "/a", "message": "odd"}, "text", {"message": "whole"}, {"field": 7}, None]
    reply = parse_reply(400, {}, json.dumps({"errors": errors}).encode())

    assert reply.field_errors == (FieldError("/a", "odd"), FieldError("", "whole"), FieldError("", ""))


@pytest.mark.parametrize(
    ("told", "date", "seconds"),
    [
        ("0", None, 0.0),
        ("17", None, 17.0),
        (" 1.5 ", None, 1.5),
        ("Mon, 04 May 2026 12:01:00 GMT", None, 60.0),
        ("Mon, 04 May 2026 12:01:00 GMT", "Mon, 04 May 2026 12:00:45 GMT", 15.0),
        ("Mon, 04 May 2026 12:01:00 GMT", "no date", 60.0),
        ("Monday, 04-May-26 12:01:00 GMT", None, 60.0),
        ("Mon May  4 12:01:00 2026", None, 60.0),
        ("Mon, 04 May 2026 11:00:00 GMT", None, 0.0),
        ("-5", None, None),
        ("1e3", None, None),
        ("nan", None, None),
        ("inf", None, None),
        ("Mon, 99 May 2026 12:01:00 GMT", None, None),
        ("Mon, 04 May 9999999999 12:01:00 GMT", None, None),
        ("", None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(told: str, date: str | None, seconds: float | None) -> None:
    headers = {"Retry-After": told} | ({"Date": date} if date else {})

    assert retry_after_s(parse_reply(429, headers, b""), NOW) == seconds


def test_retry_after_that_is_missing_says_nothing() -> None:
    assert retry_after_s(parse_reply(429, {}, b""), NOW) is None
