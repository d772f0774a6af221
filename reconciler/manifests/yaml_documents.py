"""YAML and JSON text to documents with a place for every value; the only importer of `yaml`.

Works on parser events, not nodes: a document's bounds hold while it is being read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import yaml

from reconciler.manifests.building import DocumentBuilder, UnreadableDocument
from reconciler.manifests.documents import Document, Place, spoken
from reconciler.manifests.scalars import resolve_plain
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.values import JsonValue
from reconciler.settings import ManifestSettings

_CORE = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    f"{_CORE}bool": (bool,),
    f"{_CORE}float": (float, int),
    f"{_CORE}int": (int,),
    f"{_CORE}map": (dict,),
    f"{_CORE}seq": (list,),
    f"{_CORE}str": (str,),
}
_LONGEST_NAME = 200
"""Characters of a tag that a message shows."""
_MOST_DIRECTIVES = 64
"""The parser compares each %TAG directive of a document with all before it."""
_TAG_DIRECTIVE = re.compile("(?:^|[\n\r\x85\u2028\u2029])%TAG")
_SURROGATES = re.compile(r"(\\\\)|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file holds.

    Args:
        diagnostics: problems of the file that belong to no document.
        unread: the text that could not be read: nobody knows what it declares.
    """

    documents: tuple[Document, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    unread: str = ""


def read_documents(
    text: str, *, file: str, settings: ManifestSettings, takes_null: bool = False
) -> FileContent:
    """Reads all documents of a file; empty ones are skipped.

    Args:
        file: the name to show; one that ends in `.json` must be strict JSON.
        takes_null: whether null may stand for a value: in an overlay it takes one away.
    """
    is_json = file.lower().endswith(".json")
    if is_json and text.strip():
        problem = _json_problem(text, file)
        if problem:
            return FileContent(diagnostics=(problem,), unread=text)
        text = _SURROGATES.sub(_joined, text)
    reader = _Reader(file, settings, is_json=is_json, takes_null=takes_null)
    try:
        _refuse_directives(text, file)
        reader.read(yaml.parse(text, Loader=yaml.CSafeLoader))
    except UnreadableDocument as stopped:
        return FileContent(tuple(reader.documents), (stopped.diagnostic,), text[reader.read_to :])
    except yaml.YAMLError as error:
        return FileContent(tuple(reader.documents), (_syntax(error, file),), text[reader.read_to :])
    return FileContent(tuple(reader.documents))


def too_many_documents(file: str, settings: ManifestSettings, place: Place | None = None) -> Diagnostic:
    """That there are more documents than one run may read."""
    line, column = place or (None, None)
    message = f"there are more than {settings.max_documents:,} documents"
    hint = "put them into several folders, and name one at a time"
    return Diagnostic(Severity.ERROR, "manifest.too-large", message, hint, None, file, line, column)


def read_scalar(text: str) -> str | int | float | bool | None:
    """The value of a text that is one YAML scalar; quotes make it text.

    Raises:
        ValueError: a number that JSON cannot hold.
    """
    if not text.startswith(('"', "'")):
        return resolve_plain(text)
    try:
        events = list(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return text
    values = [event.value for event in events if isinstance(event, yaml.ScalarEvent)]
    is_one = len(values) == 1 and not any(isinstance(event, yaml.CollectionStartEvent) for event in events)
    return str(values[0]) if is_one else text


class _Reader:
    """Turns one file's events into documents."""

    def __init__(self, file: str, settings: ManifestSettings, *, is_json: bool, takes_null: bool) -> None:
        self.documents: list[Document] = []
        self.read_to = 0
        self._file = file
        self._settings = settings
        self._is_json = is_json
        self._takes_null = takes_null
        self._builder = DocumentBuilder(file, settings)

    def read(self, events: Iterable[yaml.Event]) -> None:
        for event in events:
            match event:
                case yaml.ScalarEvent():
                    self._scalar(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._builder.close()
                case yaml.MappingStartEvent():
                    self._open(event, {})
                case yaml.SequenceStartEvent():
                    self._open(event, [])
                case yaml.AliasEvent():
                    self._refuse_as_key(event)
                    self._builder.take_alias(event.anchor or "", _place(event))
                case yaml.DocumentEndEvent():
                    self._end_document(event)
                case _:
                    pass  # the starts and ends of streams and documents say nothing

    def _end_document(self, event: yaml.DocumentEndEvent) -> None:
        document = self._builder.document()
        self.read_to = event.end_mark.index if event.end_mark else 0
        self.documents += [document] if document else []
        if len(self.documents) > self._settings.max_documents:
            raise UnreadableDocument(too_many_documents(self._file, self._settings, _place(event)))
        self._builder = DocumentBuilder(self._file, self._settings, aliased=self._builder.aliased)

    def _open(self, event: yaml.CollectionStartEvent, node: dict[str, JsonValue] | list[JsonValue]) -> None:
        self._refuse_as_key(event)
        self._check_tag(event, node)
        self._builder.open(node, _place(event), event.anchor)

    def _refuse_as_key(self, event: yaml.Event) -> None:
        if self._builder.wants_key:
            self._builder.stop("manifest.syntax", "a key must be plain text", _place(event))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self._builder.wants_key:
            self._key(event)
            return
        value = self._value(event)
        self._check_tag(event, value)
        if value is None and self._builder.pointer and not self._takes_null:
            self._report_null(event)
        self._builder.take_scalar(value, _place(event), length=len(event.value), anchor=event.anchor)

    def _value(self, event: yaml.ScalarEvent) -> JsonValue:
        text = str(event.value)
        is_plain = event.implicit[0] and event.tag is None
        is_typed = event.tag in _TYPES and event.tag != f"{_CORE}str"
        if not (is_plain or is_typed):
            return text
        try:
            value = resolve_plain(text)
        except ValueError as error:
            self._report(event, "manifest.invalid-value", f"{self._here()}: {error}")
            return text
        if self._is_json and is_plain and isinstance(value, str):
            self._report(event, "manifest.syntax", f"{text} is no JSON value")
        return value

    def _check_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, value: JsonValue) -> None:
        tag = event.tag
        if tag is None or tag == "!" or type(value) in _TYPES.get(tag, ()):
            return
        shown = tag[:_LONGEST_NAME].replace(_CORE, "!!")
        hint = "write the value itself; quotes make it text"
        self._report(event, "manifest.invalid-value", f"{self._here()}: the tag {shown} is refused", hint)

    def _report_null(self, event: yaml.ScalarEvent) -> None:
        self._report(
            event,
            "manifest.invalid-value",
            f"{self._here()} has no value; null is refused",
            'leave the member out to leave it as it is in the org, or write "" for an empty text',
        )

    def _key(self, event: yaml.ScalarEvent) -> None:
        key = str(event.value)
        is_plain = event.implicit[0]
        self._builder.take_key(key, _place(event))
        if is_plain and not _is_text(key):
            hint = f'write it in quotes: "{key}"'
            self._report(event, "manifest.syntax", f"the key {key or 'null'} is no text", hint)
        elif is_plain and key == "<<":
            hint = "repeat the members, or use an alias for a whole value"
            self._report(event, "manifest.syntax", "merge keys (<<) are not in YAML's core schema", hint)

    def _here(self) -> str:
        return spoken(self._builder.pointer)

    def _report(self, event: yaml.Event, code: str, message: str, hint: str | None = None) -> None:
        self._builder.report(code, message, _place(event), hint=hint)


def _refuse_directives(text: str, file: str) -> None:
    """Raises UnreadableDocument for a text that would keep the parser busy for hours."""
    found = [match.end() for match in islice(_TAG_DIRECTIVE.finditer(text), _MOST_DIRECTIVES + 1)]
    if len(found) > _MOST_DIRECTIVES:
        message, hint = f"there are more than {_MOST_DIRECTIVES} %TAG lines", "leave them out"
        line = text.count("\n", 0, found[-1]) + 1
        raise UnreadableDocument(
            Diagnostic(Severity.ERROR, "manifest.too-large", message, hint, None, file, line, 1)
        )


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _is_text(key: str) -> bool:
    try:
        return isinstance(resolve_plain(key), str)
    except ValueError:
        return False


def _syntax(error: yaml.YAMLError, file: str) -> Diagnostic:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    context = getattr(error, "context", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    message = f"no valid YAML: {problem}" + (f", {context}" if context else "")
    return Diagnostic(
        Severity.ERROR, "manifest.syntax", message, _syntax_hint(problem), None, file, line, column
    )


def _syntax_hint(problem: str) -> str | None:
    hints = {
        "tab": "indent with spaces",
        "cannot start any token": "put the value in quotes",
        "mapping values are not allowed": "put a text that holds ': ' in quotes, and check the indentation",
        "did not find expected": "check the indentation, and that brackets and quotes are closed",
        "unexpected end of stream": "check that brackets and quotes are closed",
        "incompatible YAML": "leave the %YAML line out",
    }
    return next((hint for sign, hint in hints.items() if sign in problem), None)


def _json_problem(text: str, file: str) -> Diagnostic | None:
    """What makes the text no JSON; None also where nesting is too deep, which the bounds report."""
    try:
        json.loads(text, parse_int=len, parse_float=len)
    except json.JSONDecodeError as error:
        message = f"no valid JSON: {error.msg[0].lower()}{error.msg[1:]}"
        return Diagnostic(
            Severity.ERROR, "manifest.syntax", message, None, None, file, error.lineno, error.colno
        )
    except RecursionError:
        return None
    return None


def _joined(match: re.Match[str]) -> str:
    """A surrogate pair, which JSON writes in two escapes, as the one that YAML knows."""
    if match[1]:
        return match[1]
    high, low = int(match[2], 16), int(match[3], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"
