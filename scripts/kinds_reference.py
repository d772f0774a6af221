"""The reference of kinds, made from the spec models, their field markers and the demo manifests.

Nothing is said here that the models do not say: types, ranges and defaults come from the JSON Schema that
editors use, semantics from the markers that planning uses.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reconciler.kinds import KINDS
from reconciler.kinds.base import Kind, Owns
from reconciler.kinds.fields import Combine, FieldRules
from reconciler.manifests.json_schema import json_schema

ROOT = Path(__file__).parents[1]
JsonSchema = Mapping[str, Any]

EXAMPLES = ("manifests", "tests/unit/kinds/contract/examples")
"""Where manifests that show a kind are looked for: the demo's, else the one that every kind has."""

COMBINED = {
    Combine.MERGE: "",
    Combine.WHOLE: "one value: what is not listed is removed",
    Combine.SET: "a set: order and repeats do not count",
    Combine.KEYED: "keyed by `{key}`: order does not count",
    Combine.ADDITIVE: "keyed by `{key}`: order does not count, and what is not listed stays",
}
MARKED = {
    "immutable": "immutable: a change replaces the object",
    "local": "never sent",
    "write_only": "write-only: the org never shows it",
    "scope": "part of the path, not of the body",
    "colour": "a colour: case does not count, `#RGB` is `#RRGGBB`",
}
REMOVALS = {
    Owns.OBJECTS: "deleted when it leaves the manifests, unless its lifecycle says `onRemove: forget`",
    Owns.SETTINGS: "never created, never deleted: leaving the manifests is `forget`; the org stays as it is",
    Owns.EVENTS: "created once; never updated, never deleted",
}

