"""Estates: all manifests of a project at one time, and what becomes of them in later generations.

A generation is drawn freely and then mended: references to what is not declared, circles and natural keys
that are taken twice are dropped, because no plan is made of those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.properties.specs import CHANNELS, MATRICES, SCHEMAS, VENDOR, WIDGETS, Spec, flags, specs
from tests.simulated.apply.manifests import manifest

Document = dict[str, Any]
Estate = tuple[Document, ...]

NAMES: Mapping[str, Sequence[str]] = {
    "Schema": SCHEMAS,
    "Widget": WIDGETS,
    "Channel": CHANNELS,
    "WeightMatrix": tuple(MATRICES),
}
ADDRESSES = tuple(f"{kind}/{name}" for kind, names in NAMES.items() for name in names)


def address_of(document: Document) -> str:
    """`Kind/name`."""
    return f"{document['kind']}/{document['metadata']['name']}"


def natural_key(document: Document) -> tuple[str, ...]:
    """What tells the object apart in the org, as far as a manifest says it."""
    spec: Spec = document["spec"]
    match document["kind"]:
        case "Widget":
            return "Widget", str(spec["dashboardId"]), spec["name"]
        case "Channel":
            return "Channel", spec["name"]
        case "Schema":
            return "Schema", external_id(document)
        case _:
            return "WeightMatrix", MATRICES[document["metadata"]["name"]]


def external_id(document: Document) -> str:
    """A schema's."""
    return str(document["spec"].get("externalId", document["metadata"]["name"]))


# -- drawing ---------------------------------------------------------------------------------------------

lifecycles: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {}, optional={"adopt": flags, "onRemove": st.sampled_from(["delete", "delete", "forget"])}
)
envelopes: st.SearchStrategy[Document] = st.one_of(
    st.just({}),
    st.just({}),
    st.fixed_dictionaries(
        {},
        optional={
            "lifecycle": lifecycles,
            "dependsOn": st.lists(st.sampled_from(ADDRESSES), max_size=2, unique=True),
            "metadata": st.fixed_dictionaries({"labels": st.just({"team": "care"})}),
        },
    ),
)


@st.composite
def resources(draw: st.DrawFn, address: str) -> Document:
    """A manifest of an address."""
    kind, _, name = address.partition("/")
    return manifest(kind, name, draw(specs(kind, name)), **draw(envelopes))


@st.composite
def first_estates(draw: st.DrawFn) -> Estate:
    """One to six resources."""
    chosen = draw(st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=6, unique=True))
    return mended([draw(resources(address)) for address in chosen])


@st.composite
def next_estates(draw: st.DrawFn, estate: Estate) -> Estate:
    """The same estate some commits later: a few resources were edited, renamed, removed or added."""
    found = {address_of(document): document for document in estate}
    for _ in range(draw(st.integers(1, 3))):
        address = draw(st.sampled_from(ADDRESSES))
        if address not in found:
            found[address] = draw(resources(address))
            continue
        document = found.pop(address)
        match draw(st.sampled_from(["edit", "edit", "trim", "rewrite", "rename", "remove"])):
            case "edit":
                found[address] = _edited(document, draw(resources(address)), draw(st.integers(0, 20)))
            case "trim":
                found[address] = _trimmed(document, draw(st.integers(0, 20)))
            case "rewrite":
                found[address] = draw(resources(address))
            case "rename":
                found = _renamed(found, document, draw(st.integers(0, 2)), is_kept=draw(flags))
            case _:
                pass
    # An empty folder is no project.
    return mended(found.values()) or estate


def _edited(document: Document, drawn: Document, pick: int) -> Document:
    """One member of the spec is another one now."""
    spec, other = document["spec"], drawn["spec"]
    name = sorted(other)[pick % len(other)]
    return {**document, "spec": {**spec, name: other[name]}}


def _trimmed(document: Document, pick: int) -> Document:
    """One member that need not be there is taken out, at the top or one level below."""
    spec = json.loads(json.dumps(document["spec"]))
    optional = [(at, name) for at, names in _OPTIONAL.items() for name in names if name in _inside(spec, at)]
    if not optional:
        return document
    at, name = optional[pick % len(optional)]
    del _inside(spec, at)[name]
    return {**document, "spec": spec}


