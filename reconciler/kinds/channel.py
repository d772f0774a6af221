"""Channel: a web messaging configuration (platform-api.md, section 5).

A channel is active some time after it was written: that is what its changes wait for. With a fallback it may
stand elsewhere than its manifest says for the time being, and agrees with it all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.kinds import channel_checks
from reconciler.kinds.base import REMOTE_ID, WAITED_S, Endpoint, Kind, Switch
from reconciler.kinds.channel_spec import ActivationSpec, ChannelSpec, fallback_rules, schedule_rules
from reconciler.kinds.fallback import Due, fallback_of, queue_id_in
from reconciler.kinds.queues import find_queue, queue_reads
from reconciler.model.change import Change, Check, Desired, LiveObject, Report
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.remote import Facts, Failed, Pending, Read, Settled, Step, Verdict, Wait, get
from reconciler.model.resource import Resource
from reconciler.model.state import PriorEntry
from reconciler.model.values import JsonObject, Tree, TreeObject


class Channel(Kind[ChannelSpec]):
    """Web messaging channels, with the wait for their activation and their fallback."""

    name = "Channel"
    spec = ChannelSpec
    endpoint = Endpoint(
        collection="/api/v2/wi/engagements/configurations",
        natural_key=("name",),
        read_only=frozenset({"status", "statusReason"}),
        read_scope="webchat:config:read",
        write_scope="webchat:config:write",
    )

    def rules(self, resource: Resource, spec: ChannelSpec) -> Iterable[Diagnostic]:
        """Windows that never open, days said twice, and a fallback that contradicts itself."""
        schedules = spec.availability.schedules if spec.availability else None
        for index, schedule in enumerate(schedules or ()):
            yield from schedule_rules(resource, f"/spec/availability/schedules/{index}", schedule)
        if spec.fallback is not None:
            yield from fallback_rules(resource, spec.fallback, spec.routing_target.id)

    # -- reading -----------------------------------------------------------------------------------------

    def reads(
        self, resources: Sequence[Resource], prior: Sequence[PriorEntry], facts: Facts
    ) -> Iterable[Read]:
        """As usual, and the queues of all channels with a fallback: many of them are one listing."""
        yield from super().reads(resources, prior, facts)
        yield from _known_queue_reads(
            (queue_id_in(found.spec) for found in resources if fallback_of(found.spec)), facts
        )

    def standing_reads(self, resource: Resource, facts: Facts) -> Iterable[Read]:
        """The primary queue of a channel with a fallback."""
        if fallback_of(resource.spec) is None:
            return ()
        return _known_queue_reads((queue_id_in(resource.spec),), facts)

    def check_reads(self, change: Change, facts: Facts) -> Iterable[Read]:
        """The queue, and the fallback queue."""
        if change.after is None:
            return ()
        document = _declared(change)
        declared = fallback_of(document)
        secondary = declared.spec.queue_id if declared else None
        return _known_queue_reads((queue_id_in(document), secondary), facts)

    # -- planning ----------------------------------------------------------------------------------------

    def desired(self, resource: Resource, live: LiveObject | None, facts: Facts) -> Desired:
        """The manifest; a channel on its fallback agrees with it, so its target stays as it is."""
        document = self.complete(resource)
        declared = fallback_of(document)
        if declared is None or live is None or not declared.is_taken(live.body):
            return Desired(document)
        place = "offline" if declared.spec.offline else f"queue {declared.spec.queue_id}"
        return Desired(declared.agree(live.body), (f"on its fallback: {place}",))

    def switch(self, resource: Resource, live: LiveObject, facts: Facts) -> Switch | None:
        """To the fallback or back, where the thresholds ask for it."""
        document = self.complete(resource)
        declared, queue_id = fallback_of(document), queue_id_in(document)
        queue = find_queue(queue_id, facts) if isinstance(queue_id, str) else None
        if declared is None or queue is None:
            return None
        judgement = declared.judge(queue, live.body)
        if judgement.due is None:
            return None
        turned = declared.turn_away() if judgement.due is Due.SWITCH else declared.turn_back()
        return Switch(turned, judgement.why)

    def standing_checks(self, resource: Resource, live: LiveObject | None, facts: Facts) -> Iterable[Check]:
        """Whether the fallback is due; changes nothing by itself."""
        if declared := fallback_of(resource.spec):
            yield channel_checks.due_check(resource.address, declared, live, facts)

    def checks(self, change: Change, facts: Facts) -> Iterable[Check]:
        """Whether the queue can take messages, and the fallback queue can stand in for it.

        `channel.fallback` is what the standing check says, failed where the fallback queue is unfit: it
        takes the standing check's place.
        """
        if change.after is None:
            return
        document = _declared(change)
        yield channel_checks.queue_check(change.address, document, facts)
        if declared := fallback_of(document):
            due = channel_checks.due_check(change.address, declared, change.live, facts)
            yield channel_checks.with_fitness(due, declared, facts)

    # -- steps -------------------------------------------------------------------------------------------

    def settlement(self, live: LiveObject) -> Verdict:
        """What became of an activation that nobody waited for to the end."""
        return _judge_status(live.server)

    def create_step(self, change: Change) -> Step:
        """The POST, settled once the channel is active."""
        return replace(super().create_step(change), until=self._activation(change, REMOTE_ID))

    def update_step(self, change: Change, live: LiveObject) -> Step:
        """The PUT of the whole configuration, settled once the channel is active again."""
        return replace(super().update_step(change, live), until=self._activation(change, live.remote_id))

    def _activation(self, change: Change, remote_id: str) -> Wait:
        declared = (change.after or {}).get("activation")
        how = ActivationSpec.model_validate(declared if declared is not None else {})
        return Wait(
            reads=(get(self.endpoint.item_path(remote_id, {}), optional=True),),
            every_s=how.poll_seconds,
            deadline_s=how.timeout_seconds,
            verdict=judge_activation,
        )

    def report(self, change: Change, facts: Facts, after: LiveObject | None = None) -> Report:
        """Once applied: its status, and the record for property managers."""
        if after is None:
            return Report()
        detail = {"status": after.server.get("status"), WAITED_S: None}
        return Report(detail=detail, export=export_record(after))


def judge_activation(facts: Facts) -> Verdict:
    """Judges what the org says of one channel; no answer is no verdict, the deadline is the engine's."""
    return _judge_status(next((found for read in facts if (found := facts.one(read))), {}))


