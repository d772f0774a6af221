"""A headless Chromium of the tests' own: its own profile, driven over a local port, gone with the test run.

A shell starts the driver and ends it, and the browser with it, as soon as its standard input ends: a test run
that is killed leaves nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selenium.webdriver import ChromeOptions, Remote

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DRIVER = "chromedriver"

SUPERVISOR = (
    'trap : TERM; "$0" --port=0 2>"$1/log" & read -r end || :; kill -TERM 0; wait; rm -rf "$1"; kill -KILL 0'
)
"""The driver and the browser are in the shell's group; both end by a signal to it."""

READY = "started successfully on port "
ARGUMENTS = (
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-default-browser-check",
    "--no-first-run",
)


@dataclass(frozen=True, slots=True)
class Programs:
    """The browser and its driver, of one version."""

    browser: str
    driver: str


def programs() -> Programs | None:
    """Find both; None where one is missing."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which(DRIVER)
    return Programs(browser, driver) if browser and driver else None


@contextmanager
def running_browser(found: Programs) -> Iterator[Remote]:
    """A browser, while the body lasts."""
    folder = Path(tempfile.mkdtemp(prefix="reconciler-browser-"))
    with subprocess.Popen(
        ["sh", "-c", SUPERVISOR, found.driver, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as supervisor:
        try:
            yield from _driven(supervisor, found, folder)
        finally:
            supervisor.communicate()
            shutil.rmtree(folder, ignore_errors=True)


def _driven(supervisor: subprocess.Popen[str], found: Programs, folder: Path) -> Iterator[Remote]:
    driver = Remote(f"http://127.0.0.1:{_port_of(supervisor)}", options=_options(found, folder))
    try:
        yield driver
    finally:
        driver.quit()


def _port_of(supervisor: subprocess.Popen[str]) -> int:
    assert supervisor.stdout is not None
    for line in supervisor.stdout:
        if READY in line:
            return int(line.partition(READY)[2].rstrip(".\n"))
    raise AssertionError("the driver did not start; its log is in its folder")


def _options(found: Programs, folder: Path) -> ChromeOptions:
    options = ChromeOptions()
    options.binary_location = found.browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for argument in ARGUMENTS:
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # it cannot be had by root
    options.add_argument(f"--user-data-dir={folder / 'profile'}")
    return options


if __name__ == "__main__":
    sys.exit(programs() is None)
