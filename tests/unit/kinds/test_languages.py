"""Language tags: what a default language may be (platform-api.md, section 5)."""

from __future__ import annotations

import pytest

from reconciler.kinds.languages import check_language_tag, is_language_tag


@pytest.mark.parametrize(
    "tag",
    [
        *("en", "de", "fil", "en-US", "en-us", "EN-US", "es-419", "zh-Hant", "zh-Hant-TW", "zh-cmn-Hans-CN"),
        *("sr-Latn-RS", "de-1901", "sl-rozaj-biske", "ca-ES-valencia", "de-DE-u-co-phonebk", "en-x-acme"),
    ],
)
def test_language_tag_is_taken_as_it_is_written(tag: str) -> None:
    assert check_language_tag(tag) == tag


@pytest.mark.parametrize(
    "text",
    [
        *("", "e", "english", "us", "xx-US", "engl", "en-", "-en", "en--US", "en US", "en-USA1", "en-U"),
        *("x-acme", "i-klingon", "en-US-", "en-u", "de-1901-1901", "en-a-bb-a-cc", "ën", "en-US\n", "1a"),
    ],
)
def test_other_text_is_no_language_tag(text: str) -> None:
    assert not is_language_tag(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("US", "'US' is a country code: write a language tag such as en-US"),
        ("DE", "'DE' is a country code: write a language tag such as en-US"),
        ("en_US", "'en_US' is no language tag: write en-US"),
        ("english", "'english' is no language tag (BCP 47) such as en, en-US or zh-Hant-TW"),
    ],
)
def test_usual_mistakes_are_told_what_to_write(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  # the message is compared whole
        check_language_tag(text)

    assert str(raised.value) == message
