"""Which addresses a plan speaks of.

`--target` takes in what it depends on, `--exclude` what depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.errors import UsageError
from reconciler.model.address import Address
from reconciler.model.resource import Resource
from reconciler.model.state import PriorEntry
from reconciler.planning.graph import Edge, edges_of, reachable, reversed_edges
from reconciler.planning.inputs import PlanOptions


def select(
    resources: Sequence[Resource], entries: Mapping[Address, PriorEntry], options: PlanOptions
) -> frozenset[Address]:
    """The addresses, declared or in prior state, that the options leave in.

    Raises:
        UsageError: a target or exclude matches nothing, which is a typing error rather than a wish.
    """
    edges = _all_edges(resources, entries)
    known = {resource.address for resource in resources} | set(entries)
    chosen = known
    if options.targets:
        chosen = set(reachable(_matching(known, options.targets, "--target"), edges)) & known
    if options.selectors:
        chosen &= _labelled(resources, entries, options.selectors)
    if options.excludes:
        chosen = chosen - reachable(_matching(known, options.excludes, "--exclude"), reversed_edges(edges))
    return frozenset(chosen)


def _matching(known: Iterable[Address], patterns: Sequence[str], flag: str) -> set[Address]:
    found: set[Address] = set()
    for pattern in patterns:
        matched = {address for address in known if address.matches(pattern)}
        if not matched:
            raise UsageError(
                f"{flag} {pattern} matches no resource",
                hint="write an address as in Widget/queue-aht, or a glob as in 'Widget/*'",
            )
        found |= matched
    return found


def _labelled(
    resources: Sequence[Resource], entries: Mapping[Address, PriorEntry], selectors: Mapping[str, str]
) -> set[Address]:
    labels = {address: entry.labels for address, entry in entries.items()}
    labels |= {resource.address: resource.labels for resource in resources}
    return {
        address
        for address, found in labels.items()
        if all(found.get(name) == value for name, value in selectors.items())
    }


def _all_edges(resources: Sequence[Resource], entries: Mapping[Address, PriorEntry]) -> tuple[Edge, ...]:
    declared = {resource.address for resource in resources}
    prior = tuple(
        Edge(address, dependency.target, dependency.via)
        for address, entry in entries.items()
        if address not in declared
        for dependency in entry.dependencies
    )
    return edges_of(resources) + prior
