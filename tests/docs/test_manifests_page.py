"""What the page on manifests shows can be used as it stands."""

import re
from pathlib import Path

import pytest
import yaml

from reconciler.kinds import KINDS
from reconciler.manifests import Variables, load_configuration, load_manifests, load_policies
from reconciler.manifests.envelope import LifecycleModel, MetadataModel
from reconciler.manifests.requirements import Operator
from reconciler.settings import ManifestSettings, SafetySettings, Settings
from scripts.documents import ROOT

PAGE = (ROOT / "docs" / "manifests.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def block(kind: str) -> str:
    """The one block of a kind that is no file of its own."""
    plain = [text for text in BLOCKS if not text.startswith("# ")]
    (found,) = [text for text in plain if yaml.safe_load(text).get("kind") == kind]
    return str(found)


def test_configuration_shown_is_valid_and_its_safety_is_the_default(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(block("Config"))
    (tmp_path / "manifests").mkdir()

    loaded = load_configuration(file=None, start=tmp_path, environ={}, settings=Settings())

    assert set(loaded.orgs) == {"sandbox", "prod"}
    assert loaded.safety == SafetySettings()


def test_manifest_shown_has_a_valid_envelope() -> None:
    manifest = yaml.safe_load(block("Widget"))

    assert MetadataModel.model_validate(manifest["metadata"]).name == "queue-aht"
    assert LifecycleModel.model_validate(manifest["lifecycle"]).prevent_destroy


def test_environments_shown_work_together(tmp_path: Path) -> None:
    for text in BLOCKS:
        if text.startswith("# "):
            path = tmp_path / text.splitlines()[0].removeprefix("# ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    teams = {"care": {"queue": "Support"}, "sales": {"queue": "Sales"}}

    care, sales = load_manifests(
        tmp_path / "manifests",
        root=tmp_path,
        kinds=KINDS,
        variables=Variables({"teams": teams}),
        settings=ManifestSettings(),
        org="prod",
    ).resources

    assert (str(care.address), str(sales.address)) == ("Widget/aht-care", "Widget/aht-sales")
    assert (care.labels, sales.labels) == ({"team": "care", "tier": "gold"}, {"team": "care"})
    assert (care.spec["visualization"], sales.spec["visualization"]) == (
        {"type": "line"},
        {"type": "bigNumber"},
    )
    assert care.spec["preflight"] == {"onEmpty": "warn"}
    assert sales.spec["name"] == "Handle time of Sales"


def test_policy_shown_can_be_read(tmp_path: Path) -> None:
    (policy,) = [text for text in BLOCKS if "require" in yaml.safe_load(text)]
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "p.yaml").write_text(policy)

    assert [found.name for found in load_policies(tmp_path, ManifestSettings())] == ["channels-fall-back"]


@pytest.mark.parametrize("operator", list(Operator))
def test_each_operator_of_policies_is_named(operator: str) -> None:
    assert f"`{operator}`" in PAGE


@pytest.mark.parametrize("member", [field.alias for field in LifecycleModel.model_fields.values()])
def test_each_member_of_lifecycle_is_explained(member: str) -> None:
    assert re.search(rf"^\| `{member}` \| ", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", ["max_deletes", "max_delete_percent", "max_update_percent", "min_resources"])
def test_guards_are_explained_with_their_defaults(name: str) -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    first, *rest = name.split("_")
    written = first + "".join(word.capitalize() for word in rest)

    assert f"| `{written}` | {getattr(SafetySettings(), name):g} |" in operations
