"""The org in another process: `python -m benchmarks.serving SIZE` serves one until SIGTERM.

`serving_org` starts it, and is what the measuring process uses; it imports nothing of ours, since what it
weighs would count as its children's peak memory.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NO_LIMIT = 1_000_000
"""Requests a minute; the limit is announced, or the client would read one at a time."""


@contextmanager
def serving_org(size: int) -> Iterator[str]:
    """Serve an org that holds the estate of a size while the block lasts.

    Yields:
        Its base URL.

    Raises:
        RuntimeError: The org did not start.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.serving", str(size)], stdout=subprocess.PIPE, text=True
    )
    try:
        url = child.stdout.readline().strip() if child.stdout else ""
        if not url:
            raise RuntimeError("the org did not start")
        yield url
    finally:
        child.terminate()
        child.wait()
        if child.stdout:
            child.stdout.close()


def main() -> None:
    """Serve the estate that the command line asks for, and say where."""
    from benchmarks.estates import estate, fill_org  # noqa: PLC0415  # only the child weighs so much
    from reconciler.sandbox import SandboxOptions, SandboxOrg, serve  # noqa: PLC0415

    def on_ready(org: SandboxOrg) -> None:
        fill_org(org, estate(int(sys.argv[1])))
        print(org.base_url, flush=True)

    serve(SandboxOptions(rate_limit=NO_LIMIT), on_ready=on_ready)


if __name__ == "__main__":
    main()
