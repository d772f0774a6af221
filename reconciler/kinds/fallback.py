"""Fallback of a channel: thresholds, whether it is due, and where the channel then points.

The rules are those of platform-api.md, section 5, and design.md, sections 3 and 6. Between the thresholds of
turning away and those of coming back nothing is due, so that a channel does not flutter. Pure arithmetic over
values: knows no kind, and reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from reconciler.kinds.fields import Names, SpecModel
from reconciler.kinds.texts import Uuid
from reconciler.model.values import JsonObject, Tree, TreeObject

RECOVERED_SHARE = 0.8
"""Of `maxLongestWait`: what the longest wait must have come down to, where the manifest does not say."""

AVAILABLE, UNAVAILABLE = "available", "unavailable"

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class FallbackSpec(SpecModel):
    """Where the channel turns when its queue is short of agents, and when; never sent.

    Exactly one of `queueId` and `offline` is said.
    """

    queue_id: Annotated[Uuid | None, Names("Queue")] = None
    offline: Literal[True] | None = None
    min_agents_available: Count = 2
    max_longest_wait: Seconds = 120
    recover_agents: Count | None = None
    recover_wait: Seconds | None = None

    @property
    def agents_to_return(self) -> int:
        """So many agents bring the channel back: one more than keep it, where the manifest does not say."""
        return self.min_agents_available + 1 if self.recover_agents is None else self.recover_agents

    @property
    def wait_to_return(self) -> float:
        """The longest wait, in seconds, at which the channel comes back."""
        default = round(RECOVERED_SHARE * self.max_longest_wait, 6)
        return default if self.recover_wait is None else self.recover_wait


class Due(StrEnum):
    """What is due now."""

    SWITCH = "switch"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a channel should turn to its fallback, or come back.

    Args:
        due: None where the channel stays as it is.
        why: the numbers, for people.
        numbers: the same for machines.
    """

    due: Due | None
    why: str
    numbers: JsonObject

    @property
    def message(self) -> str:
        """One line: what would happen."""
        return f"would {self.due}: {self.why}" if self.due else self.why


@dataclass(frozen=True, slots=True)
class Fallback:
    """One channel's fallback.

    Args:
        spec: what the manifest declares.
        document: the channel as the manifest has it, look-ups resolved.
    """

    spec: FallbackSpec
    document: TreeObject

    @property
    def is_elsewhere(self) -> bool:
        """Whether the fallback differs from what the manifest says anyway."""
        if self.spec.offline:
            return _availability(self.document) != UNAVAILABLE
        return not is_same_id(queue_id_in(self.document), self.spec.queue_id)

    def is_taken(self, live: JsonObject) -> bool:
        """Whether the org has the channel on its fallback."""
        if not self.is_elsewhere:
            return False
        if self.spec.offline:
            return _availability(live) == UNAVAILABLE
        return is_same_id(queue_id_in(live), self.spec.queue_id)

    def judge(self, queue: JsonObject, live: JsonObject | None) -> Judgement:
        """What is due by the primary queue's numbers; one that says none has no agents and no wait.

        Args:
            queue: the primary queue as it is now.
            live: the channel as the org has it; None while there is none.
        """
        agents, wait = _number(queue.get("agentsAvailable")), _number(queue.get("longestWait"))
        on_fallback = live is not None and self.is_taken(live)
        due, why = self._verdict(agents, wait, on_fallback=on_fallback)
        numbers: JsonObject = {
            "agentsAvailable": agents,
            "longestWait": wait,
            "minAgentsAvailable": self.spec.min_agents_available,
            "maxLongestWait": self.spec.max_longest_wait,
            "recoverAgents": self.spec.agents_to_return,
            "recoverWait": self.spec.wait_to_return,
            "onFallback": on_fallback,
            "due": due.value if due else None,
        }
        return Judgement(due, why, numbers)

    def _verdict(self, agents: float, wait: float, *, on_fallback: bool) -> tuple[Due | None, str]:
        now = f"{_agents(agents)}, longest wait {wait:g} s"
        if not self.is_elsewhere:
            return None, f"the manifest itself points at the fallback: {now}"
        if on_fallback:
            short = _shortcomings((agents, self.spec.agents_to_return), (wait, self.spec.wait_to_return))
            return (None, f"stays on its fallback: {short}") if short else (Due.RETURN, now)
        short = _shortcomings((agents, self.spec.min_agents_available), (wait, self.spec.max_longest_wait))
        return (Due.SWITCH, short) if short else (None, now)

    def turn_away(self) -> TreeObject:
        """The document with the fallback queue as target, or offline."""
        if self.spec.offline:
            return _with_availability(self.document, UNAVAILABLE)
        target = {**_member(self.document, "routingTarget"), "id": self.spec.queue_id}
        return {**self.document, "routingTarget": target}

    def turn_back(self) -> TreeObject:
        """The document with its primary target; after offline, it says its availability in any case."""
        if self.spec.offline:
            return _with_availability(self.document, _availability(self.document) or AVAILABLE)
        return self.document

    def agree(self, live: JsonObject) -> TreeObject:
        """The document as the org has it while on its fallback; it manages no more than the manifest."""
        if not self.spec.offline:
            target = {**_member(self.document, "routingTarget"), "id": queue_id_in(live)}
            return {**self.document, "routingTarget": target}
        return self.document if _availability(self.document) is None else self.turn_away()


