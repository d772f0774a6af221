"""`compare`: two orgs by natural key, read-only; neither needs manifests or a state."""

from __future__ import annotations

from reconciler import __version__
from reconciler.commands.export import OrgContent, read_org
from reconciler.commands.project import Project
from reconciler.kinds import KINDS
from reconciler.model.change import Action
from reconciler.model.plan import Basis, Plan, RequestBudget
from reconciler.model.ports import Observer
from reconciler.planning.canonical import Masks
from reconciler.planning.comparing import compare_orgs
from reconciler.planning.documents import fingerprint_of, planned_change, summarise
from reconciler.store import EnvironmentSecrets

COMPARES = "compare"
"""The option in a document's basis that says what it is: the names of both orgs."""


async def compare(one: Project, other: Project, observer: Observer) -> Plan:
    """What would make the first org like the second, as a plan that nobody can apply.

    Raises:
        RemoteError: an org cannot be read.
    """
    ours, theirs = await read_org(one, (), observer), await read_org(other, (), observer)
    return _document((one.org.name, other.org.name), ours, theirs, one)


def _document(names: tuple[str, str], ours: OrgContent, theirs: OrgContent, project: Project) -> Plan:
    secrets = EnvironmentSecrets({}, None)
    masks = Masks(secrets.digest, secrets.digest_text)
    changes = compare_orgs(ours.manifests, theirs.manifests, KINDS, masks)
    same = len(ours.manifests) - sum(1 for change in changes if change.action is not Action.CREATE)
    planned = tuple(planned_change(one, KINDS[one.address.kind].field_rules, masks) for one in changes)
    org = "..".join(names)
    return Plan(
        tool_version=__version__,
        created_at=project.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        org=org,
        org_id="",
        fingerprint=fingerprint_of(org, planned),
        applyable=False,
        complete=True,
        summary=summarise(changes, same),
        changes=planned,
        requests=RequestBudget(made=ours.requests + theirs.requests),
        basis=Basis(options={COMPARES: list(names)}),
    )
