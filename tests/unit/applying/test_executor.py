"""The walk of the graph: readiness, bounds, skips, and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import process_time

import pytest

from reconciler.applying.executor import Visits, walk


@dataclass(slots=True)
class Trail:
    """What a walk did.

    Args:
        fails: nodes whose visit fails.
        waits: nodes whose visit ends only when another node's has.
    """

    fails: frozenset[str] = frozenset()
    waits: Mapping[str, str] = field(default_factory=dict)
    raises: frozenset[str] = frozenset()
    events: list[str] = field(default_factory=list)
    ended: dict[str, asyncio.Event] = field(default_factory=dict)
    running: int = 0
    most: int = 0

    async def visit(self, node: str) -> bool:
        self.events.append(f"+{node}")
        self.running += 1
        self.most = max(self.most, self.running)
        if node in self.waits:
            await self.ended.setdefault(self.waits[node], asyncio.Event()).wait()
        else:
            await asyncio.sleep(0)
        self.running -= 1
        self.events.append(f"-{node}")
        self.ended.setdefault(node, asyncio.Event()).set()
        if node in self.raises:
            raise KeyError(node)
        return node not in self.fails

    def skip(self, node: str, cause: str) -> None:
        self.events.append(f"{node}<{cause}")


def run(
    needs: Mapping[str, Sequence[str]],
    trail: Trail,
    *,
    parallelism: int = 10,
    is_stopped: Callable[[], bool] = lambda: False,
) -> str:
    """The events of a walk, as text."""
    visits: Visits[str] = Visits(trail.visit, trail.skip, is_stopped)
    asyncio.run(walk(needs, visits, parallelism=parallelism))
    return " ".join(trail.events)


def test_nodes_start_in_the_order_of_their_names() -> None:
    assert run({"a": (), "b": (), "c": ()}, Trail(), parallelism=1) == "+a -a +b -b +c -c"


def test_node_comes_after_all_that_it_needs() -> None:
    needs = {"a": ("b", "c"), "b": ("c",), "c": ()}
    assert run(needs, Trail()) == "+c -c +b -b +a -a"


def test_need_outside_of_the_graph_is_met() -> None:
    assert run({"a": ("elsewhere",)}, Trail()) == "+a -a"


def test_no_barrier_between_levels() -> None:
    """`slow` ends only after `late`, which is two levels further on in the other branch."""
    trail = Trail(waits={"slow": "late"})
    events = run({"slow": (), "quick": (), "late": ("quick",)}, trail)
    assert events == "+slow +quick -quick +late -late -slow"


def test_parallelism_is_a_bound_and_is_used() -> None:
    trail = Trail()
    run({str(number): () for number in range(9)}, trail, parallelism=4)
    assert trail.most == 4


def test_failure_skips_its_users_once_each() -> None:
    needs = {"a": (), "b": ("a",), "c": ("a", "b"), "d": ("c", "free"), "free": ()}
    events = run(needs, Trail(fails=frozenset("a")), parallelism=1)
    assert sorted(events.split()) == ["+a", "+free", "-a", "-free", "b<a", "c<a", "d<a"]


def test_node_with_two_failed_needs_is_skipped_once() -> None:
    needs = {"a": (), "b": (), "c": ("a", "b")}
    assert run(needs, Trail(fails=frozenset("ab")), parallelism=1) == "+a -a c<a +b -b"


def test_stop_starts_nothing_new() -> None:
    trail = Trail()
    events = run({"a": (), "b": (), "c": ("a",)}, trail, parallelism=1, is_stopped=lambda: trail.most > 0)
    assert events == "+a -a"


def test_error_ends_the_walk_after_what_is_under_way() -> None:
    trail = Trail(raises=frozenset("a"), waits={"b": "a"})
    with pytest.raises(KeyError):
        run({"a": (), "b": (), "c": ()}, trail, parallelism=2)
    assert trail.events == ["+a", "+b", "-a", "-b"]


def test_long_chain_is_skipped_without_recursion() -> None:
    needs = {"0": (), **{str(number): (str(number - 1),) for number in range(1, 5000)}}
    trail = Trail(fails=frozenset("0"))
    run(needs, trail)
    assert len(trail.events) == 2 + 4999


def test_cost_of_a_node_does_not_grow_with_the_graph() -> None:
    def seconds_a_node(count: int) -> float:
        before = process_time()
        run({str(number): () for number in range(count)}, Trail())
        return (process_time() - before) / count

    small = min(seconds_a_node(500) for _ in range(3))
    assert min(seconds_a_node(10_000) for _ in range(2)) < 6 * small
