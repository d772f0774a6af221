"""A generic asynchronous walk of a dependency graph: each node starts as soon as its own needs are met.

No level barriers: a slow node holds up what depends on it, and nothing else. A node that fails skips its
dependants, directly or through others. What a walk costs a node does not grow with the graph.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Visits(Generic[T]):
    """What the walk calls.

    Args:
        visit: works on a node; False when what depends on it must be skipped.
        skip: told of a node that will not be visited, and of the failed node that it depends on.
        is_stopped: asked before each start: whether to start nothing new.
    """

    visit: Callable[[T], Awaitable[bool]]
    skip: Callable[[T, T], None]
    is_stopped: Callable[[], bool]


@dataclass(slots=True)
class _Walk(Generic[T]):
    """`ready` is a heap of ranks: nodes start in the order in which the caller named them."""

    nodes: tuple[T, ...]
    rank: dict[T, int]
    needs: dict[T, set[T]]
    users: dict[T, list[T]]
    ready: list[int]
    failure: BaseException | None = None
    running: dict[asyncio.Task[bool], T] = field(default_factory=dict)


async def walk(needs: Mapping[T, Sequence[T]], visits: Visits[T], *, parallelism: int) -> None:
    """Visits every node after those that it needs, up to `parallelism` at once.

    Nodes that are never reached, because the walk was stopped, are neither visited nor skipped. A visit that
    raises ends the walk: nothing new starts, what is under way comes to its end, then the error goes on.
    """
    state = _begin(needs)
    while True:
        _start_ready(state, visits, parallelism)
        if not state.running:
            break
        done, _ = await asyncio.wait(state.running, return_when=asyncio.FIRST_COMPLETED)
        for task in sorted(done, key=lambda task: state.rank[state.running[task]]):
            _conclude(state, task, visits)
    if state.failure is not None:
        raise state.failure


def _conclude(state: _Walk[T], task: asyncio.Task[bool], visits: Visits[T]) -> None:
    node = state.running.pop(task)
    error = task.exception()
    if error is not None:
        state.failure = state.failure or error
    elif task.result():
        _release(state, node)
    else:
        _skip_users(state, node, visits)


def _begin(needs: Mapping[T, Sequence[T]]) -> _Walk[T]:
    pending = {node: {need for need in wanted if need in needs} for node, wanted in needs.items()}
    users: dict[T, list[T]] = {node: [] for node in needs}
    for node, wanted in pending.items():
        for need in wanted:
            users[need].append(node)
    nodes = tuple(needs)
    rank = {node: index for index, node in enumerate(nodes)}
    return _Walk(nodes, rank, pending, users, [rank[node] for node, wanted in pending.items() if not wanted])


def _start_ready(state: _Walk[T], visits: Visits[T], parallelism: int) -> None:
    while state.ready and len(state.running) < parallelism and not _is_over(state, visits):
        node = state.nodes[heapq.heappop(state.ready)]
        state.running[asyncio.ensure_future(visits.visit(node))] = node


def _is_over(state: _Walk[T], visits: Visits[T]) -> bool:
    return state.failure is not None or visits.is_stopped()


def _release(state: _Walk[T], node: T) -> None:
    for user in state.users[node]:
        wanted = state.needs.get(user)
        if wanted is None:
            continue  # skipped for another need
        wanted.discard(node)
        if not wanted:
            heapq.heappush(state.ready, state.rank[user])


def _skip_users(state: _Walk[T], cause: T, visits: Visits[T]) -> None:
    """Skips what depends on a failed node, directly or through others; a chain may be long: no recursion."""
    waiting = [cause]
    while waiting:
        for user in sorted(state.users[waiting.pop()], key=state.rank.__getitem__):
            if state.needs.pop(user, None) is not None:
                visits.skip(user, cause)
                waiting.append(user)
