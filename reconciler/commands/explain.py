"""`explain`: where the values of a resource come from, and what they are in the org; read-only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.commands.addresses import find_address
from reconciler.commands.org import connection
from reconciler.commands.plan import USER_AGENT, Making, inputs_of, org_id_of, read_prior
from reconciler.commands.project import Project, load_offline
from reconciler.errors import UsageError
from reconciler.gathering import gather
from reconciler.kinds import KINDS
from reconciler.kinds.base import Kind
from reconciler.kinds.fields import PLAIN, Combine, FieldRules
from reconciler.kinds.overlays import element_key
from reconciler.manifests import LoadedManifests, trace
from reconciler.model.explanation import ExplainedField, Explanation, NamedVariable
from reconciler.model.ports import Observer
from reconciler.model.remote import Facts
from reconciler.model.resource import Resource
from reconciler.model.state import PriorEntry
from reconciler.model.values import (
    JsonValue,
    Secret,
    Tree,
    TreeObject,
    as_json,
    escape,
    plain_numbers,
    substitute,
    tokens,
)
from reconciler.planning.inputs import PlanOptions
from reconciler.planning.masking import concealing, holds_secret
from reconciler.planning.places import is_keyed, pointer, translated, value_in, written_pointer
from reconciler.planning.planner import draft_plan, planning_reads
from reconciler.remote import open_client

NOT_MANAGED = "not managed"
KIND_DEFAULT = "kind default"


@dataclass(frozen=True, slots=True)
class _Known:
    """All that is known of one resource.

    Args:
        document: the spec with the kind's own defaults.
        live: what may be shown of the object in the org.
        resolved: the spec with ids in place of names; None while nobody looked.
    """

    project: Project
    loaded: LoadedManifests
    resource: Resource
    kind: Kind[Any]
    document: TreeObject
    entry: PriorEntry | None = None
    live: Tree = None
    remote_id: str | None = None
    looked: bool = False
    resolved: Tree = None


async def explain(project: Project, what: str, observer: Observer, *, offline: bool) -> Explanation:
    """Explains a resource, or one field of it (`Widget/aht#/name`).

    Args:
        offline: ask neither store nor org.

    Raises:
        InvalidManifests: the manifests break rules.
        UsageError: nothing declares it, or it has no such field.
        StateError, RemoteError: store or org cannot be read.
    """
    named, _, path = what.partition("#")
    loaded = load_offline(project)
    by_address = {resource.address: resource for resource in loaded.resources}
    address = find_address(named, by_address, where="the manifests")
    known = _declared(project, loaded, by_address[address])
    if not offline:
        known = await _look(known, observer)
    spec, kind = known.resource.spec, known.kind
    paths = [_asked(known, path)] if path else list(_leaves(spec, kind))
    fields = tuple(_explained(known, one) for one in paths)
    if path and fields[0].origin == NOT_MANAGED and fields[0].live is None:
        raise UsageError(f"{address} has no field {path}", hint=f"`reconciler explain {address}` lists them")
    return Explanation(str(address), fields, known.remote_id, known.looked)


def _declared(project: Project, loaded: LoadedManifests, resource: Resource) -> _Known:
    kind = KINDS[resource.address.kind]
    return _Known(project, loaded, resource, kind, kind.complete(resource))


async def _look(known: _Known, observer: Observer) -> _Known:
    """The same, with what was last applied and what the org has."""
    project, address = known.project, known.resource.address
    options = PlanOptions(targets=(str(address),), new_state=True)
    view = read_prior(project, options)
    with connection(project) as place:
        async with open_client(
            place.target,
            settings=project.settings.http,
            clock=project.clock,
            observer=observer,
            user_agent=USER_AGENT,
        ) as client:
            org_id = await org_id_of(client, project, place, view.prior)
            inputs = inputs_of(Making(project, known.loaded, options, view, org_id))
            facts = await gather(
                client, lambda found: planning_reads(inputs.knowing(found)), Facts(), observer
            )
    draft = draft_plan(inputs.knowing(facts))
    decision = draft.decisions.get(address)
    entry = view.prior.entries.get(address)
    live = decision.live if decision else None
    secrets = (known.resource.spec, entry.base if entry else None)
    conceal = concealing(secrets, known.kind.field_rules, inputs.masks)
    return replace(
        known,
        entry=entry,
        live=conceal(live.body) if live else None,
        remote_id=live.remote_id if live else None,
        looked=True,
        resolved=decision.resource.spec if decision else None,
    )


def _asked(known: _Known, path: str) -> tuple[str, ...]:
    """The path of a field as the manifests say it; elements may be named by their id or their number."""
    spec, rules = known.resource.spec, known.kind.field_rules
    found = tuple(_keyed(spec, tokens(path), rules))
    if known.resolved is None or value_in(spec, found, rules) is not None:
        return found
    return translated(found, known.resolved, spec, rules)


def _leaves(spec: TreeObject, kind: Kind[Any]) -> Iterator[tuple[str, ...]]:
    """The fields that the manifest names, in its order; elements of lists by their key."""
    yield from _leaves_of(spec, kind.field_rules, ())


def _leaves_of(tree: Tree, rules: FieldRules, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, Mapping) and tree and rules.combine is not Combine.WHOLE:
        for name, value in tree.items():
            yield from _leaves_of(value, rules.member(name), (*path, name))
    elif is_keyed(rules) and isinstance(tree, list | tuple) and tree:
        for element in tree:
            yield from _leaves_of(element, rules.element or PLAIN, (*path, str(element_key(element, rules))))
    else:
        yield path


def _explained(known: _Known, path: tuple[str, ...]) -> ExplainedField:
    rules, spec = known.kind.field_rules, known.resource.spec
    value = value_in(spec, path, rules)
    by_id = translated(path, spec, known.resolved, rules)
    base = value_in(known.entry.base, by_id, rules) if known.entry else None
    shown = ExplainedField(
        pointer(path),
        _plain(value if value is not None else value_in(known.document, path, rules)),
        NOT_MANAGED,
        last_applied=_plain(base),
        live=_plain(value_in(known.live, by_id, rules)),
        sensitive=holds_secret(value) or holds_secret(base),
    )
    if value is not None:
        return _written(known, path, shown)
    return shown if shown.value is None else replace(shown, origin=KIND_DEFAULT)


def _written(known: _Known, path: tuple[str, ...], shown: ExplainedField) -> ExplainedField:
    """With the place, the text and the variables of a value that the manifests say."""
    at = f"/spec{written_pointer(known.resource.spec, path, known.kind.field_rules)}"
    layers = known.loaded.layers.get(known.resource.address, ())
    found = trace(known.resource, at, layers)
    return replace(
        shown,
        origin=found.role.value,
        file=found.mark.file,
        line=found.mark.line,
        text=found.text,
        variables=tuple(_variables(known.project, found.placeholders)),
    )


def _variables(project: Project, placeholders: tuple[str, ...]) -> Iterator[NamedVariable]:
    for placeholder in placeholders:
        kind, _, name = placeholder.partition(".")
        if kind == "env":
            yield NamedVariable(name, "environment")
        elif kind == "var":
            yield _variable(project, name)


def _variable(project: Project, name: str) -> NamedVariable:
    """Where a variable's value comes from: the command line before the org, the org before the rest."""
    configuration, org = project.configuration, project.org
    value = _plain(project.variables.get(name))
    places = {
        f"org {org.name}": (org.vars, f"/orgs/{escape(org.name)}/vars/{escape(name)}"),
        "configuration": (configuration.vars, f"/vars/{escape(name)}"),
    }
    if name not in project.given:
        for source, (values, at) in places.items():
            if name in values and configuration.file is not None:
                file = configuration.file.relative_to(configuration.root).as_posix()
                return NamedVariable(name, source, value, file, configuration.lines.get(at))
    return NamedVariable(name, "--var", value)


def _plain(tree: Tree) -> JsonValue:
    """As manifests say it; a secret by its names alone."""
    named = substitute(tree, lambda late: late.template if isinstance(late, Secret) else late)
    return plain_numbers(as_json(named, lambda secret: secret.template))


def _keyed(tree: Tree, path: Sequence[str], rules: FieldRules) -> Iterator[str]:
    """The path with keys where it counts the elements of a list that has them."""
    if not path:
        return
    token, inner = path[0], rules.member(path[0])
    if is_keyed(rules) and isinstance(tree, list | tuple):
        inner = rules.element or PLAIN
        keys = [str(element_key(element, rules)) for element in tree]
        is_count = token not in keys and token.isdigit() and int(token) < len(keys)
        token = keys[int(token)] if is_count else token
    yield token
    yield from _keyed(value_in(tree, (token,), rules), path[1:], inner)
