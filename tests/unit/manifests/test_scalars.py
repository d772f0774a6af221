"""The core schema, with our two deviations."""

import pytest

from reconciler.manifests.scalars import resolve_plain
from reconciler.manifests.yaml_documents import read_documents
from reconciler.settings import ManifestSettings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("nUll", "nUll"),
        ("0", 0),
        ("-0", 0),
        ("12", 12),
        ("-12", -12),
        ("18446744073709551615", 2**64 - 1),
        ("007", "007"),
        ("-007", "-007"),
        ("00.5", "00.5"),
        ("+49301234", "+49301234"),
        ("+1.5", "+1.5"),
        ("0x1F", 31),
        ("0o17", 15),
        ("0b11", "0b11"),
        ("0X1F", "0X1F"),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5e3", -1500.0),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("22:30", "22:30"),
        ("190:20:30", "190:20:30"),
        ("2027-01-31", "2027-01-31"),
        ("2027-01-31T10:00:00Z", "2027-01-31T10:00:00Z"),
        ("-", "-"),
        (".", "."),
        ("=", "="),
        ("١٢", "١٢"),
    ],
)
def test_a_plain_scalar_is_what_the_core_schema_says(text: str, value: object) -> None:
    resolved = resolve_plain(text)

    assert (resolved, type(resolved)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [".inf", "-.INF", "+.Inf", ".nan", ".NaN", "1e999", "-1e999", str(2**64), "9" * 5000, "0x" + "f" * 100],
)
def test_a_number_that_json_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"number"):
        resolve_plain(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'12'", "12"),
        ('"no"', "no"),
        ('"~"', "~"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!int 12", 12),
        ("!!float 1.5", 1.5),
        ("!!bool true", True),
        ("|\n  12\n", "12\n"),
        (">-\n  a\n  b\n", "a b"),
        ('"\\u00e9\\U0001F600"', "é😀"),
        ("!!map {}", {}),
        ("!!seq []", []),
    ],
)
def test_quotes_and_tags_say_what_a_value_is(text: str, value: object) -> None:
    content = read_documents(f"a: {text}\n", file="a.yaml", settings=ManifestSettings())

    assert content.diagnostics == ()
    assert content.documents[0].diagnostics == ()
    assert content.documents[0].value == {"a": value}
