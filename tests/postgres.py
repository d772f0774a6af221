"""A PostgreSQL server of the tests' own: its own folder, its own user, a Unix socket that nobody else uses.

A shell starts it and stops it as soon as its standard input ends: a test run that is killed leaves nothing.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

REQUIRE_ALL = "RECONCILER_REQUIRE_ALL"
"""Set to 1: what a test needs and lacks is a failure."""

PLACES = (Path("/usr/local/bin"), Path("/usr/local/pgsql/bin"))
PROGRAMS = ("initdb", "pg_ctl", "postgres")
USERS = ("postgres", "nobody")
"""Users that the server may run as; it refuses to run as root."""

SETTINGS = (
    "-c fsync=off -c full_page_writes=off -c shared_buffers=16MB -c max_connections=50 "
    "-c autovacuum=off -c log_min_messages=fatal -c timezone=Asia/Kolkata"
)
"""Quick, since no test pulls the plug; with a time zone of its own, which must not matter."""

SUPERVISOR = (
    '"$0/initdb" -D "$1/data" -U tester -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$1/log" 2>&1 && '
    '"$0/pg_ctl" -w -D "$1/data" -l "$1/log" -o "$2" start >>"$1/log" 2>&1 && '
    'echo ready && { read -r end || :; } || cat "$1/log" >&2; '
    '"$0/pg_ctl" -D "$1/data" -m immediate stop >>"$1/log" 2>&1; rm -rf "$1"'
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs.

    Args:
        folder: holds its socket and its data.
        user: whom it runs as; None: as the tests do.
    """

    folder: Path
    port: int
    programs: Path
    user: int | None

    def url(self, schema: str = "public", *, host: str | None = None) -> str:
        """A URL whose tables are in a schema of their own."""
        place = f"host={host or self.folder}&port={self.port}"
        return f"postgresql://tester@/postgres?{place}&options=-csearch_path%3D{schema}"

    def connect(self, schema: str = "public") -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the test's own."""
        return psycopg.connect(self.url(schema), autocommit=True)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Away while the body lasts, as in a restart; every connection is cut."""
        self._control("stop", "-m", "fast")
        try:
            yield
        finally:
            self._control("start", "-o", self.options)

    @contextmanager
    def standing_by(self) -> Iterator[None]:
        """A replica that has lost its primary, while the body lasts: it only reads."""
        signal = self.folder / "data" / "standby.signal"
        with self.stopped():
            signal.touch()
            if self.user is not None:
                os.chown(signal, self.user, -1)
        try:
            yield
        finally:
            self._control("promote")

    @property
    def options(self) -> str:
        """What it is started with."""
        return f"{SETTINGS} -c listen_addresses=127.0.0.1 -c port={self.port} -k {self.folder}"

    def _control(self, *words: str) -> None:
        folder = self.folder
        subprocess.run(
            [self.programs / "pg_ctl", "-w", "-D", folder / "data", "-l", folder / "log", *words],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
            user=self.user,
            group=_group_of(self.user),
            extra_groups=None if self.user is None else [],
        )


_schemas = count(1)


def new_schema(server: Server) -> str:
    """Make a schema that no other test uses, and name it."""
    name = f"t{os.getpid()}_{next(_schemas)}"
    with server.connect() as connection:
        connection.execute(f'CREATE SCHEMA "{name}"'.encode())
    return name


def server_programs() -> Path | None:
    """Find the folder with the server's programs."""
    on_path = shutil.which("postgres")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    candidates = [*([Path(on_path).parent] if on_path else []), *PLACES, *versions]
    return next((place for place in candidates if all((place / name).exists() for name in PROGRAMS)), None)


def is_required() -> bool:
    """Tell whether a missing server is a failure."""
    return os.environ.get(REQUIRE_ALL) == "1"


@contextmanager
def running_server(programs: Path) -> Iterator[Server]:
    """A server with an empty database, while the body lasts."""
    folder = Path(tempfile.mkdtemp(prefix="reconciler-pg-"))  # short: it is in the path of a socket
    server = Server(folder, _free_port(), programs, _owner_of(folder))
    with subprocess.Popen(
        ["sh", "-c", SUPERVISOR, str(programs), str(folder), server.options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder,
        text=True,
        start_new_session=True,  # a signal to the tests' group must not end it before the server
        user=server.user,
        group=_group_of(server.user),
        extra_groups=None if server.user is None else [],
    ) as supervisor:
        try:
            assert supervisor.stdout is not None
            assert supervisor.stdout.readline() == "ready\n", "the server did not start; its log is on stderr"
            yield server
        finally:
            supervisor.communicate()
            shutil.rmtree(folder, ignore_errors=True)


def _owner_of(folder: Path) -> int | None:
    """Choose whom the server runs as, and give the folder to them; None: as the tests do."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name: user for user in pwd.getpwall()}
    owner = next(names[name] for name in USERS if name in names)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return owner.pw_uid


def _group_of(user: int | None) -> int | None:
    return None if user is None else pwd.getpwuid(user).pw_gid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


if __name__ == "__main__":
    sys.exit(server_programs() is None)
