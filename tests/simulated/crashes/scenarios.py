"""What is to be applied when the run dies: each kind in each of its changes, and several together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulated.apply.bench import Bench
from tests.simulated.apply.manifests import channel, matrix, reference, schema, text_field, weights, widget

Document = dict[str, Any]

KEEPER = schema("keeper")
"""Stays, so that manifests are never empty."""

WALLBOARD = {"$lookup": "Dashboard/Wallboard"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One apply that dies.

    Args:
        before: the manifests that were applied; none: there is no store yet.
        after: those that are to be applied.
        adopt: what is taken over.
        prepare: what else happens in the org before.
        is_quick: whether it is in every test run, at each of its points.
    """

    name: str
    before: tuple[Document, ...]
    after: tuple[Document, ...]
    adopt: tuple[str, ...] = ()
    prepare: Callable[[Bench], None] = field(default=lambda _work: None)
    parallelism: int = 10
    is_quick: bool = False

    def lay_out(self, work: Bench) -> None:
        """Brings project and org to where the apply begins."""
        if self.before:
            work.declare(*self.before)
            work.converge()
        self.prepare(work)
        work.declare(*self.after)


def _life(kind: str, first: Document, edited: Document) -> tuple[Scenario, ...]:
    """Made, edited and removed."""
    return (
        Scenario(f"{kind}-create", (), (first,), is_quick=True),
        Scenario(f"{kind}-update", (first,), (edited,), is_quick=True),
        Scenario(f"{kind}-removal", (first, KEEPER), (KEEPER,)),
    )


def _by_hand(collection: str, name: str, patch: Mapping[str, Any]) -> Callable[[Bench], None]:
    """The state is lost, and somebody has edited the object."""

    def prepare(work: Bench) -> None:
        work.lose_state()
        object_id = str(work.org.collection(collection).find(name=name)["id"])
        work.org.alter(collection, object_id, patch)

    return prepare


WIDGETS = _life("Widget", widget("calls"), widget("calls", type="chart"))
CHANNELS = _life("Channel", channel("web"), channel("web", description="Edited"))
MATRICES = _life(
    "WeightMatrix",
    matrix("support", overflowThreshold=0.6),
    matrix("support", overflowThreshold=0.5, members=weights(ada=0.1, ben=0.5)),
)
SCHEMAS = _life("Schema", schema("ticket"), schema("ticket", [text_field("subject"), text_field("more")]))

OTHERS = (
    Scenario(
        "Channel-rename",
        (channel("web"),),
        (channel("site", name="site", metadata={"formerly": ["web"]}),),
    ),
    Scenario(
        "Schema-rename",
        (schema("old", externalId="ticket"),),
        (schema("new", externalId="ticket", description="Edited", metadata={"formerly": ["old"]}),),
    ),
    Scenario("Widget-replace", (widget("calls"),), (widget("calls", dashboardId=WALLBOARD),)),
    Scenario(
        "Channel-adopt",
        (channel("web"),),
        (channel("web"),),
        adopt=("*",),
        prepare=_by_hand("channels", "web", {"description": "By hand"}),
    ),
    Scenario(
        "Widget-adopt",
        (widget("calls"),),
        (widget("calls"),),
        adopt=("*",),
        prepare=_by_hand("widgets", "calls", {"type": "chart"}),
    ),
    Scenario(
        "mixed",
        (schema("old"), schema("b"), channel("web"), widget("gone")),
        (
            schema("a", [reference("b", "b")]),
            schema("b", [text_field("subject"), text_field("more")]),
            schema("c", [reference("a", "a")], dependsOn=["Channel/web"]),
            channel("web", description="Edited"),
            widget("calls"),
            matrix("support"),
        ),
        parallelism=3,
    ),
)

SCENARIOS = {scenario.name: scenario for scenario in (*WIDGETS, *CHANNELS, *MATRICES, *SCHEMAS, *OTHERS)}