def _judge_status(channel: JsonObject) -> Verdict:
    status = channel.get("status")
    if status == "active":
        return Settled()
    if status == "failed":
        return Failed(str(channel.get("statusReason") or "the platform gives no reason"))
    return Pending(f"status {status}" if status else "no status yet")


def export_record(live: LiveObject) -> JsonObject:
    """What property managers are told of a channel, but for the time."""
    target, messenger = _member(live.body, "routingTarget"), _member(live.body, "widget")
    return {
        "configId": live.remote_id,
        "name": live.body.get("name"),
        "status": live.server.get("status"),
        "routing": {"type": target.get("type"), "id": target.get("id")},
        "widget": {
            "appearance": messenger.get("appearance"),
            "start": messenger.get("conversationStart"),
        },
        "availability": live.body.get("availability"),
    }


def _declared(change: Change) -> TreeObject:
    """The manifest rather than what is planned: on its fallback, a channel is planned to stay there."""
    return change.resource.spec if change.resource else change.after or {}


def _known_queue_reads(queue_ids: Iterable[Tree], facts: Facts) -> tuple[Read, ...]:
    """What shows the queues; one that is not known yet waits for another round."""
    return queue_reads([queue_id for queue_id in queue_ids if isinstance(queue_id, str)], facts)


def _member(document: JsonObject, name: str) -> JsonObject:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}
