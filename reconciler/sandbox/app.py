"""The org's HTTP surface: a Starlette application that turns requests into values and answers into bytes.

The API takes all paths but `/sandbox/…`, which `administration.py` answers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from reconciler.sandbox.administration import administration_routes
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.org import SandboxOrg
from reconciler.sandbox.requests import Answer, Asked, Payload
from reconciler.sandbox.tokens import TOKEN_PATH

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class Transport(Protocol):
    """A connection, which the server puts into each request's state."""

    def abort(self) -> None:
        """Reset the connection at once; what was not sent is lost."""

    def close(self) -> None:
        """End the connection once what was written is sent."""


def build_app(org: SandboxOrg) -> Starlette:
    """Return the application that serves an org."""
    endpoint = _api(org)
    return Starlette(
        routes=[
            Mount("/sandbox", routes=administration_routes(org)),
            Route("/{path:path}", endpoint, methods=_METHODS),
        ]
    )


def _api(org: SandboxOrg) -> Callable[[Request], Awaitable[Response]]:
    async def api(request: Request) -> Response:
        raw = await request.body()
        fault = org.meet(request.method, request.url.path)
        wait_s = org.options.latency_s + (0.0 if fault is None else fault.latency_s)
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        delivery = org.deliver(_asked(request, raw, fault), raw)
        if delivery.answer is None:
            return _Dropped(resets=fault is None or not fault.silent)
        response = _response(delivery.answer)
        return _Truncated(response) if delivery.truncated else response

    return api


def _asked(request: Request, raw: bytes, fault: Fault | None) -> Asked:
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    segments = tuple(
        unquote(part) for part in path.partition(b"?")[0].decode("ascii", "replace").strip("/").split("/")
    )
    is_json = raw and request.url.path != TOKEN_PATH
    return Asked(
        method=request.method,
        path=request.scope["path"],
        segments=segments,
        query=dict(request.query_params),
        headers=dict(request.headers),
        payload=Payload.read(raw) if is_json else Payload(),
        fault=fault,
    )


def _response(answer: Answer) -> Response:
    headers = dict(answer.headers)
    if answer.body:
        headers.setdefault("content-type", "application/json; charset=utf-8")
    return Response(answer.body, status_code=answer.status, headers=headers)


class _Dropped(Response):
    """No answer: the connection is reset, or left as it is."""

    def __init__(self, *, resets: bool) -> None:
        super().__init__()
        self._resets = resets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        transport: Transport = scope["state"]["transport"]
        if self._resets:
            transport.abort()
        await _disconnected(receive)


class _Truncated(Response):
    """Half an answer: the connection ends before the announced length was sent."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.body, status_code=response.status_code, headers=dict(response.headers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport: Transport = scope["state"]["transport"]
        transport.close()
        await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
