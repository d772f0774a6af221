"""What the audit says of a project: by which commit, and of which org (design.md, sections 5 and 8)."""

from pathlib import Path

import pytest

from reconciler.commands.org import confirm_organization
from reconciler.commands.project import open_project
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.errors import StateError
from reconciler.model.state import StateIdentity

CONFIGURATION = """
apiVersion: reconciler/v1
kind: Config
defaultOrg: prod
orgs: {prod: {region: mypurecloud.com, organization: ours}}
"""


def test_only_the_organization_of_the_configuration_may_answer(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(CONFIGURATION)
    (tmp_path / "manifests").mkdir()
    project = open_project(CommonOptions(), Surroundings(tmp_path, {}))
    ours = StateIdentity("lineage", 1, "ours", "api.mypurecloud.com", "client")
    theirs = StateIdentity("lineage", 1, "theirs", "api.mypurecloud.com", "client")

    assert confirm_organization(project, ours) == ours
    with pytest.raises(StateError, match="expects organization ours, and theirs answers") as refused:
        confirm_organization(project, theirs)
    assert refused.value.code == "state.other-org"
