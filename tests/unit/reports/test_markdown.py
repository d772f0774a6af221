"""The plan as a comment: what is in it, and that it fits."""

from __future__ import annotations

import re

import pytest

from reconciler.model.change import Action, CheckStatus, Origin, Reason
from reconciler.model.plan import DriftedResource, Plan, PlanSource
from reconciler.reports import plan_markdown
from reconciler.reports.code_blocks import Room, code, fenced, utf8_bytes
from reconciler.reports.markdown import marker
from reconciler.reports.wording import Subject
from tests.unit.reports.builders import FINGERPRINT, change, check, comparison, drift, error, field, plan

OPEN = "<details open><summary><code>"
END = "</code></summary>"
SMALL = f"""\
<!-- reconciler:plan org=sandbox -->
## Plan for `sandbox`: 1 to add, 1 to change, 1 to destroy; 4 unchanged

**Destroys** `Widget/old`.

| kind | add | change | destroy |
| --- | ---: | ---: | ---: |
| `Schema` | 1 |  |  |
| `Widget` |  | 1 | 1 |

Fingerprint `{FINGERPRINT}`

### Checks: 1 passed, 1 warned

```diff
! warn channel.fallback Channel/care
!   would switch
#   agents: 1, share: 0.333333
```

<details><summary>What waits for what: an arrow leads to what is done first</summary>

```mermaid
flowchart LR
  n1["Schema/b (create)"]
  n2["Widget/a (update)"]
  n2 --> n1
  classDef create stroke:#1a7f37,stroke-width:2px
  class n1 create
  classDef update stroke:#9a6700,stroke-width:2px
  class n2 update
```

</details>

### To destroy (1)

{OPEN}- Widget/old</code> <code>no longer in the manifests; 1 request (was manifests/widgets.yaml:12){END}

```diff
- name: Old
```

</details>

### To change (1)

{OPEN}~ Widget/a</code> <code>edited in the manifest; 1 request; 2 dependants (w.yaml:12){END}

```diff
# id w-1
  /x [intent]
- 1
+ 2
# … 1 unchanged field
# note: look at it
# depends on Schema/b
# 2 resources depend on it
```

</details>

### To add (1)

{OPEN}+ Schema/b</code> <code>new; 1 request (manifests/schemas.yaml:12){END}

```diff
+ externalId: b
```

</details>

```text
12 requests made; apply needs 9, about 1 s at 300 a minute
Next step: `reconciler apply --expect {FINGERPRINT}`
```

Plan: 1 to add, 1 to change, 1 to destroy.
"""


def test_plan_is_shown_whole() -> None:
    small = plan(
        change("Schema/b", Action.CREATE, after={"externalId": "b"}),
        change(
            "Widget/a",
            Action.UPDATE,
            Reason.EDITED,
            fields=(field("/x", 1, 2),),
            after={"x": 2, "y": 1},
            notes=("look at it",),
            dependants=2,
            depends_on=("Schema/b",),
            remote_id="w-1",
            source=PlanSource("w.yaml", 12),
        ),
        change("Widget/old", Action.DELETE, Reason.REMOVED, before={"name": "Old"}),
        checks=(
            check(CheckStatus.WARN, "would switch", agents=1, share=1 / 3),
            check(CheckStatus.PASS, "fine"),
        ),
    )

    assert plan_markdown(small) == SMALL


def test_replacement_says_which_object_is_new() -> None:
    replaced = change(
        "Widget/a", Action.REPLACE, fields=(field("/type", "bar", "line"),), after={"type": "line"}
    )

    assert '- "bar"\n+ "line"\n  the new object:\n+ type: line\n' in plan_markdown(plan(replaced))


def test_drift_has_a_marker_and_words_of_its_own() -> None:
    printed = plan_markdown(
        drift(
            DriftedResource("Widget/a", "w-1", (field("/x", 1, 2, Origin.DRIFT),), "Kim", "2026-03-01"),
            DriftedResource("Widget/b", "w-2", (field("/x", 1, None, Origin.DRIFT),)),
        )
    )

    assert printed == (
        "<!-- reconciler:drift org=sandbox -->\n"
        "## Drift of `sandbox`: 2 resources drifted; 4 unchanged\n"
        "\n"
        "### Moved in the org since the last apply (2)\n"
        "\n"
        "<details open><summary><code>Widget/a</code> "
        "<code>id w-1; last changed by Kim at 2026-03-01</code></summary>\n"
        "\n```diff\n  /x\n- 1\n+ 2\n```\n\n</details>\n"
        "\n"
        "<details open><summary><code>Widget/b</code> <code>id w-2</code></summary>\n"
        "\n```diff\n- no longer in the org\n```\n\n</details>\n"
        "\n"
        "```text\n"
        "12 requests made\n"
        "Next step: `reconciler apply` puts back what the manifests say\n"
        "Next step: or `reconciler adopt Widget/a --write` takes what moved into the manifest\n"
        "```\n"
        "\n"
        "Drift: 2 resources drifted.\n"
    )


