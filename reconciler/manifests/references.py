"""`{$ref: …}` and `{$lookup: …}` in specs: from mappings to late values, and what they name."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.kinds.base import READ_ONLY, Kind
from reconciler.kinds.fields import FieldRules
from reconciler.kinds.lookups import LOOKUPS
from reconciler.manifests.documents import spoken
from reconciler.manifests.envelope import Declaration
from reconciler.manifests.suggestions import Suggestions, did_you_mean, listed
from reconciler.model.address import NAME, Address, parse_address
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.resource import Dependency, Resource
from reconciler.model.values import (
    Late,
    Lookup,
    Reference,
    Secret,
    Tree,
    TreeObject,
    escape,
    late_values,
    tokens,
)

_INVALID = "manifest.invalid-value"
_FORMS = ("$lookup", "$ref")


Lates = tuple[tuple[str, Late], ...]
"""Late values with their JSON pointers from the document's root."""


def read_spec(
    declaration: Declaration, kinds: Mapping[str, Kind[Any]]
) -> tuple[TreeObject, tuple[Diagnostic, ...]]:
    """The spec with references and look-ups as late values; a secret in what identifies is refused."""
    if declaration.document.is_plain:
        return declaration.spec, ()
    reading = _Reading(declaration, kinds)
    spec = {name: reading.tree(value, f"/spec/{escape(name)}") for name, value in declaration.spec.items()}
    reading.refuse_secret_names(spec)
    return spec, tuple(reading.diagnostics)


