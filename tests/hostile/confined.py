"""Commands in a child process that may use so much memory and time and no more.

One child runs a whole table of commands, since starting one costs more than most of them; each is told apart
by the time it took and how it ended, and the one that breaks the bounds is the last that began.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cli.commands import Ran, run

MIB = 1024 * 1024
MEMORY = 2048 * MIB
"""Address space: what a command needs by itself is a quarter of it."""
CPU_S = 60
"""Of all commands of a child together; the slowest takes a few seconds."""
_SHOWN = 20_000
"""Characters of the beginning and of the end of what a command wrote."""
DEADLINE_S = 600.0
"""Generous: the machine may be busy with something else."""


@dataclass(frozen=True, slots=True)
class Confined:
    """How a command ended under the bounds."""

    ran: Ran
    cpu_s: float


def run_confined(folder: Path, commands: Mapping[str, Sequence[str]]) -> dict[str, Confined]:
    """Runs commands by name, one after another, in a child with bounds.

    Args:
        folder: its working folder.
    """
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        cwd=folder,
        input=json.dumps(dict(commands)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
        preexec_fn=_confine,  # no thread of a test holds a lock here
    )
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    found = {end["name"]: Confined(Ran(end["code"], end["out"], end["err"]), end["cpu_s"]) for end in ended}
    left = [name for name in commands if name not in found]
    assert not left, f"{left[0]} ended the process with {done.returncode}: {done.stderr[-2000:]}"
    return found


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _run_all() -> None:
    for name, arguments in json.load(sys.stdin).items():
        began = time.process_time()
        ran = run(*arguments)
        out, err = (
            text if len(text) < 2 * _SHOWN else text[:_SHOWN] + text[-_SHOWN:] for text in (ran.out, ran.err)
        )
        ended = {"name": name, "code": ran.code, "out": out, "err": err}
        sys.stdout.write(json.dumps({**ended, "cpu_s": time.process_time() - began}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _run_all()
