"""A connection to the server that a test can cut at a place of its choice."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

COMMIT = b"COMMIT\x00"
"""As psycopg sends it."""


class Cuts:
    """Where connections are cut; each cut happens once.

    Args:
        before: the request with these bytes, and all after it, never reach the server.
        after: it reaches the server, and its answer does not come back.
        refusals: so many connections are refused after a cut: the server is away.
        is_down: all are.
    """

    def __init__(self) -> None:
        self.before: bytes | None = None
        self.after: bytes | None = None
        self.made = 0
        self.is_down = False
        self.refusals = 0

    def refuses(self) -> bool:
        """Whether the next connection is refused."""
        if self.made and self.refusals:
            self.refusals -= 1
            return True
        return self.is_down

    def judge(self, request: bytes) -> tuple[bool, bool]:
        """Whether a request is let through, and whether its answer is."""
        if self.before is not None and self.before in request:
            self.before, self.made = None, self.made + 1
            return False, False
        if self.after is not None and self.after in request:
            self.after, self.made = None, self.made + 1
            return True, False
        return True, True


@contextmanager
def cutting_proxy(port: int, cuts: Cuts) -> Iterator[int]:
    """Forward a loopback port to the server's; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = threading.Thread(target=_accept, args=(listening, port, cuts), daemon=True)
        accepting.start()
        found: int = listening.getsockname()[1]
        try:
            yield found
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            accepting.join(10)


def _accept(listening: socket.socket, port: int, cuts: Cuts) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        if cuts.refuses():
            client.close()
            continue
        server = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=_forward, args=(client, server, cuts.judge), daemon=True).start()


def _forward(
    client: socket.socket, server: socket.socket, judge: Callable[[bytes], tuple[bool, bool]]
) -> None:
    answering = threading.Event()
    answering.set()
    back = threading.Thread(target=_answer, args=(server, client, answering), daemon=True)
    back.start()
    with client, server, suppress(OSError):
        while request := client.recv(65536):
            passes, answers = judge(request)
            if not answers:
                answering.clear()
            if passes:
                server.sendall(request)
            if not answers:
                if passes:
                    server.shutdown(socket.SHUT_WR)  # the server still reads and does what it was sent
                    back.join(10)
                break
        for side in (client, server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
    back.join(10)


def _answer(server: socket.socket, client: socket.socket, answering: threading.Event) -> None:
    with suppress(OSError):
        while answer := server.recv(65536):
            if answering.is_set():
                client.sendall(answer)
        client.shutdown(socket.SHUT_RDWR)
