"""Repeats: carries one call through to its answer by the table of platform-api.md, section 3.

Three reasons to send again, each with its own patience: a passing fault (so many tries, with back-off), a 429
(not counted as a try; so many in a row), and a 401 (once, under a fresh token). What nobody may repeat is
sent once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from reconciler.errors import RemoteError
from reconciler.model.events import Retrying
from reconciler.model.ports import Clock, Fence, Observer
from reconciler.model.remote import Answer
from reconciler.remote.calls import Call, Purpose
from reconciler.remote.failures import (
    PassingFault,
    error_of,
    is_answer,
    is_passing,
    leaves_doubt,
    passing_fault,
    rate_limited,
    unavailable,
)
from reconciler.remote.hosts import Target
from reconciler.remote.ratelimit import RateLimiter, WaitTooLong, window_in
from reconciler.remote.replies import Reply, retry_after_s
from reconciler.remote.wire import Wire
from reconciler.settings import HttpSettings

Uniform = Callable[[float, float], float]
"""Randomness as an argument: a number between two bounds."""


class Credentials(Protocol):
    """What the `Authorization` header says."""

    async def current(self) -> str:
        """The header's value for the next request."""

    async def renewed(self, refused: str) -> str | None:
        """Another value after a 401 to `refused`; None where there is no other."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What all calls of a client share."""

    target: Target
    settings: HttpSettings
    clock: Clock
    observer: Observer
    uniform: Uniform


@dataclass(slots=True)
class _Course:
    """One call on its way.

    Args:
        fence: asked before each try; a read has none.
        attempts: times it was sent; those answered 429 do not count.
        is_doubtful: an earlier try may have taken effect.
        was_renewed: its one forced refresh is spent.
    """

    call: Call
    fence: Fence | None
    attempts: int = 0
    is_doubtful: bool = False
    was_renewed: bool = False


class Caller:
    """Makes calls to one host, under one rate limit and one set of credentials."""

    def __init__(self, wire: Wire, limiter: RateLimiter, credentials: Credentials, *, terms: Terms) -> None:
        self._wire = wire
        self._limiter = limiter
        self._credentials = credentials
        self._terms = terms

    async def ask(self, call: Call, fence: Fence | None = None) -> Answer:
        """Sends a call until it has its answer.

        Args:
            fence: must let each single try pass.

        Raises:
            RemoteError: an error that repeating does not cure, or outlasted every try; `outcome_unknown` is
                set for a write that may have taken effect all the same.
            StateLocked: the fence lets nothing pass any more.
        """
        course = _Course(call, fence)
        began = self._terms.clock.monotonic()
        try:
            reply: Reply = await self._retrying(call)(self._try, course)
        except PassingFault as fault:
            raise unavailable(
                call,
                fault,
                host=self._host(call),
                attempts=course.attempts,
                is_doubtful=course.is_doubtful,
            ) from fault.__cause__
        except RemoteError as error:
            error.outcome_unknown = course.is_doubtful and leaves_doubt(error)
            raise
        finally:
            self._wire.tally.retried += max(0, course.attempts - 1)
        took_ms = (self._terms.clock.monotonic() - began) * 1000
        return Answer(reply.status, reply.body, reply.correlation_id, course.attempts, took_ms)

    def _host(self, call: Call) -> str:
        """The host that a call goes to."""
        target = self._terms.target
        return target.login_host if call.purpose is Purpose.TOKEN else target.api_host

    def _retrying(self, call: Call) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_exception(lambda error: self._is_worth_repeating(call, error)),
            stop=stop_after_attempt(self._terms.settings.tries),
            wait=self._backoff_s,
            sleep=self._terms.clock.sleep,
            before_sleep=lambda state: self._announce(call, state),
            reraise=True,
        )

    def _is_worth_repeating(self, call: Call, error: BaseException) -> bool:
        if not isinstance(error, PassingFault) or error.hint is not None:
            return False
        is_soon = (error.retry_after_s or 0.0) <= self._terms.settings.longest_wait_s
        return is_soon and (call.is_repeatable or not error.may_have_arrived)

    def _backoff_s(self, state: RetryCallState) -> float:
        """Exponential with full jitter, and never less than the platform asked for."""
        fault = _fault_of(state)
        asked_s = (fault.retry_after_s if fault else None) or 0.0
        return max(asked_s, self._jitter_s(state.attempt_number))

    def _jitter_s(self, number: int) -> float:
        settings = self._terms.settings
        bound = min(settings.backoff_max_s, settings.backoff_base_s * 2 ** (number - 1))
        return self._terms.uniform(0.0, bound)

    def _announce(self, call: Call, state: RetryCallState) -> None:
        fault = _fault_of(state)
        reason = fault.reason if fault else ""
        self._terms.observer.notify(
            Retrying(call.method, call.path, state.attempt_number, reason, state.upcoming_sleep)
        )

    async def _try(self, course: _Course) -> Reply:
        """One try: the waits for the rate limit and the forced refresh are inside it."""
        reply = await self._unthrottled(course)
        if is_passing(course.call, reply):
            course.is_doubtful = course.call.is_write
            raise passing_fault(reply, retry_after_s=retry_after_s(reply, self._now()))
        if not is_answer(course.call, reply):
            raise error_of(course.call, reply, self._terms.target)
        return reply

    async def _unthrottled(self, course: _Course) -> Reply:
        row = self._terms.settings.throttled_in_a_row
        for number in range(1, row + 1):
            reply = await self._authorised(course)
            if reply.status != HTTPStatus.TOO_MANY_REQUESTS:
                return reply
            course.attempts -= 1
            if number == row:
                raise rate_limited(
                    course.call,
                    f"answered 429 {row} times in a row",
                    reply=reply,
                    is_doubtful=course.is_doubtful,
                )
            self._pause(course, reply, number)
        raise AssertionError("throttled_in_a_row is at least 1")

    def _pause(self, course: _Course, reply: Reply, number: int) -> None:
        asked = retry_after_s(reply, self._now())
        try:
            self._limiter.pause(self._jitter_s(number) if asked is None else asked)
        except WaitTooLong as error:
            raise self._too_long(course, error, reply) from None

    async def _authorised(self, course: _Course) -> Reply:
        authorization = await self._credentials.current()
        reply = await self._send(course, authorization)
        if reply.status != HTTPStatus.UNAUTHORIZED or course.was_renewed:
            return reply
        course.was_renewed = True
        fresh = await self._credentials.renewed(authorization)
        return reply if fresh is None else await self._send(course, fresh)

    async def _send(self, course: _Course, authorization: str) -> Reply:
        try:
            await self._limiter.enter()
        except WaitTooLong as error:
            raise self._too_long(course, error, None) from None
        window = None
        try:
            if course.fence is not None:
                course.fence.check()  # as late as can be: all waits are over
            course.attempts += 1
            reply = await self._wire.exchange(course.call, authorization, attempt=course.attempts)
            window = window_in(reply.headers)
        except PassingFault as fault:
            course.is_doubtful |= course.call.is_write and fault.may_have_arrived
            raise
        finally:
            self._limiter.leave(window)
        return reply

    def _too_long(self, course: _Course, error: WaitTooLong, reply: Reply | None) -> RemoteError:
        longest_s = self._terms.settings.longest_wait_s
        return rate_limited(
            course.call,
            f"the platform asks to wait {error.seconds:.0f} s, longer than {longest_s:.0f} s",
            reply=reply,
            is_doubtful=course.is_doubtful,
        )

    def _now(self) -> datetime:
        return self._terms.clock.now()


def _fault_of(state: RetryCallState) -> PassingFault | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, PassingFault) else None