def test_plan_without_changes_is_short() -> None:
    assert plan_markdown(plan()) == (
        "<!-- reconciler:plan org=sandbox -->\n"
        "## Plan for `sandbox`: nothing to change; 4 unchanged\n"
        "\n"
        f"Fingerprint `{FINGERPRINT}`\n"
        "\n"
        "```text\n"
        "12 requests made; apply needs 9, about 1 s at 300 a minute\n"
        "Nothing to apply.\n"
        "```\n"
        "\n"
        "No changes. The org matches the manifests.\n"
    )


def test_comparison_speaks_of_two_orgs_and_of_nothing_to_apply() -> None:
    compared = comparison(
        change("Widget/a", Action.DELETE, Reason.REMOVED, remote_id="w-1", source=None, before={"a": 1}),
        change("Widget/b", Action.UPDATE, source=None, fields=(field("/x", 1, 2),)),
    )

    assert plan_markdown(compared) == (
        "<!-- reconciler:compare org=one..other -->\n"
        "## Comparison of `one..other`: 0 to add, 1 to change, 1 to destroy; 4 unchanged\n"
        "\n"
        "| kind | Different | Only in `one` |\n"
        "| --- | ---: | ---: |\n"
        "| `Widget` | 1 | 1 |\n"
        "\n"
        "### Only in `one` (1)\n"
        "\n"
        "<details open><summary><code>- Widget/a</code> <code>id w-1</code></summary>\n"
        "\n```diff\n# id w-1\n- a: 1\n```\n\n</details>\n"
        "\n"
        "### Different (1)\n"
        "\n"
        "<details open><summary><code>~ Widget/b</code></summary>\n"
        "\n```diff\n  /x\n- 1\n+ 2\n```\n\n</details>\n"
        "\n"
        "```text\n12 requests made\nNothing to apply: a comparison only shows.\n```\n"
        "\n"
        "Comparison: 0 to add, 1 to change, 1 to destroy.\n"
    )


# -- the budget ----------------------------------------------------------------------------------------


def large(number: int, lines: int, value: str = "x" * 80, name: str = "w") -> Plan:
    """Creates, one delete among them."""
    gone = change(f"Widget/{name}-gone", Action.DELETE, Reason.REMOVED, before={"name": "Gone"})
    after = {f"field{line}": f"{value}{line}" for line in range(lines)}
    made = (change(f"Widget/{name}{found:05}", Action.CREATE, after=after) for found in range(number - 1))
    return plan(*made, gone)


def assert_well_formed(printed: str) -> None:
    """Every fence that is opened is closed, and so is every fold; nothing is folded in a fence."""
    folds, fence = 0, ""
    for text in printed.split("\n"):
        if fence:
            fence = "" if text == fence else fence
        elif found := re.match("`{3,}", text):
            fence = found.group()
        else:
            folds += text.startswith("<details") - (text == "</details>")
            assert folds in (0, 1)
    assert (folds, fence) == (0, "")


@pytest.mark.parametrize("limit", [8_000, 65_536])
@pytest.mark.parametrize("number", [1, 100, 5_000])
@pytest.mark.parametrize(
    ("lines", "value", "name"),
    [(30, "y" * 5_000, "w"), (3, "🦆" * 60, "w" * 200), (9, "``` </details>", "`````")],
)
def test_plan_of_any_size_fits_and_stays_well_formed(
    limit: int, number: int, lines: int, value: str, name: str
) -> None:
    shown = large(number, lines, value, name)

    printed = plan_markdown(shown, limit=limit)

    assert len(printed.encode("utf-16-le")) // 2 <= limit
    assert_well_formed(printed)
    assert printed.startswith(f"{marker('sandbox')}\n## Plan for `sandbox`: {number - 1} to add")
    assert f"Fingerprint `{FINGERPRINT}`" in printed
    assert printed.endswith(f"Plan: {number - 1} to add, 0 to change, 1 to destroy.\n")


