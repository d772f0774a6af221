"""What it looks like: light and dark, on a phone, on paper, to a reader that cannot see."""

from collections.abc import Callable
from itertools import combinations, pairwise

import pytest

from reconciler.model.plan import Plan
from tests.browser.pages import DESKTOP, PHONE, Page
from tests.browser.plans import blocked_plan, hostile_everything
from tests.unit.reports.builders import plan, rich_plan

PLANS: dict[str, Callable[[], Plan]] = {
    "rich": rich_plan,
    "blocked": blocked_plan,
    "hostile": hostile_everything,
    "nothing": plan,
}

FAINT = """(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const painted = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const rect = element.closest("svg a")?.querySelector("rect");
    if (rect) return painted(getComputedStyle(rect).fill);
    for (let at = element; at; at = at.parentElement) {
      const color = painted(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility() || element.closest("script, style, title")) continue;
    const style = getComputedStyle(element);
    const color = painted(element.closest("svg") ? style.fill : style.color);
    const [light, dark] = [luminance(color), luminance(behind(element))].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${node.data.trim().slice(0, 40)}`);
  }
  return faint;
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_of_wcag_aa(page: Page, scheme: str) -> None:
    page.emulate(scheme=scheme)
    page.show(blocked_plan())
    page.unfold()

    assert page.ask(FAINT) == []


def test_contrast_is_measured(page: Page) -> None:
    page.show(rich_plan())
    page.driver.execute_script("document.querySelector('h1').style.setProperty('color', '#aaa')")

    assert page.ask(FAINT) == ["2.15 sandbox"]


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_follows_the_system(page: Page, scheme: str, is_dark: bool) -> None:
    page.emulate(scheme=scheme)

    assert _is_dark(page.show(rich_plan())) is is_dark
    assert page.texts("#theme") == ["Theme: as the system"]


def test_theme_can_be_chosen_and_is_kept(page: Page) -> None:
    page.emulate(scheme="dark")
    page.show(rich_plan()).find("#theme").click()

    assert not _is_dark(page)
    page.driver.refresh()
    assert page.texts("#theme") == ["Theme: light"]
    assert not _is_dark(page)
    page.find("#theme").click()
    page.emulate(scheme="light")
    assert _is_dark(page)
    page.find("#theme").click()
    assert not _is_dark(page)


@pytest.mark.parametrize("name", PLANS)
def test_fits_a_phone(page: Page, name: str) -> None:
    page.resize(PHONE, mobile=True)
    page.show(PLANS[name]())
    page.unfold()

    assert page.ask("document.documentElement.scrollWidth") == PHONE[0]
    assert page.ask(BEYOND) == []


BEYOND = """[...document.querySelectorAll("body *")]
  .filter((found) => found.checkVisibility() && !found.closest(".scroll, .skip, .sr"))
  .filter((found) => found.getBoundingClientRect().right > innerWidth + 0.5)
  .map((found) => found.outerHTML.slice(0, 80))"""


def test_values_stand_side_by_side_on_a_desk_and_below_each_other_on_a_phone(page: Page) -> None:
    page.show(rich_plan())
    places = [found.location for found in page.shown(r"#Widget\/queue-aht tbody:nth-of-type(2) td")]
    assert places[0]["y"] == places[1]["y"]
    assert places[0]["x"] < places[1]["x"]

    page.resize(PHONE, mobile=True)
    places = [found.location for found in page.shown(r"#Widget\/queue-aht tbody:nth-of-type(2) td")]
    assert places[0]["y"] < places[1]["y"]
    assert places[0]["x"] == places[1]["x"]


def test_paper_shows_everything_and_no_controls(page: Page) -> None:
    page.show(blocked_plan()).find("#collapse").click()
    page.emulate(media="print", scheme="dark")

    folded = page.ask("document.querySelectorAll('.body, .fold > *').length")
    assert len(page.shown(".body, .fold > *")) == folded
    assert page.shown("button, input, nav, .skip, .here") == []
    assert not _is_dark(page)


def test_printing_folds_again_what_it_unfolded(page: Page) -> None:
    page.show(rich_plan()).find("#collapse").click()

    assert page.printed().startswith(b"%PDF-")
    assert page.ask("document.querySelectorAll('.change > details[open]').length") == 0


def test_paper_says_that_a_search_was_on(page: Page) -> None:
    page.show(rich_plan()).find("#search").send_keys("bi")
    page.emulate(media="print")

    assert page.texts("#matches") == ["1 of 5 changes"]


def test_boxes_of_the_picture_stand_apart(page: Page) -> None:
    page.show(blocked_plan())
    boxes = [found.rect for found in page.shown("svg rect")]

    assert boxes
    assert [(one, other) for one, other in combinations(boxes, 2) if _overlap(one, other)] == []


def test_headings_skip_no_level_and_controls_have_names(page: Page) -> None:
    page.resize(DESKTOP)
    page.show(blocked_plan())
    page.unfold()

    levels = [int(found.tag_name[1]) for found in page.shown("h1, h2, h3, h4")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    controls = page.shown("button, input, summary, svg, svg a, [role=region], nav, main section")
    assert [found.tag_name for found in controls if not found.accessible_name] == []


def _is_dark(page: Page) -> bool:
    color = str(page.ask("getComputedStyle(document.body).backgroundColor"))
    return color.startswith("rgb(15,")


def _overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )
