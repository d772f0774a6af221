"""The digest of what the manifests declare: the same for any order of files, documents and keys."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.resource import Resource
from reconciler.model.values import JsonObject, as_json, digest_of


def digest_resources(resources: Sequence[Resource]) -> str:
    """Lower-case hex SHA-256 of all that the resources say; secrets count by their names only."""
    ordered = sorted(resources, key=lambda resource: resource.address)
    return digest_of([_content(resource) for resource in ordered])


def _content(resource: Resource) -> JsonObject:
    depends_on = {str(found.target) for found in resource.dependencies if found.via.startswith("/dependsOn/")}
    return {
        "address": str(resource.address),
        "spec": as_json(resource.spec, lambda secret: secret.template),
        "lifecycle": resource.lifecycle.as_json(),
        "labels": dict(resource.labels),
        "formerly": list(resource.formerly),
        "dependsOn": sorted(depends_on),
    }
