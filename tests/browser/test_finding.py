"""Finding one's way: search, filters, links and keys."""

import pytest
from selenium.webdriver.common.keys import Keys

from reconciler.model.change import Action
from tests.browser.pages import Page
from tests.browser.plans import blocked_plan, large_plan
from tests.unit.reports.builders import change, plan, rich_plan


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("queue-aht", ["Widget/queue-aht"]),
        ("/CONFIG/refresh", ["Widget/queue-aht"]),
        ("user/ann 0.4", ["WeightMatrix/support"]),
        ("referenceless", []),
        ("publish", ["Schema/ticket"]),
    ],
)
def test_search_looks_at_addresses_fields_and_values(page: Page, typed: str, found: list[str]) -> None:
    page.show(rich_plan()).find("#search").send_keys(typed)

    assert page.texts(".change .address") == found
    assert page.texts("#matches") == [f"{len(found)} of 5 changes"]
    assert page.texts("#no-match") == ([] if found else ["No change matches."])


def test_what_was_found_is_unfolded_and_folded_again(page: Page) -> None:
    page.show(large_plan(40)).find("#search").send_keys("record-0007")

    assert [head.text for head in page.shown(".change .body .where")] != []
    page.find("#search").send_keys(Keys.ESCAPE)
    assert page.shown(".change .body") == []
    assert page.texts("#matches") == ["40 changes"]


def test_filters_narrow_each_other_and_count_what_is_left(page: Page) -> None:
    page.show(blocked_plan()).choose("update")
    page.choose("Widget")

    assert page.texts(".change .address") == ["Widget/queue-aht"]
    assert page.texts("#matches") == ["1 of 10 changes"]
    counts = dict(text.rsplit(" ", 1) for text in page.texts(".chip"))
    assert counts["Widget"] == "1"
    assert counts["Schema"] == "1"
    assert counts["~ update"] == "1"
    assert counts["> adopt"] == "1"
    page.find("#clear").click()
    assert len(page.texts(".change .address")) == 10


def test_groups_without_a_match_go_and_the_others_count(page: Page) -> None:
    page.show(blocked_plan()).find("#search").send_keys("chat")

    assert page.texts(".group h3") == ["To change 1 of 5"]


def test_slash_goes_to_the_search_and_escape_clears_it(page: Page) -> None:
    page.show(rich_plan()).press("/", "bi")

    assert page.ask("document.activeElement.id") == "search"
    assert page.texts(".change .address") == ["Webhook/bi"]
    page.press(Keys.ESCAPE)
    assert len(page.texts(".change .address")) == 5


def test_keys_lead_from_change_to_change(page: Page) -> None:
    page.show(rich_plan()).press("j", "j", "k", "j")

    focused = "document.activeElement.querySelector('.address').textContent"
    assert page.ask(focused) == "Widget/queue-aht"
    page.press("k", "k", "k", "k")
    assert page.ask(focused) == "Channel/old"


def test_keys_can_be_turned_off(page: Page) -> None:
    page.show(rich_plan()).find("#keys").click()
    page.press("/", "j")

    assert page.ask("document.activeElement.id") == "keys"


def test_enter_folds_and_unfolds_a_change(page: Page) -> None:
    page.show(rich_plan()).press("j", Keys.ENTER)

    assert page.ask("document.querySelector('.change details').open") is False


def test_first_tab_offers_to_skip_to_the_content(page: Page) -> None:
    page.show(rich_plan()).press(Keys.TAB)

    assert page.texts(".skip") == ["Skip to the content"]
    page.press(Keys.ENTER)
    assert page.ask("document.activeElement.id") == "content"


def test_every_control_is_reached_by_tab_and_shows_it(page: Page) -> None:
    page.show(rich_plan())
    seen = []
    for _ in range(200):
        page.press(Keys.TAB)
        if page.ask("document.activeElement === document.body"):
            break
        seen.append(page.ask("document.activeElement.outerHTML"))
        assert page.ask(HAS_FOCUS_MARK), seen[-1]

    assert page.ask(CONTROLS) == len(seen)


CONTROLS = """[...document.querySelectorAll('a[href], button, input, summary, [tabindex="0"]')]
  .filter((found) => found.checkVisibility()).length"""
HAS_FOCUS_MARK = """(() => {
  const found = document.activeElement;
  const marked = found.querySelector("rect") ?? found;
  const style = getComputedStyle(marked);
  return style.outlineStyle !== "none" || parseFloat(style.strokeWidth) > 1;
})()"""


def test_link_opens_its_change(page: Page) -> None:
    page.show(large_plan(40), "#Schema/record-0033")

    assert page.texts(".change .body .here") == ["link to this change"]
    assert page.ask("document.querySelector('.change:target').getBoundingClientRect().top < innerHeight")


def test_link_to_what_a_search_hides_ends_the_search(page: Page) -> None:
    page.show(blocked_plan()).find("#search").send_keys("agents")
    page.find("#dependencies svg a[href='#Channel/chat']").click()

    page.wait_for("document.activeElement.closest('.change')?.id === 'Channel/chat'")
    assert len(page.texts(".change .address")) == 10


def test_strange_address_is_linked_too(page: Page) -> None:
    page.show(plan(*(change(f"Odd/a b%\u202e{at}", Action.CREATE) for at in range(20))))
    page.find("#collapse").click()

    page.driver.execute_script("location.hash = document.querySelectorAll('.change')[3].id")

    page.wait_for("document.querySelectorAll('.change details[open]').length === 1")


def test_copies_the_fingerprint(page: Page) -> None:
    page.command("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.show(rich_plan()).find("[data-copy=fingerprint]").click()

    page.wait_until("navigator.clipboard.readText()", rich_plan().fingerprint)


def test_a_thousand_changes_can_be_searched(page: Page) -> None:
    page.show(large_plan()).find("#search").send_keys("record-0500")

    # The one itself, and the one that comes after it.
    assert page.texts(".change .address") == ["Schema/record-0501", "Schema/record-0500"]
    assert page.texts("#dependencies > p")[0].startswith("1,000 changes and 900 dependencies: more than")
