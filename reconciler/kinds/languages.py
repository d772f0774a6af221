"""Language tags (BCP 47, RFC 5646): whether a text is one.

The grammar alone would take `US` and `english`, which are what people write by mistake: two letters must be a
language of ISO 639-1, and longer words than three letters are no registered language.
"""

from __future__ import annotations

import re

_TWO_LETTERS = re.compile(
    r"a[abefkmnrsvyz]|b[aeghimnors]|c[aehorsuvy]|d[aevz]|e[elnostu]|f[afijory]|g[adlnuv]"
    r"|h[aeiortuyz]|i[adegikostu]|j[av]|k[agijklmnorsuvwy]|l[abginotuv]|m[ghiklnrsty]"
    r"|n[abdeglnorvy]|o[cjmrs]|p[ailst]|q[u]|r[mnouw]|s[acdeghiklmnoqrstuvw]"
    r"|t[aeghiklnorstwy]|u[gkrz]|v[eio]|w[ao]|x[h]|y[io]|z[ahu]"
)
"""ISO 639-1."""

_TAG = re.compile(
    r"""
    (?P<language>[a-z]{2,3}) (?:-[a-z]{3}){0,3}             # language and its extensions: zh, zh-cmn
    (?:-[a-z]{4})?                                          # script: Hant
    (?:-(?:[a-z]{2}|[0-9]{3}))?                             # region: TW, 419
    (?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)  # variants: 1901, valencia
    (?P<extensions>(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*)    # extensions: u-co-phonebk
    (?:-x(?:-[a-z0-9]{1,8})+)?                              # private use: x-acme
    """,
    re.VERBOSE,
)


def check_language_tag(text: str) -> str:
    """Returns the text where it is a language tag such as `en`, `en-US` or `zh-Hant-TW`.

    Raises:
        ValueError: it is none; the message says what to write.
    """
    if "_" in text and is_language_tag(text.replace("_", "-")):
        raise ValueError(f"{text!r} is no language tag: write {text.replace('_', '-')}")
    if re.fullmatch("[A-Z]{2}", text):
        raise ValueError(f"{text!r} is a country code: write a language tag such as en-US")
    if not is_language_tag(text):
        raise ValueError(f"{text!r} is no language tag (BCP 47) such as en, en-US or zh-Hant-TW")
    return text


def is_language_tag(text: str) -> bool:
    """Whether a text keeps the grammar, names a possible language, and repeats no variant or extension."""
    match = _TAG.fullmatch(text.lower()) if text.isascii() else None
    if match is None:
        return False
    if len(match["language"]) == 2 and not _TWO_LETTERS.fullmatch(match["language"]):
        return False
    variants = match["variants"].split("-")[1:]
    singletons = [part for part in match["extensions"].split("-")[1:] if len(part) == 1]
    return not (_repeats(variants) or _repeats(singletons))


def _repeats(words: list[str]) -> bool:
    return len(set(words)) < len(words)
