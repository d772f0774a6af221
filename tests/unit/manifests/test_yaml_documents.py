"""Values with places, and text that is no document."""

import time

import pytest

from reconciler.manifests.yaml_documents import FileContent, read_documents
from reconciler.model.diagnostics import Diagnostic
from reconciler.settings import ManifestSettings

BOUNDS = ManifestSettings()


def read(text: str, *, file: str = "a.yaml", bounds: ManifestSettings = BOUNDS) -> FileContent:
    return read_documents(text, file=file, settings=bounds)


def problems(text: str, *, file: str = "a.yaml") -> list[Diagnostic]:
    content = read(text, file=file)
    return [*content.diagnostics, *(found for each in content.documents for found in each.diagnostics)]


def test_every_value_and_key_has_a_place() -> None:
    document = read("# a comment\nname: x\nparts:\n  - {size: 1, a/b: [2]}\n").documents[0]

    assert document.marks == {
        "": (2, 1),
        "/name": (2, 7),
        "/parts": (4, 3),
        "/parts/0": (4, 5),
        "/parts/0/size": (4, 12),
        "/parts/0/a~1b": (4, 20),
        "/parts/0/a~1b/0": (4, 21),
    }
    assert document.keys["/parts/0/a~1b"] == (4, 15)


def test_lines_count_from_the_start_of_the_file_in_every_document() -> None:
    documents = read("%YAML 1.2\n---\na: 1\n---\n# nothing\n---\n\nb: 2\n...\n---\nc: 3\n").documents

    assert [(found.value, found.line) for found in documents] == [
        ({"a": 1}, 3),
        ({"b": 2}, 8),
        ({"c": 3}, 11),
    ]


@pytest.mark.parametrize("text", ["", "\n", "# only this\n", "---\n---\n", "--- ~\n", "null\n"])
def test_an_empty_document_is_none(text: str) -> None:
    assert read(text) == FileContent()


def test_an_alias_repeats_a_value_with_the_places_of_the_original() -> None:
    document = read("a: &x {b: [1]}\nc: *x\n").documents[0]

    assert document.value == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert document.place("/c/b/0") == document.place("/a/b/0") == (1, 12)


def test_an_anchor_may_be_set_anew() -> None:
    assert read("a: &x 1\nb: *x\nc: &x [2]\nd: *x\n").documents[0].value == {
        "a": 1,
        "b": 1,
        "c": [2],
        "d": [2],
    }


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", "manifest.duplicate-key", 3, 1),
        ("a: {b: 1, 'b': 2}\n", "manifest.duplicate-key", 1, 11),
        ("a: 1\nb: null\n", "manifest.invalid-value", 2, 4),
        ("a:\nb: 1\n", "manifest.invalid-value", 1, 3),
        ("a: [1, ~]\n", "manifest.invalid-value", 1, 8),
        ("a: .nan\n", "manifest.invalid-value", 1, 4),
        ("a: !!binary aGk=\n", "manifest.invalid-value", 1, 4),
        ("a: !secret x\n", "manifest.invalid-value", 1, 4),
        ("a: !!python/object/apply:os.system [ls]\n", "manifest.invalid-value", 1, 4),
        ("a: !!int x\n", "manifest.invalid-value", 1, 4),
        ("1: a\n", "manifest.syntax", 1, 1),
        ("b: 1\ntrue: a\n", "manifest.syntax", 2, 1),
        ("? [a]\n: b\n", "manifest.syntax", 1, 3),
        ("a: &x b\n*x : c\n", "manifest.syntax", 2, 1),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "manifest.syntax", 3, 3),
        ("a: *x\n", "manifest.syntax", 1, 4),
        ("a: &x [*x]\n", "manifest.syntax", 1, 8),
        ("a: &x 1\n---\nb: *x\n", "manifest.syntax", 3, 4),
        ("a: b: c\n", "manifest.syntax", 1, 5),
        ("a: [1\nb: 2\n", "manifest.syntax", 2, 2),
        ("a: 'x\n", "manifest.syntax", 2, 1),
        ("a:\n\t- x\n", "manifest.syntax", 2, 1),
        ("%YAML 3.0\n---\na: 1\n", "manifest.syntax", 1, 1),
        ('a: "\\ud800"\n', "manifest.syntax", 1, 7),
    ],
)
def test_a_problem_has_its_place(text: str, code: str, line: int, column: int) -> None:
    (found,) = problems(text)

    assert (found.code, found.file, found.line, found.column) == (code, "a.yaml", line, column)


