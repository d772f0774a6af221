"""A process of its own for tests: `python -m tests.unit.store.child WHAT FOLDER`.

It says on stdout how far it has come, so that a test knows when to kill it.
"""

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from reconciler.model.address import Address
from tests.unit.store.builders import entry, intent, opened, record

APPENDED = 150
"""Records that `append` appends."""


def create(folder: Path) -> None:
    """Opens the store, making it where it is not there."""
    with opened(folder) as store:
        say(f"{store.secret_key.hex()} {store.load().identity}")


def append(folder: Path) -> None:
    """Appends to the audit trail without the lock, one record a commit, as soon as stdin ends."""
    with opened(folder) as store:
        say("ready")
        sys.stdin.read()
        for number in range(APPENDED):
            store.append([record(detail={"number": number})])


def settle(folder: Path) -> None:
    """Settles without end, an intent before each result."""
    with opened(folder) as store, store.lock("settling without end", 0):
        for number in count():
            address = Address("Widget", f"w{number}")
            store.record_intent(intent(address), record(address=address))
            store.settle(address, entry(address), [record(address=address)], run_id="run-1")
            say(str(number))


def hold(folder: Path) -> None:
    """Holds the lock until stdin ends."""
    with opened(folder) as store, store.lock("holding", 0):
        say("held")
        sys.stdin.read()


def say(line: str) -> None:
    """A line that the test sees at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


COMMANDS: dict[str, Callable[[Path], None]] = {
    "append": append,
    "create": create,
    "hold": hold,
    "settle": settle,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](Path(sys.argv[2]))
