"""A process of its own for tests: `python -m tests.unit.store.child WHAT LOCATION`.

It says on stdout how far it has come, so that a test knows when to kill it.
"""

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from reconciler.commands.clocks import SystemClock
from reconciler.errors import StateLocked
from reconciler.model.address import Address
from reconciler.settings import LockSettings
from reconciler.store import Location, state_location
from tests.unit.store.builders import entry, intent, opened, record

APPENDED = 150
"""Records that `append` appends."""


def create(location: Location) -> None:
    """Opens the store, making it where it is not there."""
    with opened(location) as store:
        say(f"{store.secret_key.hex()} {store.load().identity}")


def append(location: Location) -> None:
    """Appends to the audit trail without the lock, one record a commit, as soon as stdin ends."""
    with opened(location) as store:
        say("ready")
        sys.stdin.read()
        for number in range(APPENDED):
            store.append([record(detail={"number": number})])


def settle(location: Location) -> None:
    """Settles without end, an intent before each result."""
    with opened(location) as store, store.lock("settling without end", 0):
        for number in count():
            address = Address("Widget", f"w{number}")
            store.record_intent(intent(address), record(address=address))
            store.settle(address, entry(address), [record(address=address)], run_id="run-1")
            say(str(number))


def hold(location: Location) -> None:
    """Holds the lock until stdin ends."""
    with opened(location) as store, store.lock("holding", 0):
        say("held")
        sys.stdin.read()


SHORT = LockSettings(lease_s=1.5, renewal_s=0.1, retry_s=0.1, margin_s=0.3)
"""Times that a test can wait for."""


def try_on_demand(location: Location) -> None:
    """Holds the lock for a short lease; for each line on stdin, says whether it may still send and commit."""
    with (
        opened(location, clock=SystemClock(), settings=SHORT, run_id="suspended") as store,
        store.lock("suspended", 0),
    ):
        say("held")
        for _line in sys.stdin:
            say(f"{verdict(store.check)} {verdict(lambda: store.refresh([entry()]))}")


def verdict(action: Callable[[], None]) -> str:
    """How the fence judges an action."""
    try:
        action()
    except StateLocked as error:
        return "taken-over" if "taken over" in error.message else "lost"
    return "passed"


def say(line: str) -> None:
    """A line that the test sees at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


COMMANDS: dict[str, Callable[[Location], None]] = {
    "append": append,
    "create": create,
    "hold": hold,
    "settle": settle,
    "try": try_on_demand,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](state_location(sys.argv[2], Path()))
