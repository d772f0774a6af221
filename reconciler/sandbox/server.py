"""Serving an org over real HTTP: in a background thread, or alone until a signal comes."""

import asyncio
import logging
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.app import build_app
from reconciler.sandbox.options import SandboxOptions
from reconciler.sandbox.org import SandboxOrg

LOOPBACK = "127.0.0.1"
_START_DEADLINE_S = 10.0
_STOP_DEADLINE_S = 5.0
_GRACE_S = 0.5
# Longer than any client's pause, so that it is always the client who ends an idle connection.
_KEEP_ALIVE_S = 120
_RESET = struct.pack("ii", 1, 0)


@contextmanager
def running_sandbox(
    options: SandboxOptions | None = None,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    clock: Callable[[], float] = time.time,
) -> Iterator[SandboxOrg]:
    """Serve an org in a background thread, and stop it at the end.

    Args:
        options: What the org is to be; the defaults where None.
        host: The address to listen on.
        port: The port to listen on; 0 is a free one.
        clock: The org's time, seconds since 1970.

    Yields:
        The org, which answers at its `base_url`.

    Raises:
        OSError: The port is taken, or the data file cannot be written.
    """
    with socket.create_server((host, port), backlog=256) as listener:
        org = SandboxOrg(options, clock=clock)
        org.base_url = f"http://{host}:{listener.getsockname()[1]}"
        server = _Server(org)
        thread = threading.Thread(target=server.serve_on, args=(listener,), name="sandbox-org", daemon=True)
        thread.start()
        try:
            server.wait_until_serving()
            yield org
        finally:
            server.stop()
            thread.join(_STOP_DEADLINE_S)
            org.close()


def serve(
    options: SandboxOptions | None = None,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    on_ready: Callable[[SandboxOrg], None] = lambda _org: None,
) -> None:
    """Serve an org until SIGINT or SIGTERM, then stop cleanly.

    Must be called in the main thread, where signals arrive.

    Args:
        options: What the org is to be; the defaults where None.
        host: The address to listen on.
        port: The port to listen on; 0 is a free one.
        on_ready: Called with the org once it answers.

    Raises:
        OSError: The port is taken, or the data file cannot be written.
    """
    asked_to_stop = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        asked_to_stop.set()

    earlier = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with running_sandbox(options, host=host, port=port) as org:
            on_ready(org)
            asked_to_stop.wait()
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


class _Protocol(H11Protocol):
    """HTTP with a connection that the application may cut, before or in the middle of an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, "transport": _Transport(transport, connection)}
        super().connection_made(transport)


class _Transport:
    def __init__(self, transport: asyncio.Transport, connection: socket.socket) -> None:
        self._transport = transport
        self._connection = connection

    def abort(self) -> None:
        # Lingering for no time makes the kernel send a reset instead of an orderly end.
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def close(self) -> None:
        self._transport.close()


class _Server(uvicorn.Server):
    """A uvicorn server that says when it serves and stops without waiting for a tick."""

    def __init__(self, org: SandboxOrg) -> None:
        config = uvicorn.Config(
            build_app(org),
            http=_Protocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
        super().__init__(config)
        self._serving = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def serve_on(self, listener: socket.socket) -> None:
        """Serve until `stop`."""
        self.run(sockets=[listener])

    def wait_until_serving(self) -> None:
        """Return once requests are answered.

        Raises:
            RuntimeError: The server did not start.
        """
        if not self._serving.wait(_START_DEADLINE_S):
            raise RuntimeError("the sandbox org did not start")

    def stop(self) -> None:
        """Ask the server to stop."""
        self.should_exit = True
        if self._loop is not None and self._stopping is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)
        self._serving.set()

    async def main_loop(self) -> None:
        """Keep uvicorn's ticks, ten a second, and end as soon as it is asked to."""
        counter = 0
        stopping = self._stopping or asyncio.Event()
        while not await self.on_tick(counter):
            counter += 1
            try:
                await asyncio.wait_for(stopping.wait(), timeout=0.1)
            except TimeoutError:
                continue

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's own
        """Let requests under way finish, then end; uvicorn's own sleeps, which each test would pay."""
        for server in self.servers:
            server.close()
        for connection in tuple(self.server_state.connections):
            connection.shutdown()
        await self._emptied()
        for task in tuple(self.server_state.tasks):
            task.cancel()

    async def _emptied(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _GRACE_S
        # uvicorn has no event for an empty set of connections.
        while (self.server_state.connections or self.server_state.tasks) and loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
