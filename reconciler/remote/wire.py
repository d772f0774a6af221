"""The wire: sends one request once and says what came back. Its exceptions are ours, never httpx's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from reconciler.errors import Rejected
from reconciler.model.blotting import Blotter
from reconciler.model.ports import Clock
from reconciler.remote.calls import Call
from reconciler.remote.failures import PassingFault, is_answer
from reconciler.remote.ratelimit import window_in
from reconciler.remote.replies import Reply, clean, clock_skew_s, parse_reply
from reconciler.remote.tally import Tally

_logger = logging.getLogger(__name__)
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_WORDS: Mapping[type[Exception], str] = {
    httpx.ConnectTimeout: "no connection in time",
    httpx.ReadTimeout: "no answer in time",
    httpx.WriteTimeout: "the request could not be sent in time",
}


@dataclass(frozen=True, slots=True)
class Wire:
    """One host's end of the shared HTTP client.

    Args:
        root: the host's base URL.
        secrets: blotted out of whatever an answer that is no plain success says back, as is the token.
    """

    http: httpx.AsyncClient
    root: str
    secrets: frozenset[str] = field(repr=False)
    clock: Clock
    tally: Tally

    async def exchange(self, call: Call, authorization: str, *, attempt: int) -> Reply:
        """Sends a call once.

        Args:
            authorization: the header's value.
            attempt: for the log, from 1.

        Raises:
            PassingFault: there was no whole answer.
            Rejected: the call cannot be put into HTTP.
        """
        self.tally.total += 1
        began = self.clock.monotonic()
        try:
            reply = await self._send(call, authorization)
        except PassingFault as fault:
            self._record(call, None, began, attempt=attempt, note=fault.reason)
            raise
        self._record(call, reply, began, attempt=attempt, note=reply.correlation_id or "-")
        self._hear(reply)
        return reply

    async def _send(self, call: Call, authorization: str) -> Reply:
        if not call.path.startswith("/"):  # it would go on in the host's name, and the credentials with it
            raise Rejected(f"{call.method} {call.path} cannot be sent: no path of {self.root}")
        headers = [("Authorization", authorization), *call.headers]
        try:
            response = await self.http.request(
                call.method,
                self.root + call.url_path,
                params=call.params or None,
                content=call.content,
                headers=headers,
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError) as error:
            why = clean(self._blotter(authorization).blot(str(error)))
            raise Rejected(f"{call.method} {call.path} cannot be sent: {why}") from None
        except (httpx.HTTPError, OSError) as error:
            raise _fault(error) from error
        return parse_reply(
            response.status_code, response.headers, response.content, self._blotter(authorization)
        )

    def _blotter(self, authorization: str) -> Blotter:
        return Blotter(self.secrets | {authorization.partition(" ")[2]})

    def _hear(self, reply: Reply) -> None:
        """Remembers what the answer says of clock and rate limit."""
        skew_s, window = clock_skew_s(reply, self.clock.now()), window_in(reply.headers)
        self.tally.clock_skew_s = self.tally.clock_skew_s if skew_s is None else skew_s
        self.tally.window = window or self.tally.window

    def _record(self, call: Call, reply: Reply | None, began: float, *, attempt: int, note: str) -> None:
        """Counts, and writes the one log line of a request: no body, header, parameter or secret."""
        took_ms = (self.clock.monotonic() - began) * 1000
        self.tally.latencies_ms.append(took_ms)
        if reply is not None and reply.status == httpx.codes.TOO_MANY_REQUESTS:
            self.tally.throttled += 1
        elif reply is not None and is_answer(call, reply):
            self.tally.succeeded += 1
        status = reply.status if reply else None
        said = {
            "method": call.method,
            "path": call.path,
            "status": status,
            "ms": round(took_ms),
            "attempt": attempt,
            "correlation_id": reply.correlation_id if reply else None,
        }
        _logger.debug(
            "%s %s -> %s in %.0f ms, attempt %d, %s",
            *(call.method, call.path, status or "-", took_ms, attempt, note),
            extra={"request": said},
        )


def _fault(error: Exception) -> PassingFault:
    arrived = not isinstance(error, _BEFORE_SENDING)
    words = _WORDS.get(type(error)) or clean(str(error)) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in words:
        hint = "name the bundle that holds the host's issuer in SSL_CERT_FILE"
        return PassingFault(words, may_have_arrived=False, hint=hint)
    return PassingFault(words, may_have_arrived=arrived)


def silence_libraries() -> None:
    """Keeps the HTTP libraries' own lines, which hold URLs and headers, out of our logs."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
