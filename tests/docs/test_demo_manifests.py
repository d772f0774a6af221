"""What the demo shows: a small contact centre in which each kind meets what is hard about it."""

from collections import Counter

from reconciler.commands.offline import open_offline
from reconciler.commands.project import load_resources
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.model.resource import Resource
from reconciler.model.values import Lookup
from scripts.documents import ROOT


def declared() -> dict[str, Resource]:
    """The demo's resources by address."""
    project = open_offline(CommonOptions(), Surroundings(ROOT, {}), None)
    return {str(found.address): found for found in load_resources(project).resources}


def references(found: Resource) -> set[str]:
    """What a resource refers to in its spec, by name."""
    return {each.target.name for each in found.dependencies if each.via.startswith("/spec")}


def test_each_kind_is_there() -> None:
    kinds = Counter(found.address.kind for found in declared().values())

    assert kinds == {"Schema": 5, "Widget": 6, "Channel": 2, "WeightMatrix": 2}


def test_schemas_are_a_chain_and_a_diamond() -> None:
    schemas = {
        found.address.name: references(found)
        for found in declared().values()
        if found.address.kind == "Schema"
    }

    assert schemas == {
        "customer": set(),
        "contract": {"customer"},
        "device": {"customer"},
        "support_ticket": {"contract", "device"},
        "ticket_survey": {"support_ticket"},
    }


def test_widgets_are_on_two_dashboards_that_are_looked_up() -> None:
    widgets = [found.spec for address, found in declared().items() if address.startswith("Widget/")]

    assert Counter(spec["dashboardId"] for spec in widgets) == {
        Lookup("Dashboard", "Support Overview"): 3,
        Lookup("Dashboard", "Sales Overview"): 3,
    }


def test_channels_have_a_fallback_and_come_after_the_weights_of_their_queue() -> None:
    channels = [found for address, found in declared().items() if address.startswith("Channel/")]

    assert all(found.spec["fallback"] for found in channels)
    ordered = {str(each.target) for found in channels for each in found.dependencies}
    assert ordered == {"WeightMatrix/sales", "WeightMatrix/support"}


def test_variables_are_used() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "manifests").rglob("*.yaml"))

    assert {"${var.language}", "${var.brandColor}"} <= {word.strip('",') for word in text.split()}
