"""What only a server can do to a store: run transactions side by side, and refuse."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import Connection, text

from reconciler.errors import ConfigError, StateError, StateLocked
from reconciler.store import OpenMode, PostgresUrl, Store, missing_state, store_exists
from reconciler.store.postgres import PostgresDatabase, connect
from tests.postgres import Server, new_schema
from tests.unit.store.builders import QUEUE_AHT, entry, identity, opened, record
from tests.unit.store.child import APPENDED
from tests.unit.store.children import REPOSITORY, child, told


def test_processes_that_append_at_once_make_one_chain(database: PostgresUrl) -> None:
    opened(database).close()
    with ExitStack() as stack:
        children = [stack.enter_context(child("append", database)) for _ in range(3)]
        said = [told(started) for started in children]
        for started in children:
            assert started.stdin is not None
            started.stdin.close()
        codes = [started.wait(timeout=60) for started in children]

    with opened(database, mode=OpenMode.READ) as store:
        verified = store.verify_audit()
    assert (said, codes) == (["ready"] * 3, [0] * 3)
    assert (verified.valid, verified.records) == (True, 3 * APPENDED)


def test_processes_that_create_one_store_at_once_share_it(database: PostgresUrl) -> None:
    with ExitStack() as stack:
        children = [stack.enter_context(child("create", database)) for _ in range(3)]
        answers = {started.communicate(timeout=60)[0] for started in children}

    assert [started.returncode for started in children] == [0, 0, 0]
    assert len(answers) == 1
    assert answers != {""}


def test_runs_that_meet_in_an_empty_database_make_one_store(database: PostgresUrl) -> None:
    together = threading.Barrier(4)

    def create(_number: int) -> tuple[str, bytes]:
        together.wait(30)
        with opened(database) as store:
            return store.bind(identity()).lineage, store.secret_key

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(create, range(4)))

    assert len(made) == 1


def test_a_record_of_a_run_without_the_lock_goes_between_those_of_the_holder(database: PostgresUrl) -> None:
    with opened(database) as holder, opened(database) as other, holder.lock("apply", 0):
        for _ in range(5):
            holder.settle(QUEUE_AHT, entry(), [record()], run_id="run-1")
            other.append([record()])

        assert holder.verify_audit().records == 10
        assert holder.verify_audit().valid


def test_a_transaction_that_does_not_end_locks_the_others_out_by_name(database: PostgresUrl) -> None:
    with opened(database) as store:
        reached = connect(database, reads_only=False)

        def wait_inside(connection: Connection) -> None:
            connection.execute(text("SELECT 1 FROM lineages FOR UPDATE"))
            with pytest.raises(StateLocked, match="has been writing to the store"):
                impatient(store).append([record()])

        reached.write(wait_inside)
        reached.close()


def impatient(store: Store) -> Store:
    """The same store, whose session waits for a moment only, and is waited for no longer."""
    reached = store._database  # noqa: SLF001  # seconds are too long for a test
    assert isinstance(reached, PostgresDatabase)
    with reached._engine.connect() as connection:  # noqa: SLF001
        connection.execute(text("SET lock_timeout = '50ms'"))
        connection.execute(text("SET idle_in_transaction_session_timeout = '50ms'"))
        connection.commit()
    return store


def test_a_run_that_stops_in_the_middle_of_a_commit_does_not_keep_the_others_out(
    server: Server, database: PostgresUrl
) -> None:
    with opened(database) as store:
        reached = impatient(store)._database  # noqa: SLF001
        tries: list[int] = []

        def pause_once(connection: Connection) -> None:
            tries.append(1)
            connection.execute(text("SELECT 1 FROM lineages FOR UPDATE"))
            if len(tries) == 1:
                wait_on(server)

        reached.write(pause_once)

    assert len(tries) == 2


def test_a_session_is_durable_and_patient_for_a_while(database: PostgresUrl) -> None:
    names = ("synchronous_commit", "lock_timeout", "idle_in_transaction_session_timeout")
    reached = connect(PostgresUrl(f"{database.text}%20-csynchronous_commit%3Doff"), reads_only=False)

    found = reached.write(
        lambda connection: [connection.execute(text(f"SHOW {name}")).scalar() for name in names]
    )
    reached.close()

    assert found == ["on", "5s", "4s"]


def test_a_long_read_is_let_finish(server: Server, database: PostgresUrl) -> None:
    with opened(database) as store:
        reached = impatient(store)._database  # noqa: SLF001
        tries: list[int] = []

        def take_time(connection: Connection) -> int:
            tries.append(1)
            wait_on(server)
            found: int = connection.execute(text("SELECT count(*) FROM lineages")).scalar_one()
            return found

        assert reached.read(take_time) == 1
    assert len(tries) == 1


def wait_on(server: Server) -> None:
    """Let time pass by the server's clock."""
    with server.connect() as connection:
        connection.execute("SELECT pg_sleep(0.3)")


