"""The law of order: files, documents and listings in another order make the same plan."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reconciler.model.plan import Plan
from reconciler.planning.inputs import PlanOptions
from reconciler.reports import plan_document
from tests.properties.meddling import reorder

if TYPE_CHECKING:
    from tests.properties.worlds import World


def order_changes_nothing(world: World, seed: int) -> None:
    """Files, documents and listings in another order make the same plan."""
    options = PlanOptions()
    before = world.plan(options)
    order = random.Random(seed)
    _declare_in_another_order(world, order)
    reorder(world.work.org, seed)
    after = world.plan(options)
    shutil.rmtree(world.work.folder / "manifests")
    world.work.declare(*world.estate)
    found = list(_parting(_ordered(before), _ordered(after)))
    assert not found, f"another order makes another plan: {found}"
    assert after.fingerprint == before.fingerprint


def _declare_in_another_order(world: World, order: random.Random) -> None:
    documents = list(world.estate)
    order.shuffle(documents)
    cut, folder = order.randint(0, len(documents)), world.work.folder / "manifests"
    shutil.rmtree(folder)
    for name, found in ((f"{order.random()}.yaml", documents[:cut]), ("nested/b.yml", documents[cut:])):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        if found:
            texts = (json.dumps(_reversed(each), ensure_ascii=False) for each in found)
            (folder / name).write_text("\n---\n".join(texts), encoding="utf-8")


def _reversed(tree: Any) -> Any:  # noqa: ANN401
    """The same document, members in another order."""
    if isinstance(tree, dict):
        return {name: _reversed(tree[name]) for name in reversed(tree)}
    return [_reversed(each) for each in tree] if isinstance(tree, list) else tree


def _parting(one: Any, other: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401
    """Where two documents are not the same, order included."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from _parting(one[name], other[name], f"{at}/{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from _parting(*pair, f"{at}/{index}")
    elif one != other:
        yield f"{at}: {one!r}, then {other!r}"


def _ordered(plan: Plan) -> Any:  # noqa: ANN401
    """The plan but for time and places in files."""
    document: Any = plan_document(plan)
    for change in document["changes"]:
        change.pop("source")
    for found in document["diagnostics"]:
        for member in ("file", "line", "column"):
            found.pop(member)
        found["message"] = re.sub(r"\S+\.(json|ya?ml):\d+(:\d+)?", "a place", found["message"])
    document["diagnostics"].sort(key=str)  # they stand in the order of files and lines
    document["basis"].pop("manifest_digest")
    document.pop("created_at")
    return document
