"""One example of a kind in a real org: applied over HTTP, and planned again in memory as often as wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reconciler.commands.apply import ApplyRequest, apply
from reconciler.commands.plan import PlanRequest, plan
from reconciler.commands.project import Project, open_project
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.kinds import KINDS
from reconciler.kinds.base import Kind
from reconciler.model.address import Address
from reconciler.model.change import Change, Check, LiveObject
from reconciler.model.events import Event
from reconciler.model.outcome import RunReport
from reconciler.model.resource import Resource
from reconciler.model.state import Prior
from reconciler.model.values import JsonObject, TreeObject
from reconciler.planning.documents import Planned
from reconciler.planning.inputs import PlanInputs, PlanOptions
from reconciler.planning.judging import judge
from reconciler.planning.planner import Draft, draft_plan
from reconciler.sandbox import SandboxOptions, SandboxOrg, running_sandbox

EXAMPLES = Path(__file__).parent / "examples"


class Nobody:
    """Watches nothing."""

    def notify(self, event: Event) -> None:
        """Forgets the event."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A folder of manifests with its state, and the org that it speaks of."""

    org: SandboxOrg
    root: Path

    def write(self, text: str) -> None:
        """Makes this the only manifest."""
        (self.root / "manifests").mkdir(exist_ok=True)
        (self.root / "manifests" / "example.yaml").write_text(text, encoding="utf-8")

    def plan(self, options: PlanOptions | None = None) -> Planned:
        """What an apply would do."""
        request = PlanRequest(options or PlanOptions(new_state=True))
        return asyncio.run(plan(self._project(), request, Nobody()))

    def apply(self, options: PlanOptions | None = None) -> RunReport:
        """Applies the manifests."""
        request = ApplyRequest(PlanRequest(options or PlanOptions(new_state=True)))
        return asyncio.run(apply(self._project(), request, Nobody()))

    def _project(self) -> Project:
        environ = {
            "GENESYS_BASE_URL": self.org.base_url,
            "GENESYS_CLIENT_ID": self.org.client_id,
            "GENESYS_CLIENT_SECRET": self.org.client_secret,
            "RECONCILER_ACTOR": "tester",
        }
        return open_project(CommonOptions(), Surroundings(self.root, environ))


@contextmanager
def repository(root: Path) -> Iterator[Repository]:
    """A repository for an org whose channels are active and whose widgets are rendered at once."""
    options = SandboxOptions(rate_limit=None, activation_s=0.0, render_s=0.0)
    with running_sandbox(options) as org:
        yield Repository(org, root)


@dataclass(frozen=True, slots=True)
class Example:
    """A kind's example, planned before and after it was applied.

    Args:
        fresh: the plan of the first apply.
        settled: the plan after it: what any edit is planned against.
    """

    kind: Kind[Any]
    fresh: Planned
    settled: Planned

    @property
    def resource(self) -> Resource:
        """The example, look-ups resolved."""
        return self.settled.draft.decisions[self.address].resource

    @property
    def address(self) -> Address:
        """Its address."""
        return Address(self.kind.name, "example")

    @property
    def live(self) -> LiveObject:
        """The example as the org has it."""
        found = self.settled.draft.decisions[self.address].live
        assert found is not None
        return found

    def planned(self, spec: TreeObject | None, *, base_of_prior: JsonObject | None = None) -> Draft:
        """The plan for another spec, in memory; None for a manifest that is gone.

        Args:
            base_of_prior: what prior state holds, where it is not the example.
        """
        inputs = self.settled.draft.inputs
        resources = () if spec is None else (replace(self.resource, spec=spec),)
        inputs = replace(inputs, resources=resources)
        if base_of_prior is not None:
            inputs = self._with_base(inputs, base_of_prior)
        return draft_plan(inputs)

    def change(self, spec: TreeObject, *, base: JsonObject | None = None) -> Change | None:
        """The change that another spec makes."""
        draft = self.planned(spec, base_of_prior=base)
        return next((found for found in draft.changes if found.address == self.address), None)

    def checks(self, draft: Draft) -> tuple[Check, ...]:
        """The checks of a draft, with what was read for the example."""
        return judge(draft, self.settled.facts)

    def _with_base(self, inputs: PlanInputs, base: JsonObject) -> PlanInputs:
        entry = inputs.prior.entries[self.address]
        entries = {self.address: replace(entry, base=base)}
        return replace(inputs, prior=Prior(inputs.prior.identity, entries))


def example_text(kind: str) -> str:
    """The example manifest of a kind."""
    return (EXAMPLES / f"{kind}.yaml").read_text(encoding="utf-8")


def applied_example(kind: str, root: Path) -> Example:
    """Applies a kind's example to an org of its own, and plans it before and after."""
    with repository(root) as place:
        place.write(example_text(kind))
        fresh = place.plan()
        place.apply()
        return Example(KINDS[kind], fresh, place.plan())
