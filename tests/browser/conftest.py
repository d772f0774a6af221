"""One browser a worker, started when the first test asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Remote

from tests.browser.chromium import programs, running_browser
from tests.browser.pages import DESKTOP, Page
from tests.postgres import is_required

LACKING = "needs chromium and chromedriver; `make browser` installs them"


@pytest.fixture(scope="session")
def browser() -> Iterator[Remote]:
    found = programs()
    if found is None:
        if is_required():
            pytest.fail(LACKING)
        pytest.skip(LACKING)
    with running_browser(found) as driver:
        yield driver


@pytest.fixture
def page(browser: Remote, tmp_path: Path) -> Page:
    page = Page(browser, tmp_path)
    page.allow_scripts(allowed=True)
    page.command("Storage.clearDataForOrigin", origin="file://", storageTypes="local_storage")
    page.emulate()
    page.resize(DESKTOP)
    return page
