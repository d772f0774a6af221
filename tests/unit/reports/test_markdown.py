"""The plan as a comment: what is in it, and that it fits."""

from __future__ import annotations

import pytest

from reconciler.model.change import Action, CheckStatus, Reason
from reconciler.model.plan import PlanSource
from reconciler.reports import plan_markdown
from reconciler.reports.markdown import code, fenced, marker
from tests.unit.reports.builders import FINGERPRINT, change, check, error, field, plan

SMALL = f"""\
<!-- reconciler:plan org=sandbox -->
## Plan for `sandbox`: 1 to add, 1 to change, 0 to destroy

| kind | add | change |
| --- | ---: | ---: |
| `Schema` | 1 |  |
| `Widget` |  | 1 |

4 unchanged. Fingerprint `{FINGERPRINT}`


**Checks: 0 passed, 1 did not**

```text
warn channel.fallback Channel/care: would switch
    agents: 1
```

<details><summary><code>~ Widget/a</code> <code>edited in the manifest; 1 request (w.yaml:12)</code></summary>

```diff
  /x [intent]
- 1
+ 2
# note: look at it
# 2 resources depend on it
```

</details>

<details><summary><code>+ Schema/b</code> <code>new; 1 request (manifests/schemas.yaml:12)</code></summary>

```diff
+ externalId: b
```

</details>

```text
12 requests made; apply needs 9, about 1 s at 300 a minute
Next step: `reconciler apply`
```

Plan: 1 to add, 1 to change, 0 to destroy.
"""


def test_plan_is_shown_whole() -> None:
    small = plan(
        change("Schema/b", Action.CREATE, after={"externalId": "b"}),
        change(
            "Widget/a",
            Action.UPDATE,
            Reason.EDITED,
            fields=(field("/x", 1, 2),),
            notes=("look at it",),
            dependants=2,
            source=PlanSource("w.yaml", 12),
        ),
        checks=(check(CheckStatus.WARN, "would switch", agents=1),),
    )

    assert plan_markdown(small) == SMALL


def test_plan_without_changes_is_short() -> None:
    printed = plan_markdown(plan())

    assert "## Plan for `sandbox`: no changes\n\nNothing to change; 4 unchanged.\n" in printed
    assert printed.endswith("\nNo changes. The org matches the manifests.\n")


@pytest.mark.parametrize("limit", [4_000, 20_000, 65_536])
def test_large_plan_keeps_its_summary_and_counts_what_is_left_out(limit: int) -> None:
    changes = [
        change(f"Widget/w{number}", Action.CREATE, after={"text": [f"{'x' * 80}{at}" for at in range(50)]})
        for number in range(300)
    ]

    printed = plan_markdown(plan(*changes), limit=limit)

    shown = printed.count("<details>")
    assert len(printed) <= limit
    assert "| `Widget` | 300 |" in printed
    assert f"_{300 - shown} more parts of the details in the text report (`reconciler plan`" in printed
    assert printed.endswith("Plan: 300 to add, 0 to change, 0 to destroy.\n")


def test_summary_is_bounded_whatever_the_plan_holds() -> None:
    changes = [change(f"{'K' * 500}{number}/a", Action.CREATE) for number in range(100)]
    problems = [error("c" * 900, "m" * 9000, hint="h" * 9000) for _ in range(100)]
    hostile = plan(
        *changes, org="o" * 5000, fingerprint="f" * 900, applyable=False, diagnostics=tuple(problems)
    )

    printed = plan_markdown(hostile, limit=12_000)

    assert len(printed) <= 12_000
    assert "| 80 more kinds |" in printed


def test_blocked_plan_says_so_before_all_else() -> None:
    blocked = plan(applyable=False, diagnostics=(error("plan.guard", "too many deletes", hint="look"),))

    assert plan_markdown(blocked).split("\n")[3] == (
        "**Blocked.** `Blocked by plan.guard: nothing can be applied yet.`"
    )


def test_partial_plan_says_so() -> None:
    assert "Not complete: " in plan_markdown(plan(complete=False)).partition("| kind")[0]


def test_details_of_one_resource_are_cut_with_a_count() -> None:
    block = fenced([f"line {number}" for number in range(250)])

    assert block.startswith("```text\nline 0\n")
    assert "  … 50 more lines in the text report" in block
    assert len(fenced(["y" * 9_000] * 100)) < 13_000


@pytest.mark.parametrize(
    ("text", "span"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("", "` `"), ("a\nb", "`a\\nb`")],
)
def test_code_span_holds_its_content(text: str, span: str) -> None:
    assert code(text) == span


def test_marker_of_an_org_is_one_comment() -> None:
    assert marker("a-->b") == "<!-- reconciler:plan org=a-%2D%3Eb -->"
