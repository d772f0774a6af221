"""Measuring one command as a child process: wall, CPU, peak memory, and what it said."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command.

    Attributes:
        wall_s: From its start to its end.
        cpu_s: User and system time of the process, in seconds.
        peak_mb: Its largest resident set, in MiB.
        output: What it wrote to stdout.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: bytes


def run_once(command: Sequence[str], *, folder: Path, environ: Mapping[str, str]) -> Run:
    """Run a command to its end.

    Raises:
        RuntimeError: It failed; with what it wrote to stderr.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        started = time.perf_counter()
        child = subprocess.Popen(command, cwd=folder, env=environ, stdout=output, stderr=complaints)
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            complaints.seek(0)
            raise RuntimeError(f"{' '.join(command)}: exit {child.returncode}\n{complaints.read().decode()}")
        output.seek(0)
        return Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output.read())


def least_disturbed(runs: Sequence[Run]) -> Run:
    """Return the fastest run: what else a machine does only ever adds to a time."""
    return min(runs, key=lambda run: run.wall_s)