def fallback_of(document: TreeObject) -> Fallback | None:
    """The fallback that a channel's document declares."""
    declared = document.get("fallback")
    return Fallback(FallbackSpec.model_validate(declared), document) if declared is not None else None


def contradictions(fallback: FallbackSpec) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a fallback alone: member, message, hint."""
    if fallback.queue_id is not None and fallback.offline:
        yield "offline", "a fallback is either a queue or offline, not both", "remove queueId or offline"
    if fallback.recover_agents is not None and fallback.recover_agents < fallback.min_agents_available:
        message = (
            f"recoverAgents {fallback.recover_agents} is under the {fallback.min_agents_available} wanted"
        )
        yield "recoverAgents", message, "a channel that came back would turn away again at once: raise it"
    if fallback.recover_wait is not None and fallback.recover_wait > fallback.max_longest_wait:
        message = (
            f"recoverWait {fallback.recover_wait:g} is over maxLongestWait {fallback.max_longest_wait:g}"
        )
        yield "recoverWait", message, "a channel that came back would turn away again at once: lower it"


def queue_id_in(document: TreeObject) -> Tree:
    """The routing target of a channel, which may be a late value."""
    return _member(document, "routingTarget").get("id")


def is_same_id(one: Tree, other: Tree) -> bool:
    """Whether two ids, or two late values, are the same; ids compare without case."""
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return one is not None and one == other


def _shortcomings(agents: tuple[float, int], wait: tuple[float, float]) -> str:
    """What is short of a threshold: agents and wanted, wait and limit; empty where nothing is."""
    few = f"{_agents(agents[0])}, {agents[1]} wanted" if agents[0] < agents[1] else ""
    long = f"longest wait {wait[0]:g} s, at most {wait[1]:g} s wanted" if wait[0] > wait[1] else ""
    return "; ".join(text for text in (few, long) if text)


def _agents(available: float) -> str:
    return f"{available:g} agent{'' if available == 1 else 's'} available"


def _number(value: Tree) -> int | float:
    return value if isinstance(value, int | float) else 0


def _availability(document: TreeObject) -> Tree:
    return _member(_member(document, "availability"), "default").get("status")


def _with_availability(document: TreeObject, status: Tree) -> TreeObject:
    availability = _member(document, "availability")
    default = {**_member(availability, "default"), "status": status}
    return {**document, "availability": {**availability, "default": default}}


def _member(document: TreeObject, name: str) -> TreeObject:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}
