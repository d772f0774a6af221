"""JSON trees, and the values in them that are known only later.

A *tree* is a JSON document whose leaves may be late values: a reference to a managed resource, a
look-up of an unmanaged object, a secret from the environment, or something that only an apply will
tell. Late values are classes, never dicts with `$` keys, so that nothing an org answers can pose as one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.address import Address

JsonValue: TypeAlias = "Mapping[str, JsonValue] | Sequence[JsonValue] | str | int | float | bool | None"
JsonObject: TypeAlias = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Reference:
    """`{$ref: Kind/name}`: the remote id of a managed resource, or `#/field` of it."""

    address: Address
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """`{$lookup: "Queue/Support"}`: the id of an unmanaged live object, by exact name."""

    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.type}/{self.name}"


@dataclass(frozen=True, slots=True)
class Secret:
    """A string holding `${env.X}`; `template` keeps the text around it, never a value."""

    template: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only the apply of `address` will tell; `pointer` as in `Reference`."""

    address: Address
    pointer: str = ""


Late: TypeAlias = Reference | Lookup | Secret | Unknown
LATE = (Reference, Lookup, Secret, Unknown)
SCALARS = (str, int, float, type(None))
"""Most nodes of a tree: looked at first, since asking whether something is a Mapping is ten times slower."""
_LISTS = (list, tuple)
Tree: TypeAlias = "Mapping[str, Tree] | Sequence[Tree] | Late | str | int | float | bool | None"
TreeObject: TypeAlias = Mapping[str, Tree]


def is_list(value: object) -> bool:
    """Whether a tree node is a list (a string is a Sequence too, but no list)."""
    return isinstance(value, list | tuple)


def substitute(tree: Tree, replace: Callable[[Late], Tree]) -> Tree:
    """A copy of the tree with each late value replaced; the tree itself where there is none."""
    if isinstance(tree, SCALARS):
        return tree
    if isinstance(tree, LATE):
        return replace(tree)
    if isinstance(tree, _LISTS):
        return [substitute(value, replace) for value in tree]
    if isinstance(tree, Mapping):
        return {key: substitute(value, replace) for key, value in tree.items()}
    return tree


def late_values(tree: Tree, pointer: str = "") -> Iterator[tuple[str, Late]]:
    """Each late value of the tree with its JSON pointer, depth first."""
    if isinstance(tree, LATE):
        yield pointer, tree
    elif isinstance(tree, _LISTS):
        for index, value in enumerate(tree):
            if not isinstance(value, SCALARS):
                yield from late_values(value, f"{pointer}/{index}")
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            if not isinstance(value, SCALARS):
                yield from late_values(value, f"{pointer}/{escape(str(key))}")


def escape(token: str) -> str:
    """A JSON pointer token (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1") if "~" in token or "/" in token else token


def unescape(token: str) -> str:
    """The member name behind a JSON pointer token."""
    return token.replace("~1", "/").replace("~0", "~")


def tokens(pointer: str) -> tuple[str, ...]:
    """The member names that a JSON pointer walks through."""
    return tuple(unescape(token) for token in pointer.split("/")[1:])


def value_at(tree: Tree, pointer: str) -> Tree:
    """The value a JSON pointer names.

    Raises:
        KeyError: nothing is there.
    """
    node = tree
    for token in tokens(pointer):
        if isinstance(node, Mapping) and token in node:
            node = node[token]
        elif isinstance(node, list | tuple) and token.isdigit() and int(token) < len(node):
            node = node[int(token)]
        else:
            raise KeyError(pointer)
    return node


def as_json(tree: Tree, digest: Callable[[Secret], str]) -> JsonValue:
    """The tree as plain JSON, for people and files: late values in their `$` form, secrets as digests."""
    return substitute(tree, lambda late: _shown(late, digest))  # type: ignore[return-value]


def _shown(late: Late, digest: Callable[[Secret], str]) -> Tree:
    match late:
        case Secret():
            return {"$secret": digest(late)}
        case Lookup():
            return {"$lookup": str(late)}
        case Reference():
            return {"$ref": str(late.address) + (f"#{late.pointer}" if late.pointer else "")}
        case Unknown():
            return {"$unknown": str(late.address) + (f"#{late.pointer}" if late.pointer else "")}


def canonical_json(value: JsonValue) -> str:
    """Sorted keys, no spaces, UTF-8; `1.0` is written `1`, so equal numbers have equal text."""
    return json.dumps(plain_numbers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plain_numbers(value: JsonValue) -> JsonValue:
    """The value with `1.0` as `1`: the platform makes no difference between them."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, SCALARS):
        return value
    if isinstance(value, Mapping):
        return {key: plain_numbers(member) for key, member in value.items()}
    if isinstance(value, _LISTS):
        return [plain_numbers(member) for member in value]
    return value


def digest_of(value: JsonValue) -> str:
    """Lower-case hex SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()
