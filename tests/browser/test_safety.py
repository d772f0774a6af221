"""What a page must never do: ask somebody for something, or obey what it shows."""

from collections.abc import Callable

import pytest

from reconciler.model.plan import Plan
from tests.browser.pages import Page
from tests.browser.plans import blocked_plan, hostile_everything, large_plan
from tests.unit.reports.builders import plan, rich_plan
from tests.unit.reports.test_hostile_text import HOSTILE


@pytest.mark.parametrize("make", [plan, rich_plan, blocked_plan, hostile_everything, large_plan])
def test_asks_for_nothing_but_itself_and_complains_of_nothing(page: Page, make: Callable[[], Plan]) -> None:
    page.show(make())

    assert page.requested() == [(page.folder / "plan.html").as_uri()]
    assert page.complaints() == []


def test_hostile_names_are_shown_and_not_obeyed(page: Page) -> None:
    page.show(hostile_everything(), show_requests=True)
    page.driver.execute_script(
        "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
    )

    assert page.ask("document.scripts.length") == 1
    assert page.ask("document.querySelectorAll('img, iframe, object, embed, base, form[action]').length") == 0
    assert (
        page.ask("[...document.links].filter((to) => !to.getAttribute('href').startsWith('#')).length") == 0
    )
    assert (
        page.ask(
            "[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames())"
            ".filter((name) => name.startsWith('on') || name === 'style').length"
        )
        == 0
    )
    assert page.texts(".change .address").count("<script>alert(1)</script><img src=x>") == 2


def test_hostile_names_can_be_filtered_and_searched(page: Page) -> None:
    page.show(hostile_everything()).find("#search").send_keys("<script>alert(1)")

    assert page.texts("#matches") == [f"2 of {2 * len(HOSTILE)} changes"]


@pytest.mark.parametrize(
    "attempt",
    [
        "document.body.innerHTML = '<img src=x>'",
        "document.createElement('script').text = 'window.was = 1'",
    ],
)
def test_markup_and_code_cannot_be_put_in_by_script(page: Page, attempt: str) -> None:
    page.show(rich_plan())

    refused = page.driver.execute_script(
        f"try {{ {attempt}; return false; }} catch (error) {{ return error instanceof Error; }}"
    )

    assert refused
    assert page.ask("window.was") is None


def test_script_and_style_of_others_do_not_run(page: Page) -> None:
    page.show(rich_plan())
    file = page.folder / "plan.html"
    text = file.read_text(encoding="utf-8")
    foreign = (
        "<script>window.was = 1</script><style>h1 { display: none }</style><img src='http://127.0.0.1:9/x'>"
    )
    file.write_text(text.replace("<main", f"{foreign}<main"), encoding="utf-8")

    page.open(file)

    assert page.ask("window.was") is None
    assert page.texts("h1") == ["sandbox"]
    assert page.requested() == [file.as_uri()]
    assert len(page.complaints()) == 3


def test_without_scripts_everything_can_still_be_read(page: Page) -> None:
    page.allow_scripts(allowed=False)
    page.show(large_plan(40))

    assert page.shown("button, input") == []
    assert len(page.texts(".change .address")) == 40
    page.find(".change summary").click()
    assert page.texts(".change .here") == ["link to this change"]
    page.emulate(media="print")
    assert len(page.shown(".change .where")) == 40
