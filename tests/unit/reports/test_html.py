"""The plan as a page: what is on it, that it is whole by itself, and that it obeys nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from reconciler.model.change import Action, CheckStatus, Reason
from reconciler.model.plan import Basis, PlannedStep
from reconciler.reports import plan_html
from tests.unit.reports.builders import (
    ANN,
    FINGERPRINT,
    change,
    check,
    comparison,
    error,
    field,
    plan,
    rich_plan,
)
from tests.unit.reports.test_hostile_text import HOSTILE, assert_inert, hostile_plan

VOID = {"meta", "link", "input", "br"}
APART = {"td", "th", "dt", "dd", "button"}
TAGS = {
    *("html", "head", "title", "style", "script", "body", "header", "main", "nav", "section", "article"),
    *(
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "a",
        "b",
        "code",
        "pre",
        "span",
        "div",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
    ),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "del", "ins", "details", "summary", "kbd"),
    *("form", "fieldset", "legend", "label", "input", "output", "button", "meta", "link", "br"),
    *("svg", "g", "path", "rect", "text", "tspan", "defs", "marker"),
}


class Read(HTMLParser):
    """A page as a browser takes it: elements in order, attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.parts: list[str] = []
        self.within: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    @property
    def text(self) -> str:
        """All that is to be read, blanks made one."""
        return " ".join("".join(self.parts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.parts += [" "] if tag in APART else []
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            self.within[self._open[-1]] = data
        else:
            self.parts.append(data)


# -- by itself -------------------------------------------------------------------------------------------


def test_policy_lets_in_the_page_s_own_style_and_script_alone() -> None:
    page = Read(plan_html(rich_plan()))

    policy = next(value for _, value in page.attributes if value.startswith("default-src"))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'{_hash(page.within['style'])}'",
        "script-src": f"'{_hash(page.within['script'])}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }


def test_page_refers_to_nothing_outside_of_it() -> None:
    page = Read(plan_html(rich_plan()))

    leading = [value for name, value in page.attributes if name in ("href", "src", "action", "data")]
    assert [to for to in leading if not to.startswith("#")] == ["data:,"]
    assert not re.search(r"url\(|@import|https?:", page.within["style"])
    assert not re.search(r"https?:|fetch|XMLHttp|import\b|innerHTML|eval", page.within["script"])


def test_same_plan_gives_the_same_page() -> None:
    assert plan_html(rich_plan()) == plan_html(rich_plan())


# -- nothing is obeyed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_becomes_no_markup(text: str) -> None:
    printed = plan_html(hostile_plan(text), planfile=text, show_requests=True)

    assert_inert(printed)
    page = Read(printed)
    assert set(page.tags) <= TAGS
    assert page.tags.count("script") == page.tags.count("style") == 1
    assert [name for name, _ in page.attributes if name.startswith("on") or name == "style"] == []
    leading = [value for name, value in page.attributes if name == "href"]
    assert [to for to in leading if not re.fullmatch(r"#[\w/.:%~-]*|data:,", to)] == []


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a & b &lt; \"c\" 'd'", "{{ 7 * 7 }} {% x %}"])
def test_text_from_outside_is_shown_as_it_is(text: str) -> None:
    page = Read(plan_html(hostile_plan(text)))

    assert page.parts.count(text) >= 5


def test_masked_values_stay_masked() -> None:
    secret = {"$secret": "5ec4e7d19e57"}
    step = PlannedStep("create", "POST", "/hooks", {"secret": secret, "id": {"$unknown": "Schema/a"}})
    page = Read(
        plan_html(
            plan(
                change("Webhook/a", Action.CREATE, after={"secret": secret}, steps=(step,)),
                change("Webhook/b", Action.UPDATE, fields=(field("/secret", secret, {"$secret": "x"}),)),
                change("Webhook/c", Action.UPDATE, fields=(field("/token", "t0p", "s3c", sensitive=True),)),
            )
        )
    )

    assert "5ec4e7d19e57" not in page.text
    assert "t0p" not in page.text
    assert page.text.count("(secret, changed)") == 2
    assert '{"secret": "(secret)", "id": "(known after apply of Schema/a)"}' in page.text