def test_every_resource_has_its_share_of_the_details() -> None:
    printed = plan_markdown(large(60, 300))

    assert printed.count("<details>") == 60
    assert printed.count(" more lines in the text report (`reconciler plan`") == 59


def test_resources_without_room_for_details_are_a_line_each() -> None:
    printed = plan_markdown(large(200, 30))

    listed = re.findall(r"^- `\+ Widget/w\d+` `new; 1 request ", printed, re.MULTILINE)
    assert len(listed) + printed.count("<details>") == 200
    assert len(listed) > printed.count("<details>") > 10
    assert "more resources" not in printed
    assert printed.index("- Widget/w-gone</code>") < printed.index("Widget/w00000")


def test_resources_without_room_for_a_line_are_counted_and_said_where_to_find() -> None:
    printed = plan_markdown(large(5_000, 3), where="in the summary of https://ci.example/runs/1")

    listed = len(re.findall(r"^- `[+-] Widget/", printed, re.MULTILINE))
    assert f"\n{5_000 - listed:,} more resources in the summary of https://ci.example/runs/1.\n" in printed
    assert listed > 300


def test_limit_may_be_in_bytes() -> None:
    printed = plan_markdown(large(100, 30, "東京" * 20), limit=20_000, size=utf8_bytes)

    assert 15_000 < len(printed.encode()) <= 20_000


def test_large_graph_is_left_out() -> None:
    def chained(number: int) -> Plan:
        found = (
            change(f"Widget/w{at}", Action.CREATE, depends_on=(f"Widget/w{at - 1}",))
            for at in range(1, number)
        )
        return plan(*found)

    assert "```mermaid" in plan_markdown(chained(30))
    assert "```mermaid" not in plan_markdown(chained(31))
    assert "```mermaid" not in plan_markdown(chained(30), limit=6_000)
    assert "```mermaid" not in plan_markdown(plan(change("Widget/a", Action.CREATE)))


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

    printed = plan_markdown(blocked)

    assert printed.split("\n")[3] == "**Blocked** by `plan.guard`: nothing can be applied yet."
    assert "\n### Problems: 1 error\n\n```diff\n- error[plan.guard]\n-   too many deletes\n" in printed
    assert "Blocked by plan.guard: nothing can be applied yet.\nNext step: look\n```" in printed


def test_failed_check_is_told_once() -> None:
    told = error("channel.fallback", "no agents", address="Channel/care", file="c.yaml", line=3, hint="hire")
    blocked = plan(
        applyable=False, diagnostics=(told,), checks=(check(CheckStatus.FAIL, "no agents", agents=0),)
    )

    printed = plan_markdown(blocked)

    assert printed.count("no agents") == 1
    assert (
        "\n### Checks: 1 failed\n\n```diff\n"
        "- fail channel.fallback Channel/care (c.yaml:3)\n-   no agents\n#   agents: 0\n#   hint: hire\n```\n"
    ) in printed


def test_long_message_is_wrapped() -> None:
    blocked = plan(applyable=False, diagnostics=(error("a.b", "word " * 60),))

    longest = max(map(len, plan_markdown(blocked).splitlines()))
    assert longest <= 110


def test_partial_plan_says_so() -> None:
    assert "Not complete: " in plan_markdown(plan(complete=False)).partition("| kind")[0]


def test_details_of_one_resource_are_cut_with_a_count() -> None:
    block = fenced([f"line {number}" for number in range(250)])

    assert block.startswith("```text\nline 0\n")
    assert "  … 50 more lines in the text report" in block
    assert len(fenced(["y" * 9_000] * 100)) < 13_000
    assert fenced(["one", "two"], room=Room(limit=5, where="elsewhere")) == (
        "```text\none\n  … 1 more line elsewhere\n```\n"
    )


@pytest.mark.parametrize(
    ("text", "span"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("", "` `"), ("a\nb", "`a\\nb`")],
)
def test_code_span_holds_its_content(text: str, span: str) -> None:
    assert code(text) == span


def test_marker_of_an_org_is_one_comment() -> None:
    assert marker("a-->b") == "<!-- reconciler:plan org=a-%2D%3Eb -->"
    assert marker("a", Subject.DRIFT) == "<!-- reconciler:drift org=a -->"
