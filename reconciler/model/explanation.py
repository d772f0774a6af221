"""Where the values of a resource come from. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.values import JsonValue

EXPLANATION_FORMAT = "reconciler.explanation/1"


@dataclass(frozen=True, slots=True)
class NamedVariable:
    """A variable that a value was made from.

    Args:
        source: `--var`, `org prod`, `configuration` or `environment`.
        value: None for what the environment holds: a secret.
    """

    name: str
    source: str
    value: JsonValue = None
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ExplainedField:
    """One field: what it is, who says so, and what it was and is in the org.

    Args:
        path: JSON pointer inside spec, elements of keyed lists by their key.
        origin: defaults, manifest, overlay, `kind default`, or `not managed`.
        text: as written, where placeholders were filled in.
        last_applied, live: None where there is none, or nobody looked.
        sensitive: whether a secret is or was in it; then what the org has is not shown.
    """

    path: str
    value: JsonValue
    origin: str
    file: str | None = None
    line: int | None = None
    text: str | None = None
    variables: tuple[NamedVariable, ...] = ()
    last_applied: JsonValue = None
    live: JsonValue = None
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """All fields that were asked for.

    Args:
        remote_id: of the object, where it is known.
        looked: whether the org was asked.
    """

    address: str
    fields: tuple[ExplainedField, ...]
    remote_id: str | None = None
    looked: bool = False
    format: str = EXPLANATION_FORMAT