# -- what is on it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "Plan for sandbox Theme",
        "Ready to apply",
        "- 1 to destroy",
        "~ 3 to change",
        "4 unchanged",
        FINGERPRINT,
        "To destroy 1 - delete Channel/old no longer in the manifests was manifests/channels.yaml:12",
        "edited in the manifest manifests/widgets.yaml:12 3 fields, 1 request id w-1",
        "+ create Schema/ticket new manifests/schemas.yaml:12 3 resources depend on it 2 requests",
        "After Schema/customer",
        "/title is no longer managed; it stays 'AHT'",
        "/config/refresh [drift] 30 60",
        "/queueId [intent] Queue/Support (5f5e…) (known after apply of Channel/care)",
        "one one two 2 three three",
        "/members/a11c…/weight (User/ann@example.com) [conflict] 0.2 0.4",
        "Weights user before after User/ann@example.com (a11c…) 0.2 0.4",
        "/secret [intent] [sensitive] (secret, changed)",
        "POST /api/v2/schemas create draft can be undone",
        "POST /api/v2/schemas/ticket/publish publish waited for",
        "Moved in the org since the last apply 1 Widget/queue-aht id w-1",
        "Field Last applied Now in the org /config/refresh 60 30",
        "Checks 1 passed, 1 warned warn channel.fallback Channel/care would switch",
        "agents: 1, wanted: 2",
        "warning auth.scope analytics is not granted Hint: grant it before the apply",
        "12 requests made; apply needs 9, about 1 s at 300 a minute.",
        "Options --target 'Widget/*'",
    ],
)
def test_page_says(said: str) -> None:
    assert said in Read(plan_html(rich_plan())).text


def test_page_ends_with_the_next_step() -> None:
    page = Read(plan_html(rich_plan(), planfile="p.json"))

    assert page.text.endswith(
        "Next step reconciler apply p.json Copy Plan: 1 to add, 3 to change, 1 to destroy."
    )


def test_next_step_repeats_the_common_options() -> None:
    page = Read(plan_html(rich_plan(), planfile="p.json", common=("--org", "prod")))

    assert "reconciler apply p.json --org prod" in page.text


def test_long_table_shows_what_changes_and_counts_the_rest() -> None:
    rows = [[f"Agent {at}", "0.1", "0.2" if at == 7 else "0.1"] for at in range(60)]
    table = {
        "title": "Weights",
        "columns": ["member", "before", "after"],
        "rows": [*rows, ["total", "6", "6.1"]],
    }

    page = Read(plan_html(plan(change("Widget/a", Action.UPDATE, report={"tables": [table]}))))

    assert "Weights member before after Agent 7 0.1 0.2 total 6 6.1 … 59 unchanged rows" in page.text


def test_dangerous_changes_come_first() -> None:
    shuffled = plan(*(change(f"Widget/{action.value}", action) for action in sorted(Action)))

    page = plan_html(shuffled)
    places = [
        page.index(f'id="Widget/{name}"') for name in ("delete", "replace", "adopt", "update", "create")
    ]
    assert places == sorted(places)


def test_blocked_plan_says_first_by_what_and_last_the_way_out() -> None:
    blocked = plan(
        change("Widget/a", Action.DELETE),
        applyable=False,
        complete=False,
        checks=(check(CheckStatus.FAIL, "breaks version 1", name="schema.compatibility"),),
        diagnostics=(
            error("plan.guard", "11 deletes", hint="pass `--allow-unsafe 3f2a`", file="a.yaml", line=3),
        ),
    )
    text = Read(plan_html(blocked)).text

    order = [
        "Blocked by plan.guard, schema.compatibility: nothing can",
        "Not complete:",
        "11 deletes",
        "breaks",
        "To destroy",
    ]
    assert sorted(order, key=text.index) == order
    assert "a.yaml:3" in text
    assert text.endswith(
        "Next step: a.yaml:3: pass --allow-unsafe 3f2a "
        "Next step: put this right, then run reconciler plan again "
        "Plan: 0 to add, 0 to change, 1 to destroy."
    )


def test_plan_without_changes_has_nothing_to_filter() -> None:
    page = Read(plan_html(plan()))

    assert "No changes" in page.text
    assert page.text.endswith("Nothing to apply. No changes. The org matches the manifests.")
    assert "form" not in page.tags


