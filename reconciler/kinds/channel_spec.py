"""What a channel's manifest may say (platform-api.md, section 5; design.md, section 3).

The spec, and the rules that a manifest can break by itself. Knows no org.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from reconciler.kinds.fallback import FallbackSpec, contradictions, is_same_id
from reconciler.kinds.fields import As, Colour, Combine, Local, Names, SpecModel
from reconciler.kinds.languages import check_language_tag
from reconciler.kinds.texts import MAY_BE_LATE, Uuid
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.resource import Resource
from reconciler.model.values import Tree

Hex = Annotated[str, Field(pattern=r"^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$"), MAY_BE_LATE]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Day = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
PositiveSeconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class RoutingTargetSpec(SpecModel):
    """The queue that takes the messages."""

    type: Literal["queue"]
    id: Annotated[Uuid, Names("Queue")]


class DefaultAvailabilitySpec(SpecModel):
    """Whether the channel takes messages outside of its schedules."""

    status: Literal["available", "unavailable"] | None = None


class ScheduleSpec(SpecModel):
    """A window of opening; one that ends before it starts goes past midnight."""

    name: Annotated[str, Field(min_length=1)]
    days: Annotated[list[Day], Field(min_length=1)]
    from_: Annotated[TimeOfDay, Field(alias="from")]
    to: TimeOfDay


class AvailabilitySpec(SpecModel):
    """When the channel takes messages; the schedules are one value."""

    default: DefaultAvailabilitySpec | None = None
    schedules: Annotated[list[ScheduleSpec] | None, As(Combine.WHOLE)] = None


class AppearanceSpec(SpecModel):
    """Colours of the messenger."""

    primary_color: Annotated[Hex, Colour()]
    secondary_color: Annotated[Hex, Colour()]


class ConversationStartSpec(SpecModel):
    """Whether visitors may start a conversation."""

    enabled: bool | None = None


class MessengerSpec(SpecModel):
    """What visitors see."""

    appearance: AppearanceSpec
    conversation_start: ConversationStartSpec | None = None


class ActivationSpec(SpecModel):
    """How long and how often activation is asked for; never sent."""

    timeout_seconds: PositiveSeconds = 300
    poll_seconds: PositiveSeconds = 5


class ChannelSpec(SpecModel):
    """A configuration as the API takes it, with its fallback and its activation."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(min_length=1, max_length=500), MAY_BE_LATE]
    default_language: Annotated[str, AfterValidator(check_language_tag), MAY_BE_LATE]
    routing_target: RoutingTargetSpec
    availability: AvailabilitySpec | None = None
    widget: MessengerSpec
    fallback: Annotated[FallbackSpec | None, Local()] = None
    activation: Annotated[ActivationSpec | None, Local()] = None


def schedule_rules(resource: Resource, path: str, schedule: ScheduleSpec) -> Iterator[Diagnostic]:
    """Days that are listed twice, and windows without length; one past midnight is fine."""
    if len(set(schedule.days)) < len(schedule.days):
        yield resource.diagnostic(
            "manifest.invalid-value",
            f"schedule {schedule.name}: a day is listed twice",
            path=f"{path}/days",
            hint="list each day once; two windows in a day are two schedules",
        )
    if schedule.from_ == schedule.to:
        yield resource.diagnostic(
            "manifest.invalid-value",
            f"schedule {schedule.name}: from and to are both {schedule.to}",
            path=f"{path}/to",
            hint="a window has a length; from 00:00 to 23:59 is the whole day",
        )


def fallback_rules(resource: Resource, declared: FallbackSpec, primary: Tree) -> Iterator[Diagnostic]:
    """One place to turn to, which is not the primary one, and thresholds that do not flutter."""
    if declared.queue_id is None and not declared.offline:
        yield resource.diagnostic(
            "manifest.missing-field",
            "the fallback says no place to turn to",
            path="/spec/fallback",
            hint="name a queue with queueId, or write offline: true",
        )
    for member, message, hint in contradictions(declared):
        yield resource.diagnostic(
            "manifest.invalid-value", message, path=f"/spec/fallback/{member}", hint=hint
        )
    if is_same_id(declared.queue_id, primary):
        yield resource.diagnostic(
            "channel.fallback-same-queue",
            "the fallback queue is the channel's own queue",
            path="/spec/fallback/queueId",
            hint="name another queue, or write offline: true instead",
        )
