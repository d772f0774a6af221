"""From files to resources: YAML and JSON with a position for every value.

The only importer of `yaml`. Every problem of a run is found and reported together, each with file, line and
column. This folder never speaks to an org or a store, and does not know what a plan is.
"""

from reconciler.manifests.configuration import (
    bare_configuration,
    credential_names,
    load_configuration,
    select_org,
)
from reconciler.manifests.loading import Layer, LoadedManifests, Role, load_manifests
from reconciler.manifests.policies import judge_policies, load_policies
from reconciler.manifests.tracing import trace
from reconciler.manifests.variables import Variables, read_variables, reveal
from reconciler.manifests.writing import manifest_document, to_yaml

__all__ = [
    "Layer",
    "LoadedManifests",
    "Role",
    "Variables",
    "bare_configuration",
    "credential_names",
    "judge_policies",
    "load_configuration",
    "load_manifests",
    "load_policies",
    "manifest_document",
    "read_variables",
    "reveal",
    "select_org",
    "to_yaml",
    "trace",
]