_OPTIONAL: Mapping[str, Sequence[str]] = {
    "": (
        "status",
        "availability",
        "fallback",
        "overflowThreshold",
        "wrapUpTimeout",
        "membersMode",
        "strategy",
    ),
    "config": ("filters",),
    "widget": ("conversationStart",),
    "availability": ("default", "schedules"),
    "fields": ("description",),
}


def _inside(spec: Spec, at: str) -> Spec:
    found = spec.get(at, {}) if at else spec
    if isinstance(found, list):
        return found[-1] if found else {}
    return found if isinstance(found, dict) else {}


def _renamed(
    found: Mapping[str, Document], document: Document, pick: int, *, is_kept: bool
) -> dict[str, Document]:
    """Another name, with the old one in `formerly`; a schema keeps its externalId or becomes another one."""
    kind, old = document["kind"], document["metadata"]["name"]
    free = [name for name in NAMES[kind] if f"{kind}/{name}" not in found and name != old]
    if not free or kind == "WeightMatrix":
        return {**found, f"{kind}/{old}": document}
    new = free[pick % len(free)]
    spec = {**document["spec"]}
    if kind == "Schema" and is_kept:
        spec["externalId"] = external_id(document)
    metadata = {**document["metadata"], "name": new, "formerly": [old]}
    text = json.dumps([*found.values(), {**document, "metadata": metadata, "spec": spec}])
    moved = json.loads(
        text.replace(f'"{kind}/{old}"', f'"{kind}/{new}"').replace(f'"{kind}/{old}#', f'"{kind}/{new}#')
    )
    return {address_of(each): each for each in moved}


# -- mending ---------------------------------------------------------------------------------------------


def mended(documents: Iterator[Document] | Sequence[Document] | Any) -> Estate:  # noqa: ANN401
    """The estate without what no plan is made of."""
    kept: dict[str, Document] = {}
    keys: set[tuple[str, ...]] = set()
    for document in documents:
        if natural_key(document) not in keys:
            kept[address_of(document)] = document
            keys.add(natural_key(document))
    by_key = {external_id(each): address for address, each in kept.items() if each["kind"] == "Schema"}
    edges: dict[str, set[str]] = {}
    for address in sorted(kept):
        for target in references(kept[address], by_key):
            if (
                target in kept
                and not _leads_to(target, address, edges)
                and _is_ripe(kept[address], kept[target])
            ):
                edges.setdefault(address, set()).add(target)
            elif target != VENDOR:
                kept[address] = _without(kept[address], target, by_key)
    return tuple(kept[address] for address in sorted(kept))


def _leads_to(start: str, end: str, edges: Mapping[str, set[str]]) -> bool:
    return start == end or any(_leads_to(each, end, edges) for each in edges.get(start, ()))


def _is_ripe(document: Document, target: Document) -> bool:
    """A published schema refers to published ones."""
    both = document["kind"] == target["kind"] == "Schema"
    is_draft = target["spec"].get("status") == "DRAFT" and document["spec"].get("status") != "DRAFT"
    return not (both and is_draft)


def references(document: Document, by_key: Mapping[str, str]) -> list[str]:
    """What a manifest refers to: addresses, or the externalId of a schema that nobody declares."""
    found = [*document.get("dependsOn", ()), *_refs(document["spec"])]
    for field in document["spec"].get("fields", ()):
        target = field.get("constraints", {}).get("referencedType")
        if isinstance(target, str) and target != "user":
            found.append(by_key.get(target, target))
    return sorted(set(found))


def _refs(tree: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(tree, dict):
        if "$ref" in tree:
            yield tree["$ref"].partition("#")[0]
        for value in tree.values():
            yield from _refs(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _refs(value)


def _without(document: Document, target: str, by_key: Mapping[str, str]) -> Document:
    """The manifest without its references to a target."""
    spec = {**document["spec"]}
    for member, found in spec.items():
        if member == "fields":
            spec[member] = [field for field in found if target not in _targets_of(field, by_key)]
        elif member == "config" and "filters" in found:
            others = [each for each in found["filters"] if target not in _refs(each)]
            spec[member] = {**found, "filters": others}
        elif target in _refs(found):
            spec[member] = "one"
    made = {**document, "spec": spec}
    if "dependsOn" in made:
        made["dependsOn"] = [each for each in made["dependsOn"] if each != target]
    return made


def _targets_of(field: Spec, by_key: Mapping[str, str]) -> set[str]:
    plain = field.get("constraints", {}).get("referencedType")
    return {*_refs(field), *([by_key.get(plain, plain)] if isinstance(plain, str) else [])}
