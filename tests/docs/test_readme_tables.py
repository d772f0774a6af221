"""The README's tables name what there is."""

import re

from reconciler.errors import ExitCode
from scripts.documents import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_each_exit_code_is_explained() -> None:
    explained = re.findall(r"^\| (\d+) \| .+ \|$", README, re.MULTILINE)

    assert [int(code) for code in explained] == sorted(ExitCode)


def test_each_folder_of_the_package_has_a_line() -> None:
    folders = {path.parent.name for path in (ROOT / "reconciler").glob("*/__init__.py")}

    assert set(re.findall(r"^\| `reconciler/(\w+)` \| .+ \|$", README, re.MULTILINE)) == folders


def test_sections_stand_in_the_order_of_the_house() -> None:
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == [
        "Try it",
        "The loop: edit, plan, apply",
        "Kinds",
        "Safety",
        "In a pipeline",
        "Commands",
        "Exit codes",
        "Architecture",
        "Development",
    ]
