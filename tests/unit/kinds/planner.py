"""The planner in memory: resources, what the org answers and what the store holds, without any I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from reconciler.kinds import KINDS
from reconciler.model.address import Address
from reconciler.model.change import Change, Check
from reconciler.model.remote import Answer, Facts, Read
from reconciler.model.resource import Resource
from reconciler.model.state import Prior, PriorEntry
from reconciler.model.values import JsonObject, JsonValue, as_json
from reconciler.planning.canonical import Masks
from reconciler.planning.inputs import PlanInputs, PlanOptions
from reconciler.planning.judging import check_reads, judge
from reconciler.planning.planner import Draft, draft_plan, planning_reads
from reconciler.settings import Settings

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
MASKS = Masks(of_secret=lambda secret: f"masked {secret.template}", of_text=lambda _: "masked")

Org = Mapping[str, JsonValue]
"""What the org answers, by path; any other path is absent."""


def entry_of(resource: Resource, remote_id: str, scope: Mapping[str, str] | None = None) -> PriorEntry:
    """What the store holds once the resource was applied."""
    base = as_json(KINDS[resource.address.kind].complete(resource), MASKS.of_secret)
    assert isinstance(base, Mapping)
    return PriorEntry(
        resource.address, remote_id, base, scope=scope or {}, dependencies=resource.dependencies
    )


def inputs_of(
    resources: Iterable[Resource],
    entries: Iterable[PriorEntry] = (),
    *,
    options: PlanOptions | None = None,
) -> PlanInputs:
    """What a plan is made from, before anything is read."""
    return PlanInputs(
        org="test",
        org_id="org-1",
        kinds=KINDS,
        resources=tuple(sorted(resources, key=lambda found: found.address)),
        prior=Prior(entries={entry.address: entry for entry in entries}),
        facts=Facts(),
        options=options or PlanOptions(),
        settings=Settings(),
        masks=MASKS,
        now=NOW,
    )


def plan_in(org: Org, inputs: PlanInputs) -> tuple[Draft, tuple[Check, ...]]:
    """The draft and its checks, every read answered by the org."""
    facts = Facts()
    while missing := facts.missing(planning_reads(replace(inputs, facts=facts))):
        facts = facts.with_answers({read: answer_of(org, read) for read in missing})
    draft = draft_plan(replace(inputs, facts=facts))
    while missing := facts.missing(check_reads(draft, facts)):
        facts = facts.with_answers({read: answer_of(org, read) for read in missing})
    return draft, judge(draft, facts)


def answer_of(org: Org, read: Read) -> Answer:
    """What the org says; a filtered listing shows what has the members asked for."""
    body = org.get(read.path)
    if body is None:
        return Answer(200, []) if read.paging.value != "none" else Answer(404)
    if isinstance(body, list | tuple) and read.params:
        wanted = dict(read.params).items()
        body = [found for found in body if isinstance(found, Mapping) and wanted <= _texts(found).items()]
    return Answer(200, body)


def _texts(found: JsonObject) -> dict[str, str]:
    return {name: value for name, value in found.items() if isinstance(value, str)}


def change_of(draft: Draft, address: Address) -> Change:
    """The one change of an address."""
    (found,) = (change for change in draft.changes if change.address == address)
    return found
