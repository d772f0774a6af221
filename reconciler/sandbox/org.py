"""The sandbox org: every request's way through faults, token, rate limit, scope and key to its answer.

Also what tests and demos do to the org from outside the API: look at its objects, alter them as an admin
would, move its clock, ask for faults. It must not know HTTP's machinery, which is in `app.py` and
`server.py`.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from reconciler.sandbox import (
    analytics,
    channels,
    directory,
    interactions,
    routing,
    schemas,
    webhooks,
    widgets,
)
from reconciler.sandbox.calls import Router
from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.collection import Collection
from reconciler.sandbox.deliveries import Deliveries
from reconciler.sandbox.documents import Document, JsonValue, as_integer, as_object, as_text
from reconciler.sandbox.faults import Fault, FaultPlan
from reconciler.sandbox.idempotency import answer_once
from reconciler.sandbox.limits import RateLimit
from reconciler.sandbox.options import SandboxOptions
from reconciler.sandbox.recorder import RecordedRequest, Recorder, kept_headers
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.requests import Answer, Asked, refused
from reconciler.sandbox.seeds import seeded_objects
from reconciler.sandbox.settling import Settling
from reconciler.sandbox.state import DEFINITIONS, ORGANIZATION, OrgState
from reconciler.sandbox.storage import Storage
from reconciler.sandbox.tokens import TOKEN_PATH, TokenDesk

CORRELATION_HEADER = "ININ-Correlation-Id"
_AREAS = (directory, widgets, analytics, channels, routing, webhooks, interactions, schemas)
_CODES: Mapping[int, str] = {
    400: "bad.request",
    401: "bad.credentials",
    403: "not.authorized",
    404: "not.found",
    409: "conflict",
    412: "precondition.failed",
    413: "payload.too.large",
    429: "too.many.requests",
    502: "bad.gateway",
    503: "service.unavailable",
    504: "gateway.timeout",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer leaves: None is a connection that is reset; `truncated` one that ends in its middle."""

    answer: Answer | None
    truncated: bool = False


