"""The org itself: its identity, which every client may read (platform-api.md, section 1)."""

from reconciler.sandbox.calls import Call
from reconciler.sandbox.requests import Answer, Asked, shown
from reconciler.sandbox.state import ORGANIZATION, OrgState


def show_organization(state: OrgState, _asked: Asked) -> Answer:
    """Answer the org's id and name."""
    return shown(state.found(ORGANIZATION, "me", "organization"))


CALLS = (Call("GET", "/api/v2/organizations/me", None, show_organization),)
