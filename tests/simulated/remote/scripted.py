"""A host that answers by a script, over real sockets: what no well-behaved server library would do.

It runs in the test's own event loop. Each path has a queue of answers; the last one stays. A request without
a script is a test's mistake and is answered 599.
"""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from reconciler.model.values import JsonObject, JsonValue
from reconciler.remote import OrgClient, ReadOnlyClient, Target, open_client
from reconciler.settings import HttpSettings
from tests.simulated.remote.stand_ins import FakeClock, Watcher, highest

CLIENT_ID = "the-client"
CLIENT_SECRET = "the-planted-secret"
SETTINGS = HttpSettings(connect_timeout_s=5.0, read_timeout_s=5.0)
TOKEN = "/oauth/token"


class Ending(Enum):
    """How a connection is left after a request."""

    OPEN = "open"
    RESET = "reset"
    CLOSED = "closed"
    CUT_OFF = "cut off"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Scripted:
    """One answer; a `str` body is sent as it is."""

    status: int = 200
    body: JsonValue = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: Ending = Ending.OPEN


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: str


Answering = Callable[[Seen], Awaitable[Scripted]]


class ScriptedHost:
    """Records requests and answers them; `on` writes the script."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self._connections: list[asyncio.Task[None] | None] = []
        self._scripts: dict[tuple[str, str], list[Scripted]] = {}
        self._answering: dict[tuple[str, str], Answering] = {}
        self.on("POST", TOKEN, token("token-1"), token("token-2"), token("token-3"))

    def on(self, method: str, path: str, *answers: Scripted) -> None:
        """The answers to a path, one after the other; the last one again and again."""
        self._scripts[method, path] = list(answers)

    def answer(self, method: str, path: str, answering: Answering) -> None:
        """Answers a path by a function."""
        self._answering[method, path] = answering

    def requests(self, path: str) -> list[Seen]:
        """What came in for a path."""
        return [seen for seen in self.seen if seen.path == path]

    @property
    def calls(self) -> list[Seen]:
        """What came in besides requests for a token."""
        return [seen for seen in self.seen if seen.path != TOKEN]

    @property
    def target(self) -> Target:
        """The host as an org, its own login host."""
        return Target(self.url, self.url, CLIENT_ID, CLIENT_SECRET)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._connections.append(asyncio.current_task())
        with suppress(ConnectionError):
            while await self._exchange(reader, writer):
                pass
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    async def ended(self) -> None:
        """Waits until every connection has ended; the client ends them."""
        await asyncio.gather(*(task for task in self._connections if task))

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        seen = await _received(reader)
        if seen is None:
            return False
        self.seen.append(seen)
        scripted = await self._scripted(seen)
        if scripted.ending is Ending.SILENT:
            await reader.read()
            return False
        if scripted.ending is Ending.RESET:
            _reset(writer)
            return False
        if scripted.ending is not Ending.CLOSED:
            writer.write(_raw(scripted))
            await writer.drain()
        return scripted.ending is Ending.OPEN

    async def _scripted(self, seen: Seen) -> Scripted:
        place = (seen.method, seen.path)
        if place in self._answering:
            return await self._answering[place](seen)
        script = self._scripts.get(place, [Scripted(599, {"message": "not in the script"})])
        return script.pop(0) if len(script) > 1 else script[0]


@dataclass(slots=True)
class Scene:
    """A host, a client of it, and the stand-ins that the client was given."""

    host: ScriptedHost
    client: OrgClient
    clock: FakeClock
    watcher: Watcher


@asynccontextmanager
async def scene(settings: HttpSettings = SETTINGS) -> AsyncIterator[Scene]:
    """A scripted host and a writing client of it."""
    clock, watcher = FakeClock(), Watcher()
    async with (
        scripted_host() as host,
        open_client(
            host.target,
            settings=settings,
            clock=clock,
            observer=watcher,
            user_agent="reconciler/1.2.3",
            read_only=False,
            uniform=highest,
        ) as client,
    ):
        yield Scene(host, client, clock, watcher)


@asynccontextmanager
async def reading_client(host: ScriptedHost) -> AsyncIterator[ReadOnlyClient]:
    """A client of a scripted host that can only read."""
    async with open_client(
        host.target,
        settings=SETTINGS,
        clock=FakeClock(),
        observer=Watcher(),
        user_agent="reconciler/1.2.3",
    ) as client:
        yield client


@asynccontextmanager
async def scripted_host() -> AsyncIterator[ScriptedHost]:
    """A host on a free loopback port."""
    host = ScriptedHost()
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    host.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        try:
            yield host
        finally:
            await host.ended()


def token(text: str, *, expires_in: JsonValue = 3600, scope: str | None = "routing:queue:read") -> Scripted:
    """A token answer."""
    body: dict[str, JsonValue] = {"access_token": text, "token_type": "bearer", "expires_in": expires_in}
    return Scripted(200, body if scope is None else {**body, "scope": scope})


def problem(status: int, message: str = "told so", *, code: str = "a.code", **members: JsonValue) -> Scripted:
    """An error answer as the platform writes it."""
    body: JsonObject = {"message": message, "code": code, "status": status, **members}
    return Scripted(status, body, {"ININ-Correlation-Id": "corr-1"})


def page(number: int, pages: int, *ids: str, total: int | None = None) -> Scripted:
    """One page of a listing of objects."""
    counted: JsonObject = {} if total is None else {"total": total}
    entities: JsonValue = [{"id": each} for each in ids]
    return Scripted(
        200,
        {"entities": entities, "pageSize": 100, "pageNumber": number, "pageCount": pages, **counted},
    )


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _received(reader: asyncio.StreamReader) -> Seen | None:
    with suppress(asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.strip().split("\r\n")
        method, url, _ = line.split(" ")
        pairs = (each.partition(":") for each in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        content = await reader.readexactly(int(headers.get("content-length", "0")))
        parts = urlsplit(url)
        return Seen(method, parts.path, dict(parse_qsl(parts.query)), headers, content.decode())
    return None


def _raw(scripted: Scripted) -> bytes:
    """The answer's bytes; one that is cut off promises more than it holds."""
    told = scripted.body
    content = b"" if told is None else (told if isinstance(told, str) else json.dumps(told)).encode()
    length = len(content) + (10 if scripted.ending is Ending.CUT_OFF else 0)
    known = {status.value for status in HTTPStatus}
    phrase = HTTPStatus(scripted.status).phrase if scripted.status in known else "Odd"
    headers = {"Content-Length": str(length), **scripted.headers}
    lines = [f"HTTP/1.1 {scripted.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def _reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection the hard way: the other side reads ECONNRESET."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
