"""`${{ … }}` of a workflow, as far as the generated ones use it: anything else is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

Tree: TypeAlias = Mapping[str, "str | Tree"]

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(\|\||&&|==|!=|[!()])|([A-Za-z_][\w.-]*))")
_HOLE = re.compile(r"\$\{\{(.*?)\}\}")


class Expression:
    """One expression, evaluated against contexts.

    Args:
        contexts: `github`, `secrets`, `vars`, `steps` and the like; what they do not hold is empty.
        has_failed: whether a step before has; nothing here is ever cancelled.
    """

    def __init__(self, text: str, contexts: Tree, *, has_failed: bool = False) -> None:
        self._tokens = _tokens(text)
        self._contexts = contexts
        self._has_failed = has_failed
        self.asks_for_status = bool({"always", "cancelled", "success", "failure"} & set(self._tokens))

    def value(self) -> str | bool:
        """What it says."""
        found = self._either()
        assert not self._tokens, f"more than an expression: {self._tokens}"
        return found

    def _either(self) -> str | bool:
        found = self._both()
        while self._takes("||"):
            other = self._both()
            found = found or other
        return found

    def _both(self) -> str | bool:
        found = self._equal()
        while self._takes("&&"):
            other = self._equal()
            found = other if found else found
        return found

    def _equal(self) -> str | bool:
        found = self._single()
        if self._takes("=="):
            return found == self._single()
        if self._takes("!="):
            return found != self._single()
        return found

    def _single(self) -> str | bool:
        if self._takes("!"):
            return not self._single()
        token = self._tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self._takes("("):
            assert self._takes(")"), "functions here take nothing"
            return {
                "always": True,
                "cancelled": False,
                "success": not self._has_failed,
                "failure": self._has_failed,
            }[token]
        return _looked_up(token, self._contexts)

    def _takes(self, token: str) -> bool:
        if self._tokens[:1] != [token]:
            return False
        del self._tokens[0]
        return True


def filled(text: str, contexts: Tree) -> str:
    """A text with its expressions replaced by what they say."""
    return _HOLE.sub(lambda found: str(Expression(found[1], contexts).value()), text)


def holds(text: str | None, contexts: Tree, *, has_failed: bool) -> bool:
    """What an `if:` says; without a word on the status, only as long as nothing has failed."""
    if text is None:
        return not has_failed
    bare = _HOLE.fullmatch(text)
    expression = Expression(bare[1] if bare else text, contexts, has_failed=has_failed)
    runs_after_failure = expression.asks_for_status
    return bool(expression.value()) and (runs_after_failure or not has_failed)


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        assert token, f"cannot read {text[at:]!r}"
        found.append(token[token.lastindex or 0])
        at = token.end()
    return found


def _looked_up(name: str, contexts: Tree) -> str:
    found: str | Tree = contexts
    for part in name.split("."):
        found = found.get(part, "") if isinstance(found, Mapping) else ""
    assert isinstance(found, str), f"{name} is no text"
    return found
