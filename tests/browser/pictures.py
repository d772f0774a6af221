"""Draws pages for people to look at: `python -m tests.browser.pictures FOLDER PAGE.html…`.

Each page light, dark, on a phone and printed.
"""

import sys
from pathlib import Path

from tests.browser.chromium import programs, running_browser
from tests.browser.pages import DESKTOP, PHONE, Page

TALLEST = 6000


def draw(page: Page, file: Path, folder: Path) -> None:
    """Draw one page in each way."""
    ways = (("light", DESKTOP, False), ("dark", DESKTOP, False), ("phone", PHONE, True))
    for name, size, is_mobile in ways:
        page.emulate(scheme="dark" if name == "dark" else "light")
        page.resize(size, mobile=is_mobile)
        height = int(str(page.open(file).ask("document.documentElement.scrollHeight")))
        page.resize((size[0], min(height, TALLEST)), mobile=is_mobile)
        (folder / f"{file.stem}-{name}.png").write_bytes(page.picture())
    page.emulate()
    page.resize(DESKTOP)
    (folder / f"{file.stem}.pdf").write_bytes(page.open(file).printed())


def main(folder: Path, files: list[Path]) -> None:
    """Draw all pages into a folder."""
    found = programs()
    if found is None:
        sys.exit("This needs chromium and chromedriver.")
    folder.mkdir(parents=True, exist_ok=True)
    with running_browser(found) as driver:
        for file in files:
            draw(Page(driver, folder), file.resolve(), folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
