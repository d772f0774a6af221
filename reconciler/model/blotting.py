"""Blots secrets out of text that comes from elsewhere, however it has them written (invariant 8).

A platform, a gateway or a library may say back what it was sent: as it was, or as JSON, a URL, HTML or Base64
has it. Text is to be blotted before it is cut short, since a part of a secret is not found any more.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus

from reconciler.model.values import JsonValue

BLOT = "***"
SHORTEST = 3
"""Characters; blotting out shorter texts would garble every message and hide nothing."""


class Blotter:
    """Blots out some texts, in every usual form of theirs.

    Args:
        secrets: what must not be seen; none is kept in a form that a `repr` would show.
    """

    __slots__ = ("_pattern",)

    def __init__(self, secrets: Iterable[str]) -> None:
        self._pattern = _pattern_of(frozenset(text for text in secrets if len(text.strip()) >= SHORTEST))

    def blot(self, text: str) -> str:
        """The text without any of the secrets."""
        return self._pattern.sub(BLOT, text) if self._pattern else text

    def blot_tree(self, value: JsonValue) -> JsonValue:
        """The same of every text in a document, keys too."""
        if isinstance(value, str):
            return self.blot(value)
        if isinstance(value, Mapping):
            return {self.blot(name): self.blot_tree(member) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.blot_tree(member) for member in value]
        return value


@lru_cache(maxsize=8)
def _pattern_of(secrets: frozenset[str]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets for form in _forms(secret)}
    # The longest first: one secret may be the beginning of another.
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None


def _forms(secret: str) -> Iterator[str]:
    """How a text may be written down, also by two writers in turn: a body as JSON, in a gateway's page."""
    for text in {secret, secret.strip(), " ".join(secret.split())}:
        for written in {text, *_written(text)}:
            yield from {written, *_written(written)}


def _written(text: str) -> Iterator[str]:
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    yield from (html.escape(text), html.escape(text, quote=False))
    for quoted in (_quoted(text), _quoted(text, safe="/"), quote_plus(text, errors="surrogatepass")):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda code: code.group().lower(), quoted)
    raw = text.encode("utf-8", "surrogatepass")
    for encoded in (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()):
        yield from (encoded, encoded.rstrip("="))


def _quoted(text: str, *, safe: str = "") -> str:
    return quote(text, safe=safe, errors="surrogatepass")
