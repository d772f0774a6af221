"""What only prior state keeps of a resource: name, labels and lifecycle. Editing them sends nothing."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.address import Address
from reconciler.model.change import FieldChange, Origin
from reconciler.model.resource import Lifecycle, Resource
from reconciler.model.state import PriorEntry
from reconciler.model.values import JsonValue, escape


def metadata_fields(
    resource: Resource, entry: PriorEntry | None, formerly: Address | None
) -> tuple[FieldChange, ...]:
    """The differences between manifest and prior state; none before the first apply."""
    if entry is None:
        return ()
    before = {**_lifecycle(entry.lifecycle), **_labels(entry.labels)}
    after = {**_lifecycle(resource.lifecycle), **_labels(resource.labels)}
    if formerly is not None:
        before["/metadata/name"], after["/metadata/name"] = formerly.name, resource.address.name
    return tuple(
        FieldChange(path, before.get(path), after.get(path), Origin.INTENT)
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    )


def _labels(labels: Mapping[str, str]) -> dict[str, JsonValue]:
    return {f"/metadata/labels/{escape(name)}": value for name, value in labels.items()}


def _lifecycle(lifecycle: Lifecycle) -> dict[str, JsonValue]:
    ignored: list[JsonValue] = [
        {"path": found.path, **({"until": found.until.isoformat()} if found.until else {})}
        for found in lifecycle.ignore_changes
    ]
    return {
        "/lifecycle/adopt": lifecycle.adopt,
        "/lifecycle/preventDestroy": lifecycle.prevent_destroy,
        "/lifecycle/onRemove": lifecycle.on_remove,
        "/lifecycle/ignoreChanges": ignored,
    }