class SandboxOrg:
    """One simulated org."""

    def __init__(
        self, options: SandboxOptions | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Open the org's objects, and put the seeds in where there are none.

        Args:
            options: What the org is to be; the defaults where None.
            clock: The time, seconds since 1970.
        """
        self.options = options or SandboxOptions()
        self.base_url = ""
        self._clock = SandboxClock(clock)
        self._storage = Storage(
            DEFINITIONS,
            data=self.options.data,
            now=self._clock.now,
            listing_lag_s=self.options.listing_lag_s,
        )
        self._state = OrgState(self.options, self._clock, self._storage, Settling(self._storage, self._clock))
        self._deliveries = Deliveries(self._state)
        self._state.announce = self._deliveries.announce
        self._tokens = TokenDesk(self.options, self._clock)
        self._limit = RateLimit(self.options.rate_limit, self.options.window_s, self._clock)
        self._faults = FaultPlan()
        self._recorder = Recorder()
        self._router = Router(call for area in _AREAS for call in area.CALLS)
        for fault in self.options.faults:
            self._faults.inject(fault)
        self._found()

    @property
    def client_id(self) -> str:
        """Return the OAuth client's id."""
        return self.options.client_id

    @property
    def client_secret(self) -> str:
        """Return the OAuth client's secret."""
        return self.options.client_secret

    @property
    def org_id(self) -> str:
        """Return the org's identity, which stays the same over restarts with one data file."""
        return as_text(self._state.found(ORGANIZATION, "me", "organization").document["id"])

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Return what was asked of the org, in the order in which it was answered."""
        return self._recorder.requests()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return the faults that can still strike."""
        return self._faults.pending()

    @property
    def now(self) -> float:
        """Return the org's time, seconds since 1970."""
        return self._clock.now()

    def mutations(self) -> tuple[RecordedRequest, ...]:
        """Return the requests that asked for a change."""
        return tuple(request for request in self.requests if request.is_mutating())

    def forget_requests(self) -> None:
        """Start the record afresh."""
        self._recorder.forget()

    def inject(self, *faults: Fault | str) -> None:
        """Ask for faults, as values or as `Fault.parse` reads them."""
        with self._storage.transaction():
            for fault in faults:
                self._faults.inject(Fault.parse(fault) if isinstance(fault, str) else fault)

    def clear_faults(self) -> None:
        """Forget all faults."""
        with self._storage.transaction():
            self._faults.clear()

    def advance(self, seconds: float) -> None:
        """Move the org's clock forward: statuses, rate windows, tokens and remembered keys move with it."""
        with self.at_rest():
            self._clock.advance(seconds)
            self._state.settling.run()

    def collection(self, name: str) -> Collection:
        """Return a collection to look at or to alter: the names are those of `state.DEFINITIONS`."""
        with self.at_rest():
            return self._storage.collection(name)

    def names(self) -> tuple[str, ...]:
        """Return the names of all collections."""
        return self._storage.names()

    def alter(self, collection: str, object_id: str, patch: Mapping[str, JsonValue]) -> Document:
        """Alter an object as an admin would: its version is raised, webhooks are told.

        Args:
            collection: The collection's name.
            object_id: The object's id; of a member `queueId/userId`.
            patch: A merge patch; None deletes a member.

        Raises:
            KeyError: There is no such object.
        """
        with self.at_rest():
            objects = self._storage.collection(collection)
            before = objects.get(object_id)
            if before is None:
                raise KeyError(f"{collection} {object_id}")
            changes = dict(patch)
            if "version" in before and not collection.startswith("schema"):
                changes.setdefault("version", as_integer(before["version"]) + 1)
            if "dateModified" in before:
                changes.setdefault("dateModified", self._clock.timestamp())
            after = objects.alter(object_id, changes)
            self._tell(collection, after)
            return after

    def remove(self, collection: str, object_id: str) -> None:
        """Remove an object as an admin would; without effect where there is none."""
        with self.at_rest():
            self._state.settling.cancel(collection, object_id)
            self._storage.collection(collection).remove(object_id)

    def expire_tokens(self) -> None:
        """Let every token run out now."""
        with self._storage.transaction():
            self._tokens.expire_all()

    def revoke_tokens(self) -> None:
        """Make every token invalid."""
        with self._storage.transaction():
            self._tokens.revoke_all()

    def grant(self, scopes: Iterable[str]) -> None:
        """Change the client's scopes; tokens given out before keep theirs, so they are revoked."""
        with self._storage.transaction():
            self._tokens.grant(scopes)
            self._tokens.revoke_all()

    def lag_listings(self, seconds: float) -> None:
        """Change how long a change takes to show in listings."""
        with self._storage.transaction():
            self._storage.listing_lag_s = seconds

    def report_analytics(self, status: str) -> None:
        """Change what the analytics engine says of itself: healthy, degraded or maintenance."""
        with self._storage.transaction():
            self._state.analytics_status = status

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Keep requests out, with all that was due carried out; all changes are committed at the end."""
        with self._storage.transaction():
            self._state.settling.run()
            yield

    def close(self) -> None:
        """Close the data file."""
        self._deliveries.close()
        self._storage.close()

    def meet(self, method: str, path: str) -> Fault | None:
        """Return the fault that a request meets, and use it up by one."""
        with self._storage.transaction():
            return self._faults.take(method, path)

    def deliver(self, asked: Asked, raw: bytes) -> Delivery:
        """Carry a request out, or do to it what its fault says.

        Args:
            asked: The request, with the fault that it met.
            raw: The body's bytes, for the token endpoint, which takes a form.
        """
        fault = asked.fault or Fault()
        correlation_id = str(uuid4())
        with self.at_rest():
            if fault.revoke_token:
                self._tokens.revoke_all()
            answer = None if fault.drop == "before" else self._answer(asked, raw, correlation_id)
            delivery = Delivery(None if fault.drop == "after" else answer, truncated=fault.truncate)
            self._record(asked, delivery, correlation_id)
        return delivery

    def _found(self) -> None:
        """Give a new org its identity and its seeds."""
        with self._storage.transaction():
            organization = self._storage.collection(ORGANIZATION)
            if "me" in organization:
                return
            organization.put("me", {"id": self.options.org_id or str(uuid4()), "name": self.options.org_name})
            if self.options.seed:
                self.plant()

    def plant(self) -> None:
        """Put the seeds in."""
        with self._storage.transaction():
            for name, documents in seeded_objects(self._clock.now()).items():
                for object_id, document in documents.items():
                    self._storage.collection(name).put(object_id, document)

    def clear(self) -> None:
        """Take every object out; the org keeps its identity."""
        with self._storage.transaction():
            for name in self._storage.names():
                if name != ORGANIZATION:
                    self._storage.collection(name).clear()

    def _tell(self, collection: str, after: Document) -> None:
        if collection == "queues":
            self._state.announce("routing.queue.updated", {"queueId": after["id"], "queue": after})
        elif collection == "members":
            user_id = as_object(after["user"])["id"]
            body: Document = {"queueId": after["queueId"], "userId": user_id, "score": after["score"]}
            self._state.announce("routing.queueMember.updated", body)

    def _answer(self, asked: Asked, raw: bytes, correlation_id: str) -> Answer:
        fault = asked.fault or Fault()
        answer = None
        if fault.status is None or fault.late:
            answer = self._carried_out(asked, raw, correlation_id)
        answer = _faulty(fault, answer, correlation_id)
        return answer.with_headers({**self._limits_of(asked), CORRELATION_HEADER: correlation_id})

    def _limits_of(self, asked: Asked) -> Mapping[str, str]:
        """Return the rate headers of a request with a valid token."""
        try:
            return self._limit.headers(self._tokens.check(asked.headers.get("authorization", "")).text)
        except Refusal:
            return {}

    def _carried_out(self, asked: Asked, raw: bytes, correlation_id: str) -> Answer:
        if asked.path == TOKEN_PATH:
            return self._tokens.issue(asked.method, asked.headers, raw)
        try:
            token = self._tokens.check(asked.headers.get("authorization", ""))
            self._limit.count(token.text)
            call, known = self._router.find(replace(asked, client_id=self.client_id))
            self._tokens.require(token, call.scope)
            return answer_once(self._state, call, known)
        except Refusal as refusal:
            return refused(refusal, correlation_id)

    def _record(self, asked: Asked, delivery: Delivery, correlation_id: str) -> None:
        self._recorder.record(
            RecordedRequest(
                method=asked.method,
                path=asked.path,
                query=asked.query,
                headers=kept_headers(asked.headers),
                body=None if asked.path == TOKEN_PATH else asked.payload.value,
                status=None if delivery.answer is None else delivery.answer.status,
                at=self._clock.now(),
                correlation_id=correlation_id,
            )
        )


def reset(data: Path, *, clock: Callable[[], float] = time.time) -> str:
    """Put a data file's objects back to the seeds; the org keeps its identity.

    Args:
        data: The SQLite file; made where there is none.
        clock: The time, seconds since 1970.

    Returns:
        The org's id.
    """
    org = SandboxOrg(SandboxOptions(data=data, seed=False), clock=clock)
    try:
        with org.at_rest():
            org.clear()
            org.plant()
        return org.org_id
    finally:
        org.close()


def _faulty(fault: Fault, answer: Answer | None, correlation_id: str) -> Answer:
    """Return what is answered instead of, or made from, the org's own answer."""
    if fault.status is not None:
        answer = _status_answer(fault, fault.status, correlation_id)
    if answer is None:
        raise AssertionError("a fault without a status has an answer to work on")
    if fault.body is not None:
        answer = Answer(answer.status, fault.body.encode(), {**answer.headers, "content-type": "text/html"})
    return answer


def _status_answer(fault: Fault, status: int, correlation_id: str) -> Answer:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    message = fault.message or f"a fault that was asked for: {status}"
    code = fault.code or _CODES.get(status, "internal.server.error")
    return refused(Refusal(status, code, message, headers=headers), correlation_id)
