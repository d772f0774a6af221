"""A page as a test sees and uses it: what is on it, keys and clicks, and what a screen of some size shows."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from selenium.webdriver import ActionChains, Remote
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from reconciler.model.plan import Plan
from reconciler.reports import plan_html

DESKTOP = (1280, 900)
PHONE = (360, 740)

VISIBLE = """[...document.querySelectorAll(arguments[0])]
  .filter((found) => found.checkVisibility() && found.getClientRects().length)"""


@dataclass(frozen=True, slots=True)
class Page:
    """A page in a browser.

    Args:
        folder: where the pages that a test makes are kept.
    """

    driver: Remote
    folder: Path

    def command(self, name: str, **parameters: object) -> Mapping[str, object]:
        """Send a command of the browser's own protocol."""
        sent = {"cmd": name, "params": parameters}
        answer: Mapping[str, object] = self.driver.execute("executeCdpCommand", sent)["value"]
        return answer

    def show(self, plan: Plan, anchor: str = "", *, show_requests: bool = False) -> "Page":
        """Show the page of a plan."""
        file = self.folder / "plan.html"
        file.write_text(plan_html(plan, show_requests=show_requests), encoding="utf-8")
        return self.open(file, anchor)

    def open(self, file: Path, anchor: str = "") -> "Page":
        """Show a file, with nothing left of the page before."""
        self.driver.get("about:blank")
        self.requested()
        self.complaints()
        self.driver.get(f"{file.as_uri()}{anchor}")
        return self

    def resize(self, size: tuple[int, int], *, mobile: bool = False) -> None:
        """Give the page a screen of this size, in CSS pixels."""
        width, height = size
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=mobile,
        )

    def emulate(self, *, media: str = "", scheme: str = "light") -> None:
        """Show it as on this medium, to somebody who prefers this colour scheme."""
        preferred = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", media=media, features=preferred)

    def allow_scripts(self, allowed: bool) -> None:
        """Turn scripts on or off for the pages that are opened next."""
        self.command("Emulation.setScriptExecutionDisabled", value=not allowed)

    def find(self, selector: str) -> WebElement:
        """Find the first element of a selector."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def shown(self, selector: str) -> list[WebElement]:
        """List the elements of a selector that can be seen."""
        found: list[WebElement] = self.driver.execute_script(f"return {VISIBLE}", selector)
        return found

    def choose(self, value: str) -> None:
        """Tick, or no longer, a value of a filter."""
        filters = self.find(".filters")
        if filters.get_attribute("open") is None:
            filters.find_element(By.TAG_NAME, "summary").click()
        self.find(f".chip input[value='{value}']").click()

    def texts(self, selector: str) -> list[str]:
        """Say the texts of the elements that can be seen, blanks made one."""
        asked = f"return {VISIBLE}.map((found) => found.textContent.replace(/\\s+/g, ' ').trim())"
        found: list[str] = self.driver.execute_script(asked, selector)
        return found

    def unfold(self) -> None:
        """Open everything that can be folded."""
        self.driver.execute_script("document.querySelectorAll('details').forEach((fold) => fold.open = true)")

    def ask(self, expression: str) -> object:
        """Evaluate an expression in the page."""
        return self.driver.execute_script(f"return {expression}")

    def wait_for(self, expression: str) -> None:
        """Wait until an expression holds in the page."""
        WebDriverWait(self.driver, 30).until(lambda driver: driver.execute_script(f"return {expression}"))

    def wait_until(self, promise: str, wanted: object) -> None:
        """Wait until what a promise yields is what is wanted."""
        ask = f"{promise}.then(arguments[0])"
        WebDriverWait(self.driver, 30).until(lambda driver: driver.execute_async_script(ask) == wanted)

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def requested(self) -> list[str]:
        """Say what was asked for since the last time: the addresses of requests that were not held back."""
        entries = self.driver.execute("getLog", {"type": "performance"})["value"]
        messages = [json.loads(entry["message"])["message"] for entry in entries]
        asked = [found["params"] for found in messages if found["method"] == "Network.requestWillBeSent"]
        failed = [found["params"] for found in messages if found["method"] == "Network.loadingFailed"]
        blocked = {found["requestId"] for found in failed if found.get("blockedReason")}
        return [found["request"]["url"] for found in asked if found["requestId"] not in blocked]

    def complaints(self) -> Sequence[str]:
        """Say what stands in the console since the last time."""
        return [entry["message"] for entry in self.driver.execute("getLog", {"type": "browser"})["value"]]

    def picture(self) -> bytes:
        """Draw what the screen shows, as PNG."""
        drawn = self.command("Page.captureScreenshot", format="png")
        return base64.b64decode(str(drawn["data"]))

    def printed(self) -> bytes:
        """Print the page, as PDF."""
        drawn = self.command("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        return base64.b64decode(str(drawn["data"]))