def test_documents_before_a_syntax_error_are_read() -> None:
    content = read("a: 1\n---\nb: [\n")

    assert [found.value for found in content.documents] == [{"a": 1}]
    assert content.unread == "---\nb: [\n"


def test_json_is_read_with_its_places() -> None:
    text = '{\n\t"a": [1, -2.5e3, "\\ud83d\\ude00 \\\\ud83d \\/"],\n\t"b": true\n}\n'
    document = read(text, file="a.json").documents[0]

    assert document.value == {"a": [1, -2500.0, "😀 \\ud83d /"], "b": True}
    assert document.place("/b") == (3, 7)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("{'a': 1}", "manifest.syntax", 1, 2),
        ("a: 1", "manifest.syntax", 1, 1),
        ('{"a": 1,\n}', "manifest.syntax", 2, 1),
        ('{"a": 1}\n{"b": 2}', "manifest.syntax", 2, 1),
        ('{"a": NaN}', "manifest.syntax", 1, 7),
        ('{"a": null}', "manifest.invalid-value", 1, 7),
        ('{"a": 1, "a": 2}', "manifest.duplicate-key", 1, 10),
        ('{"a": 1e999}', "manifest.invalid-value", 1, 7),
        ("[" * 100_000, "manifest.too-large", 1, 65),
    ],
)
def test_json_is_strict(text: str, code: str, line: int, column: int) -> None:
    found = problems(text, file="a.JSON")

    assert [(each.code, each.line, each.column) for each in found][:1] == [(code, line, column)]


def _bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]\n"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, levels)]
    return "".join(lines)


def _tower(levels: int) -> str:
    lines = [f"a0: &a0 {'[' * 40}x{']' * 40}\n"]
    lines += [f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, levels)]
    return "".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        _bomb(9),
        _tower(100),
        "[" * 1_000_000,
        "{a: " * 100_000,
        "- " * 1_000_000,
        "a: [" + "1," * 200_000 + "]\n",
        "a: '" + "x" * 10_000_000 + "'\n",
        "a: " + "x" * 10_000_000 + "\n",
        "".join(f"{'k' * 100}{n}: 1\n" for n in range(20_000)),
        "---\n".join([_bomb(5)] * 50),
        "---\n".join(["a: &a [" + "x," * 30_000 + "]\nb: [*a, *a]\n"] * 3),
    ],
    ids=[
        "bomb",
        "tower",
        "lists",
        "members",
        "dashes",
        "elements",
        "quoted",
        "plain",
        "keys",
        "bombs",
        "aliases",
    ],
)
def test_input_that_is_too_large_is_refused_soon(text: str) -> None:
    started = time.process_time()

    (found,) = problems(text)

    assert found.code == "manifest.too-large"
    assert time.process_time() - started < 3


@pytest.mark.parametrize("opening", ["{", "? "])
def test_a_key_that_never_ends_is_refused_soon(opening: str) -> None:
    started = time.process_time()

    (found,) = problems(opening * 1_000_000)

    assert (found.code, found.message) == ("manifest.syntax", "a key must be plain text")
    assert time.process_time() - started < 3


def test_the_largest_document_is_read() -> None:
    bounds = ManifestSettings(max_nodes=12, max_document_bytes=60, max_depth=3)

    assert read("a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n", bounds=bounds).diagnostics == ()
    assert len(read("a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]\n", bounds=bounds).diagnostics) == 1
    assert read("[[[a]]]\n", bounds=bounds).diagnostics == ()
    assert len(read("[[[[a]]]]\n", bounds=bounds).diagnostics) == 1
    assert read(f"a: {'x' * 51}\n", bounds=bounds).diagnostics == ()
    assert len(read(f"a: {'x' * 60}\n", bounds=bounds).diagnostics) == 1
