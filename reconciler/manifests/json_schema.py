"""JSON Schema (2020-12) of manifests, for editors: from the same models that validation uses.

More lenient than validation where a value may still be open: any scalar may be a `${var.x}`, text that the
kinds allow to be late may be a `$ref` or `$lookup`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from reconciler.kinds.base import Kind
from reconciler.kinds.lookups import LOOKUPS
from reconciler.manifests.envelope import API_VERSION, Envelope
from reconciler.model.values import JsonObject

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEFINED = "#/$defs/{model}"
_LATE: JsonSchemaValue = {
    "description": "the id of a managed resource, another field of it, or the id of an unmanaged object",
    "oneOf": [
        {
            "type": "object",
            "properties": {"$ref": {"type": "string", "pattern": r"^[^/#]+/[^/#]+(#/.+)?$"}},
            "required": ["$ref"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"$lookup": {"type": "string", "pattern": f"^({'|'.join(sorted(LOOKUPS))})/.+$"}},
            "required": ["$lookup"],
            "additionalProperties": False,
        },
    ],
}
_PLACEHOLDER: JsonSchemaValue = {
    "description": "a text with variables",
    "type": "string",
    "pattern": r"\$\{(var|env)\.[A-Za-z_][A-Za-z0-9_-]*\}",
}


def json_schema(kinds: Mapping[str, Kind[Any]], kind: str | None = None) -> JsonObject:
    """The schema of one kind's manifests, or of all kinds'.

    Args:
        kind: one of `kinds`; None for all.
    """
    chosen = {name: found for name, found in sorted(kinds.items()) if kind in (None, name)}
    models: list[type[BaseModel]] = [Envelope, *(found.spec for found in chosen.values())]
    names, definitions = _ManifestSchema(by_alias=True, ref_template=_DEFINED).generate_definitions(
        [(model, "validation", model.__pydantic_core_schema__) for model in models]
    )
    envelope_name = _name_of(names[(Envelope, "validation")])
    envelope = next(found for name, found in definitions.items() if name == envelope_name)
    manifests = [
        _manifest(name, envelope, names[(found.spec, "validation")]) for name, found in chosen.items()
    ]
    shared = {name: found for name, found in definitions.items() if name != envelope_name}
    return {
        "$schema": _DIALECT,
        **(manifests[0] if len(manifests) == 1 else {"title": "manifest", "oneOf": manifests}),
        "$defs": {**shared, "Late": _LATE, "Placeholder": _PLACEHOLDER},
    }


class _ManifestSchema(GenerateJsonSchema):
    """Says of each scalar that it may still be open."""

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        plain = super().str_schema(schema)
        # A placeholder is text already, unless the text is bound to a form or length.
        return _or(plain, "Placeholder") if set(plain) - {"type"} else plain

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return _or(super().int_schema(schema), "Placeholder")

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return _or(super().float_schema(schema), "Placeholder")

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return _or(super().bool_schema(schema), "Placeholder")

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        return _or(super().literal_schema(schema), "Placeholder")

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """A manifest never holds null: what may be None in a model may be left out."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        return {key: value for key, value in found.items() if (key, value) != ("default", None)}

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - the base class asks with it
        return False

    def function_wrap_schema(self, schema: core_schema.WrapValidatorFunctionSchema) -> JsonSchemaValue:
        return _or(super().function_wrap_schema(schema), "Late")


def _or(schema: JsonSchemaValue, definition: str) -> JsonSchemaValue:
    choices = schema["anyOf"] if set(schema) == {"anyOf"} else [schema]
    return {"anyOf": [*choices, {"$ref": _DEFINED.format(model=definition)}]}


def _name_of(schema: JsonSchemaValue) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[-1]


def _manifest(kind: str, envelope: JsonSchemaValue, spec: JsonSchemaValue) -> JsonSchemaValue:
    """The envelope with the kind said and its spec in place."""
    members = {
        **envelope["properties"],
        "apiVersion": {"const": API_VERSION},
        "kind": {"const": kind},
        "spec": spec,
    }
    return {**envelope, "title": kind, "description": f"A manifest of a {kind}.", "properties": members}
