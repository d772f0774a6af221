"""Command-line tokens, before they are parsed: common options to the front, short spellings written out.

Knows the names of options and groups, and nothing of what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from reconciler.errors import UsageError

GROUPS: Mapping[str, frozenset[str]] = {
    "state": frozenset({"list", "show", "mv", "rm", "pull", "push", "unlock"}),
    "audit": frozenset({"list", "verify", "export"}),
    "sandbox": frozenset({"serve", "reset"}),
}
"""Commands with commands of their own."""

VALUED = frozenset({"--config", "--org", "--state", "--var", "--color", "--log-format"})
SWITCHES = frozenset({"--verbose", "--quiet"})

_SHORT = re.compile(r"-[vqy]+")
_OPTIONAL_VALUES = {"--adopt": "--adopt=*"}
"""Options whose value may be left out: it is never the next token, so that a folder may follow."""


def arrange(given: Sequence[str]) -> list[str]:
    """The tokens as they are declared: common options before the command, wherever they were written.

    Raises:
        UsageError: a common option at the end has no value.
    """
    common, rest = _split(given)
    if common and common[-1] in VALUED:
        raise UsageError(f"{common[-1]} needs a value", hint="see `reconciler --help`")
    return common + rest


def common_value(option: str, given: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """What a common option says, readable also where the rest of the tokens is not.

    Args:
        option: one of `VALUED`.
        environ: holds it as `RECONCILER_<OPTION>`, for when no token says it.
    """
    common = _split(given)[0]
    said = [after for token, after in pairwise(common) if token == option]
    said += [token.partition("=")[2] for token in common if token.startswith(f"{option}=")]
    name = option.removeprefix("--").upper().replace("-", "_")
    return said[-1] if said else environ.get(f"RECONCILER_{name}") or None


def command_of(given: Sequence[str]) -> str:
    """The command that the tokens name, with its sub-command; empty where they name none."""
    rest = ["", *_split(given)[1]]
    words = [token for before, token in pairwise(rest) if not token.startswith("-") and before != "--format"]
    if not words:
        return ""
    below = GROUPS.get(words[0], frozenset())
    second = next((word for word in words[1:] if word in below), None)
    return words[0] if second is None else f"{words[0]} {second}"


def wants_json(given: Sequence[str]) -> bool:
    """Whether the answer is to be JSON; readable also where the rest of the tokens is not."""
    said = [after for token, after in pairwise(given) if token == "--format"]
    said += [token.partition("=")[2] for token in given if token.startswith("--format=")]
    return "json" in said


def _split(given: Sequence[str]) -> tuple[list[str], list[str]]:
    common: list[str] = []
    rest: list[str] = []
    tokens = iter(given)
    for token in tokens:
        if token == "--":
            rest += [token, *tokens]
        elif token in VALUED:
            common += [token, *_next(tokens)]
        elif token in SWITCHES or token.split("=", 1)[0] in VALUED:
            common.append(token)
        elif _SHORT.fullmatch(token):
            common += [f"-{letter}" for letter in token[1:] if letter != "y"]
            rest += ["-y"] * ("y" in token)
        else:
            rest.append(_OPTIONAL_VALUES.get(token, token))
    return common, rest


def _next(tokens: Iterator[str]) -> list[str]:
    found = next(tokens, None)
    return [] if found is None else [found]