SETTLED_BY_NAME = "immutable: a change is refused; give the manifest a new name"
FORMS = {r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$": "an id"}
"""Patterns that a word says better."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a kind."""

    path: str
    type: str
    required: bool
    default: str
    semantics: str


def kinds_table() -> str:
    """All kinds, a line each."""
    lines = ["| kind | what | natural key | API |", "| --- | --- | --- | --- |"]
    for name, kind in KINDS.items():
        key = " + ".join(f"`{member}`" for member in kind.endpoint.natural_key)
        link = f"[{name}](docs/kinds.md#{name.lower()})"
        lines.append(f"| {link} | {_title(kind)} | {key} | `{kind.endpoint.collection}` |")
    return "\n".join(lines) + "\n"


def reference() -> str:
    """A section for each kind."""
    return "\n".join(_section(name, kind) for name, kind in KINDS.items())


def rows_of(kind: Kind[Any]) -> list[Row]:
    """The fields of a kind's spec, each before its own members."""
    schema: JsonSchema = json_schema(KINDS, kind.name)
    spec = schema["properties"]["spec"]
    rows = _rows(spec, kind.field_rules, "", schema["$defs"])
    if kind.endpoint.owns is Owns.OBJECTS:
        return list(rows)
    return [
        replace(row, semantics=row.semantics.replace(MARKED["immutable"], SETTLED_BY_NAME)) for row in rows
    ]


def _section(name: str, kind: Kind[Any]) -> str:
    endpoint = kind.endpoint
    key = " + ".join(f"`{member}`" for member in endpoint.natural_key)
    file, example = example_of(name)
    rows = [
        f"| `{row.path}` | {row.type} | {'yes' if row.required else ''} | {row.default} | {row.semantics} |"
        for row in rows_of(kind)
    ]
    return "\n".join(
        [
            f"## {name}",
            "",
            _prose(kind),
            "",
            f"- API: `{endpoint.collection}`",
            f"- natural key: {key}",
            f"- scopes: `{endpoint.read_scope}` to plan, `{endpoint.write_scope}` to apply",
            f"- removal: {REMOVALS[endpoint.owns]}",
            "",
            "| field of `spec` | type | required | default | semantics |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
            f"From [{file}](../{file}):",
            "",
            f"```yaml\n{example}```",
            "",
        ]
    )


def example_of(kind: str) -> tuple[str, str]:
    """The longest manifest of a kind, as it stands in its file but for the comments ahead of it.

    Returns:
        The file, from the repository's root, and the text.

    Raises:
        LookupError: there is none.
    """
    for folder in EXAMPLES:
        files = sorted((ROOT / folder).rglob("*.yaml"))
        found = [(file, text) for file in files for text in _documents(file) if _is_of(kind, text)]
        if found:
            file, text = max(found, key=lambda one: len(one[1]))
            return file.relative_to(ROOT).as_posix(), text
    raise LookupError(f"no manifest under {' or '.join(EXAMPLES)} shows a {kind}")


def _documents(file: Path) -> Iterator[str]:
    for document in file.read_text(encoding="utf-8").split("\n---\n"):
        yield document[document.index("apiVersion:") :].rstrip("\n") + "\n"


def _is_of(kind: str, text: str) -> bool:
    return re.search(rf"^kind: {kind}$", text, re.MULTILINE) is not None


def _title(kind: Kind[Any]) -> str:
    """The first line of the kind's module: `Widget: an analytics widget on a dashboard (…)`."""
    first = (inspect.getdoc(sys.modules[type(kind).__module__]) or "").splitlines()[0]
    said = first.removeprefix(f"{kind.name}: ")
    return re.sub(r" \([^)]*section \d+\)", "", said).rstrip(".")


def _prose(kind: Kind[Any]) -> str:
    """What the kind's module says of it, but for its first line."""
    text = inspect.getdoc(sys.modules[type(kind).__module__]) or ""
    title = _title(kind)
    _, _, rest = text.partition("\n\n")
    return f"{title[0].upper()}{title[1:]}.\n\n{rest.strip()}"


def _rows(schema: JsonSchema, rules: FieldRules, path: str, definitions: JsonSchema) -> Iterator[Row]:
    found, _ = _resolved(schema, definitions)
    required = set(found.get("required", ()))
    for name, member in found.get("properties", {}).items():
        known = rules.member(name)
        yield _row(f"{path}{name}", member, known, definitions, required=name in required)
        inner, _ = _resolved(member, definitions)
        if inner.get("type") == "array":
            yield from _rows(inner["items"], known.element or known, f"{path}{name}[].", definitions)
        elif "properties" in inner:
            yield from _rows(inner, known, f"{path}{name}.", definitions)


def _row(path: str, schema: JsonSchema, rules: FieldRules, definitions: JsonSchema, *, required: bool) -> Row:
    default = schema.get("default")
    return Row(
        path=path,
        type=_type(schema, definitions),
        required=required,
        default=""
        if default is None
        else f"`{str(default).lower() if default in (True, False) else default}`",
        semantics="; ".join(_semantics(rules)),
    )


def _semantics(rules: FieldRules) -> Iterator[str]:
    yield from (said for marker, said in MARKED.items() if getattr(rules, marker))
    if combined := COMBINED[rules.combine].format(key=rules.key):
        yield combined


def _resolved(schema: JsonSchema, definitions: JsonSchema) -> tuple[JsonSchema, bool]:
    """The schema that a value must fit, and whether a reference or look-up may stand for it."""
    if "$ref" in schema:
        found, late = _resolved(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
        return found, late
    choices = schema.get("anyOf")
    if choices is None:
        return schema, False
    names = [str(choice.get("$ref", "")).rsplit("/", 1)[-1] for choice in choices]
    open_ones = {"Late", "Placeholder"}
    plain = [choice for choice, name in zip(choices, names, strict=True) if name not in open_ones]
    resolved = [_resolved(choice, definitions) for choice in plain]
    late = "Late" in names or any(found for _, found in resolved)
    if len(resolved) == 1:
        return resolved[0][0], late
    return {"oneOf": [found for found, _ in resolved]}, late


def _type(schema: JsonSchema, definitions: JsonSchema) -> str:
    found, late = _resolved(schema, definitions)
    said = _plain_type(found, definitions)
    return f"{said}, `$ref` or `$lookup`" if late else said


def _plain_type(found: JsonSchema, definitions: JsonSchema) -> str:
    if "oneOf" in found:
        return " or ".join(dict.fromkeys(_plain_type(choice, definitions) for choice in found["oneOf"]))
    if "const" in found:
        return f"`{str(found['const']).lower() if found['const'] is True else found['const']}`"
    if "enum" in found:
        return " \\| ".join(f"`{value}`" for value in found["enum"])
    if found.get("type") == "array":
        least = ", at least one" if found.get("minItems") else ""
        return f"list of {_type(found['items'], definitions)}{least}"
    if found.get("pattern") in FORMS:
        return FORMS[found["pattern"]]
    words = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false"}
    return f"{words.get(found.get('type', ''), 'object')}{_bounds(found)}"


def _bounds(found: JsonSchema) -> str:
    pattern = found.get("pattern")
    if pattern:
        return " like `{}`".format(pattern.replace("|", "\\|"))
    least, most = found.get("minLength", found.get("minimum")), found.get("maxLength", found.get("maximum"))
    if found.get("exclusiveMinimum") is not None:
        return f" over {found['exclusiveMinimum']:g}"
    if least is not None and most is not None:
        return f", {least:g} to {most:g}{' characters' if 'maxLength' in found else ''}"
    if least is not None:
        return ", not empty" if "minLength" in found else f", at least {least:g}"
    return ""