def test_there_is_no_store_before_one_is_made_and_asking_makes_none(database: PostgresUrl) -> None:
    with pytest.raises(StateError) as caught:
        opened(database, mode=OpenMode.WRITE)
    with pytest.raises(StateError) as on_reading:
        opened(database, mode=OpenMode.READ)

    assert store_exists(database, "dev") is False
    assert (caught.value.code, on_reading.value.code) == ("state.missing", "state.missing")
    opened(database).close()
    assert (store_exists(database, "dev"), store_exists(database, "prod")) == (True, False)


def test_a_store_open_for_reading_refuses_to_write(database: PostgresUrl) -> None:
    opened(database).close()

    with opened(database, mode=OpenMode.READ) as store, pytest.raises(StateError, match="reading only"):
        store.bind(identity())


def test_tables_of_somebody_else_are_left_alone(server: Server, database: PostgresUrl) -> None:
    schema = database.text.rpartition("%3D")[2]
    with server.connect(schema) as connection:
        connection.execute("CREATE TABLE audit (mine TEXT)")

        with pytest.raises(StateError, match='relation "audit" already exists'):
            opened(database)

        assert connection.execute("SELECT to_regclass('store')").fetchone() == (None,)


def test_a_user_without_rights_is_told_so(server: Server, database: PostgresUrl) -> None:
    opened(database).close()
    schema = database.text.rpartition("%3D")[2]
    user = f"reader_of_{schema}"
    with server.connect() as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN".encode())
        connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {user}".encode())
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {user}".encode())
    reader = PostgresUrl(database.text.replace("tester@", f"{user}@"))

    with opened(reader, mode=OpenMode.READ) as store:
        assert store.entries() == ()
    with pytest.raises(StateError, match="cannot be written: permission denied") as caught:
        opened(reader, mode=OpenMode.WRITE)
    assert caught.value.code == "state.unavailable"


PASSWORD = "hunter2"
UNCLEAR = [
    f"postgresql://kim:p@{PASSWORD}@db/state",
    f"postgresql://kim:p/{PASSWORD}@db/state",
    f"postgresql://kim:p@db?{PASSWORD}@db/state",
    f"postgresql://kim:p%zz{PASSWORD}@db/state",
    f"postgresql://db/state?passwort={PASSWORD}",
]


@pytest.mark.parametrize("url", UNCLEAR)
def test_a_url_that_cannot_be_understood_shows_no_part_of_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        opened(PostgresUrl(url))

    assert PASSWORD not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("form", ["tester:{password}@", "tester:p?a={password}@", "tester@{query}"])
def test_a_password_is_in_no_message_and_no_repr(server: Server, form: str) -> None:
    place = form.format(password=PASSWORD, query="").rstrip("@")
    query = f"&password={PASSWORD}" if "query" in form else ""
    schema = new_schema(server)
    url = PostgresUrl(server.url(schema).replace("tester", place) + query)
    nowhere = PostgresUrl(f"postgresql://{place}@127.0.0.1:1/state?connect_timeout=1{query}")

    with opened(url) as store:
        shown = f"{url!r} {url} {store!r} {missing_state(url, 'dev').message}"
    with pytest.raises(StateError) as caught:
        opened(nowhere)

    shown += f" {caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert PASSWORD not in shown
    assert "postgresql://tester@127.0.0.1:1/state" in caught.value.message


def test_without_its_driver_the_way_to_get_it_is_said() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from reconciler.store import PostgresUrl, store_exists\n"
        "from reconciler.errors import ConfigError\n"
        "try: store_exists(PostgresUrl('postgresql://kim:hunter2@db/state'), 'dev')\n"
        "except ConfigError as error: print(error.message, error.hint)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout

    assert "psycopg, which is not installed" in said
    assert "contact-centre-reconciler[postgres]" in said
    assert "hunter2" not in said


def test_a_store_in_a_folder_loads_no_driver() -> None:
    program = "import sys, reconciler.store; print('psycopg' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout

    assert said == "False\n"
