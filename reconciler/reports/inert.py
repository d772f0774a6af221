"""Makes text from outside harmless wherever a report may be printed.

Names and messages come from manifests, saved plans and the org. A terminal must not obey them (escape
sequences, text that runs backwards), nor a pipeline that reads commands from a job's output. What is harmless
stays as it is.
"""

from __future__ import annotations

import re

_ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_COMMAND = re.compile(r"##(?=\w*\[)")
"""`##[error]`, `##vso[…]`, `##teamcity[…]`: obeyed anywhere in a line."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def inert(text: str) -> str:
    """One line in which nothing is obeyed: control and direction characters become visible escapes."""
    return _COMMAND.sub(r"#\\x23", _ACTIVE.sub(lambda match: _escape(match.group()), text))


def inert_lines(text: str) -> tuple[str, ...]:
    """The lines of a text, each of them inert; at least one."""
    return tuple(inert(part.rstrip("\r")) for part in text.rstrip("\n").split("\n"))


def defuse(printed: str) -> str:
    """A whole line as printed, that no pipeline takes for a command: `::error` counts after blanks too."""
    bare = printed.lstrip()
    if not bare.startswith("::"):
        return printed
    return f"{printed[: len(printed) - len(bare)]}\\x3a{bare[1:]}"


def _escape(character: str) -> str:
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
