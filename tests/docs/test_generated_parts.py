"""What the documents show is what the program does: each generated part is made again and compared."""

import re
from pathlib import Path

import pytest

from scripts.documents import ROOT, Workshop, documents, parts_of, renewed
from scripts.examples import normalised

README = ROOT / "README.md"
KINDS_PAGE = ROOT / "docs" / "kinds.md"
RENEW = "renew it: .venv/bin/python -m scripts.documents"
PARTS = [
    pytest.param(path, name, id=f"{path.name}-{name}")
    for path in documents()
    for name in parts_of(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("document", "name"), PARTS)
def test_part_is_what_the_program_says_now(document: Path, name: str, bench: Workshop) -> None:
    shown = parts_of(document.read_text(encoding="utf-8"))[name]

    assert normalised(shown) == normalised(bench.make(name)), RENEW


def test_readme_shows_each_example() -> None:
    assert set(parts_of(README.read_text(encoding="utf-8"))) == {
        "plan",
        "apply",
        "kinds-table",
        "cycle",
        "incompatible",
        "saturation",
        "rollback",
        "help",
    }


def test_a_part_that_only_ids_and_times_would_change_is_left() -> None:
    text = "<!-- generated: x -->\n\nRun 0123456789abcdef0123456789abcdef (12 ms)\n\n<!-- end: x -->"

    assert renewed(text, lambda _: f"Run {'f' * 32} (7 ms)\n") == text


def test_a_part_that_says_something_else_is_renewed() -> None:
    text = "before\n<!-- generated: x -->\n\nApply: 1 added.\n\n<!-- end: x -->\nafter"

    assert renewed(text, lambda _: "Apply: 2 added.\n") == text.replace("1 added", "2 added")


def test_progress_is_compared_without_its_order() -> None:
    one = "Applying 2 changes\n[1/2] a  (5 ms)\n[2/2] b  (6 ms)\nRun x\nb\na\n"
    other = "Applying 2 changes\n[1/2] b  (7 ms)\n[2/2] a  (8 ms)\nRun x\nb\na\n"

    assert normalised(one) == normalised(other)
    assert normalised(one) != normalised(other.replace("b\na", "a\nb"))


@pytest.mark.parametrize(
    "row",
    [
        (
            "| `dashboardId` | text, not empty, `$ref` or `$lookup` | yes |  | immutable: a change replaces "
            "the object; part of the path, not of the body |"
        ),
        "| `config.filters` | list of object |  |  | keyed by `name`: order does not count |",
        "| `preflight.onEmpty` | `fail` \\| `warn` |  | `fail` |  |",
        "| `members[].weight` | number, 0 to 1 | yes |  |  |",
        "| `fields[].constraints` | object |  |  | one value: what is not listed is removed |",
    ],
)
def test_reference_of_kinds_says(row: str) -> None:
    assert row in KINDS_PAGE.read_text(encoding="utf-8").splitlines()


def test_console_blocks_outside_of_generated_parts_are_few() -> None:
    """What a user is told to type, and no test runs, is short enough to be checked by eye."""
    text = re.sub(
        r"<!-- generated.*?<!-- end: [\w-]+ -->", "", README.read_text(encoding="utf-8"), flags=re.DOTALL
    )

    assert re.findall(r"^\$ (.*)$", text, re.MULTILINE) == [
        "make demo",
        "make test",
        ". .venv/bin/activate",
        "reconciler plan",
        "reconciler apply",
        "reconciler init my-contact-centre",
        ".venv/bin/python -m scripts.documents",
    ]
