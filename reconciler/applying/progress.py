"""How far one change has come: what was sent, answered and waited for."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.model.change import Change, LiveObject
from reconciler.model.outcome import Outcome, Result, ResultError
from reconciler.model.remote import Answer, Facts, Step
from reconciler.model.values import TreeObject


@dataclass(slots=True)
class Progress:
    """What has happened to one change so far.

    Args:
        live: the object as last re-read.
        record: the new base, references filled in.
        done: steps that were sent, or may have been, with their number.
        answer: the last answer to a step.
        after: the object as the org last answered it.
        path: of the last request that was about to leave.
        key: the last idempotency key that was sent.
        is_created: whether the org holds an object that the change made.
        is_called_off: whether it was not due any more, so that nothing was sent and nothing is recorded.
    """

    change: Change
    remote_id: str | None
    live: LiveObject | None
    record: TreeObject | None = None
    done: list[tuple[int, Step]] = field(default_factory=list)
    answer: Answer | None = None
    after: LiveObject | None = None
    attempts: int = 0
    path: str = ""
    key: str | None = None
    waited_s: float | None = None
    is_created: bool = False
    is_called_off: bool = False
    facts: Facts = field(default_factory=Facts)
    warnings: list[str] = field(default_factory=list)

    def result(self, outcome: Outcome, error: ResultError | None = None) -> Result:
        """The change's result, but for its time and detail."""
        return Result(
            address=str(self.change.address),
            action=self.change.action.value,
            outcome=outcome,
            remote_id=self.remote_id,
            attempts=self.attempts,
            error=error,
            warnings=tuple(self.warnings),
        )