class _Refused(Exception):
    """A mapping with a `$` key that is no late value."""

    def __init__(self, code: str, message: str, hint: str | None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class _Reading:
    """Reads one spec."""

    def __init__(self, declaration: Declaration, kinds: Mapping[str, Kind[Any]]) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._declaration = declaration
        self._kinds = kinds

    def tree(self, value: Tree, pointer: str) -> Tree:
        if isinstance(value, Mapping):
            if "$" in "".join(value) and any(_is_reserved(key) for key in value):
                return self._late(value, pointer)
            return {key: self.tree(member, f"{pointer}/{escape(key)}") for key, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(element, f"{pointer}/{index}") for index, element in enumerate(value)]
        return value

    def refuse_secret_names(self, spec: TreeObject) -> None:
        kind = self._kinds[self._declaration.address.kind]
        identity = dict.fromkeys((*kind.endpoint.natural_key, *kind.endpoint.scope))
        secrets = [path for path, late in late_values(spec, "/spec") if isinstance(late, Secret)]
        for path in secrets:
            member = tokens(path)[1]
            if member in identity:
                self._refuse_secret(f"/spec/{member}", "identifies the object")
            elif _identifies(spec, tokens(path)[1:], kind.field_rules):
                self._refuse_secret(path, "identifies an object")
            elif not kind.field_rules.member(member).is_sent:
                self._refuse_secret(path, "is never sent")

    def _refuse_secret(self, path: str, why: str) -> None:
        """Paths of requests, and keys of lists, are shown and written down as they are."""
        self._report("variable.forbidden", f"{spoken(path)} {why} and cannot hold a secret", path, None)

    def _late(self, value: TreeObject, pointer: str) -> Tree:
        try:
            return _parse(value, self._kinds)
        except _Refused as refused:
            self._report(refused.code, f"{spoken(pointer)}: {refused.message}", pointer, refused.hint)
            # Stands where text is wanted, so that the same value is not found wrong twice.
            return Lookup("", "")

    def _report(self, code: str, message: str, path: str, hint: str | None) -> None:
        found = self._declaration
        self.diagnostics.append(
            found.document.diagnostic(code, message, path=path, hint=hint, address=str(found.address))
        )


def _identifies(tree: Tree, path: Sequence[str], rules: FieldRules) -> bool:
    """Whether what stands at a path is an object's id, or what tells the elements of a list apart."""
    if not path:
        return rules.names is not None
    token, rest = path[0], path[1:]
    if isinstance(tree, list | tuple):
        within = rules.element or FieldRules(members=rules.members)
        return tuple(rest) == (rules.key,) or _identifies(tree[int(token)], rest, within)
    return isinstance(tree, Mapping) and _identifies(tree[token], rest, rules.member(token))


def _is_reserved(key: str) -> bool:
    """Whether a key is one of ours; `${…}` in a key was refused before."""
    return key.startswith("$") and not key.startswith("${")


def _parse(value: TreeObject, kinds: Mapping[str, Kind[Any]]) -> Late:
    (key, *more) = sorted(value, key=lambda name: (name not in _FORMS, not name.startswith("$"), name))
    text = value[key]
    if key not in _FORMS:
        hint = did_you_mean(key, _FORMS, otherwise="write {$ref: Kind/name} or {$lookup: Type/name}")
        raise _Refused(_INVALID, f"{key} is not known", hint)
    if more:
        raise _Refused(_INVALID, f"{key} stands alone, without {listed(more)}", None)
    if not isinstance(text, str):
        secret = isinstance(text, Secret)
        code = "variable.forbidden" if secret else _INVALID
        raise _Refused(code, f"{key} must be plain text", None)
    return _reference(text) if key == "$ref" else _lookup(text, kinds)


def _reference(text: str) -> Reference:
    named, hash_, pointer = text.partition("#")
    try:
        address = parse_address(named)
    except ValueError as error:
        raise _Refused(_INVALID, str(error), None) from None
    if hash_ and (not pointer.startswith("/") or len(pointer) == 1):
        raise _Refused(_INVALID, f"{text} names no field", f'write it as in "{named}#/name"')
    return Reference(address, pointer)


def _lookup(text: str, kinds: Mapping[str, Kind[Any]]) -> Lookup:
    type_, slash, name = text.partition("/")
    if not (type_ and slash and name):
        raise _Refused(_INVALID, f"{text} is no look-up", "write Type/name, as in Queue/Support")
    if type_ in LOOKUPS:
        return Lookup(type_, name)
    if type_ in kinds:
        message = f"a {type_} is managed by manifests, never looked up"
        raise _Refused("lookup.managed", message, f"use {{$ref: {type_}/<name of its manifest>}}")
    hint = did_you_mean(type_, LOOKUPS, otherwise=f"known: {listed(LOOKUPS)}")
    raise _Refused(_INVALID, f"{type_} cannot be looked up", hint)


def written_dependencies(
    resource: Resource, lates: Lates, depends_on: Iterable[Address]
) -> tuple[Dependency, ...]:
    """What `$ref` and `dependsOn` say, in the order of the manifest."""
    named = [(pointer, late.address) for pointer, late in lates if isinstance(late, Reference)]
    named += [(f"/dependsOn/{index}", address) for index, address in enumerate(depends_on)]
    return tuple(Dependency(address, via, resource.mark(via)) for via, address in named)


def unknown_targets(
    resource: Resource, declared: Container[str], suggestions: Suggestions
) -> Iterator[Diagnostic]:
    """References to what no manifest declares.

    Args:
        resource: with the dependencies that are written down.
        declared: all addresses, by their text.
    """
    for dependency in resource.dependencies:
        target = str(dependency.target)
        if target not in declared:
            yield resource.diagnostic(
                "reference.unknown",
                f"no manifest declares {target}",
                path=dependency.via,
                hint=suggestions.hint(target),
            )


def named_in(text: str, addresses: Iterable[Address]) -> Iterator[Address]:
    """Those of the addresses whose name stands in a text that could not be read: it may declare them."""
    wanted: dict[str, list[Address]] = {}
    for address in addresses:
        wanted.setdefault(address.name, []).append(address)
    found = {match.group() for match in NAME.finditer(text) if match.group() in wanted} if wanted else set()
    return (address for name in found for address in wanted[name])


def unknown_fields(resource: Resource, lates: Lates, kinds: Mapping[str, Kind[Any]]) -> Iterator[Diagnostic]:
    """References to fields that their target's kind does not have: they would fail in the apply only."""
    for path, late in lates:
        kind = kinds.get(late.address.kind) if isinstance(late, Reference) and late.pointer else None
        if not isinstance(late, Reference) or kind is None:
            continue
        known = {*kind.field_rules.members, *READ_ONLY, *kind.endpoint.read_only}
        name = tokens(late.pointer)[0]
        if name not in known:
            yield resource.diagnostic(
                "reference.unknown",
                f"a {kind.name} has no field {name}",
                path=path,
                hint=did_you_mean(name, known, otherwise=f"known: {listed(known)}"),
            )