def test_drift_report_has_no_fingerprint_and_no_command() -> None:
    drifted = replace(plan(), drift=rich_plan().drift, basis=Basis(options={"drift": True}))

    page = Read(plan_html(drifted))
    assert "Drift of sandbox" in page.text
    assert FINGERPRINT not in page.text
    assert "No changes" not in page.text


def test_comparison_names_its_orgs_and_plans_nothing() -> None:
    page = Read(
        plan_html(
            comparison(
                change("Widget/a", Action.CREATE, after={"name": "a"}),
                change("Widget/b", Action.UPDATE, fields=(field("/size", 1, 2),)),
            )
        )
    )

    assert "Different 1 ~ update Widget/b manifests/widgets.yaml:12 1 field link to this change" in page.text
    assert "Only in other 1 + create Widget/a" in page.text
    assert "Field one other /size 1 2" in page.text
    assert not re.search(r"request\b|\[intent\]|Dependencies|Reason|Ready|Blocked", page.text)


def test_filters_offer_what_there_is_with_counts() -> None:
    page = Read(plan_html(rich_plan()))

    offered = re.search(r"Filter Action (.*?) Unfold all", page.text)
    assert offered is not None
    assert offered.group(1) == (
        "- delete 1 ~ update 3 + create 1 "
        "Kind Channel 1 Schema 1 Webhook 1 WeightMatrix 1 Widget 1 "
        "Reason changed in the manifest and in the org 1 edited in the manifest 2 new 1 "
        "no longer in the manifests 1"
    )


def test_requests_are_folded_unless_asked_for() -> None:
    counts = [
        plan_html(rich_plan(), show_requests=show).count('<details class="fold" open')
        for show in (False, True)
    ]

    assert counts == [0, 2]


def test_few_changes_are_open_and_many_are_folded() -> None:
    few, many = (
        plan(*(change(f"Widget/w{at}", Action.CREATE) for at in range(number))) for number in (12, 13)
    )

    assert plan_html(few).count("<details open>") == 12
    assert plan_html(many).count("<details open>") == 0


def test_addresses_lead_to_their_changes() -> None:
    page = Read(
        plan_html(
            plan(
                change("Widget/a", Action.CREATE, depends_on=("Schema/b", "Schema/elsewhere")),
                change("Schema/b", Action.CREATE),
                checks=(replace(check(CheckStatus.WARN, "hm"), address="Schema/b"),),
            )
        )
    )

    leading = [value for name, value in page.attributes if name == "href"]
    ids = {value for name, value in page.attributes if name == "id"}
    assert leading.count("#Schema/b") >= 4
    assert {to[1:] for to in leading if to.startswith("#")} <= ids


def test_a_thousand_changes_stay_small() -> None:
    text = "Answers questions about orders, deliveries and returns."
    fields = (field("/description", text, f"{text} Always."), field(f"/members/{ANN}/weight", 0.2, 0.4))
    step = PlannedStep(
        "update", "PUT", f"/api/v2/things/{ANN}", {"description": text, "list": list(range(9))}
    )
    changes = (
        change(f"Widget/w{at}", Action.UPDATE, Reason.EDITED, fields=fields, steps=(step,))
        for at in range(1000)
    )

    assert len(plan_html(plan(*changes))) < 3_000_000


# -- colours ---------------------------------------------------------------------------------------------

ON_PAGE = ["text", "muted", "link", "create", "update", "delete", "replace", "adopt", "forget"]
PAIRS = [
    *((ink, ground) for ink in ON_PAGE for ground in ("page", "card")),
    *((ink, "sunk") for ink in ("text", "muted", "link")),
    *((action, f"{action}-tint") for action in ON_PAGE[3:]),
    *(("text", f"{action}-tint") for action in ON_PAGE[3:]),
    *(("text", ground) for ground in ("before", "before-word", "after", "after-word", "found")),
    ("delete", "before"),
    ("create", "after"),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_colours_have_the_contrast_of_wcag_aa(ink: str, ground: str, dark: bool) -> None:
    style = Read(plan_html(plan())).within["style"]
    found = re.findall(r"--([\w-]+): light-dark\(#(\w{6}), #(\w{6})\);", style)
    colours = {name: (light, night)[dark] for name, light, night in found}

    lighter, darker = sorted((_luminance(colours[ink]), _luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
