"""What a sandbox org can be asked to be. Values only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reconciler.sandbox.faults import Fault

ALL_SCOPES = (
    "analytics:conversation:view",
    "analytics:dashboard:read",
    "analytics:dashboard:write",
    "customobjects:schema:read",
    "customobjects:schema:write",
    "interaction:create",
    "routing:queue:read",
    "routing:queue:write",
    "webchat:config:read",
    "webchat:config:write",
    "webhooks:read",
    "webhooks:write",
)


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How the org is set up.

    Attributes:
        client_id: The one OAuth client that the org knows.
        client_secret: Its secret.
        scopes: What the client was granted; all by default.
        org_id: The org's identity; random when None. A data file that has one keeps its own.
        org_name: The org's name.
        seed: Whether an org without objects gets the small contact centre of `seeds.py`.
        rate_limit: Requests a window and token; None lifts the limit.
        window_s: Length of a rate window, seconds.
        token_lifetime_s: How long a token holds, seconds.
        activation_s: How long a channel stays pending after each change, seconds.
        render_s: How long a widget's rendering stays pending, seconds.
        latency_s: How long every request waits before it is looked at, seconds.
        listing_lag_s: How long a change takes to show in listings, seconds; a read by id sees it at once.
        member_answer: The status that answers a member PATCH; the platform uses all three.
        data: The SQLite file that keeps the objects; None keeps them in memory.
        faults: Faults that are there from the start.
    """

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"
    scopes: tuple[str, ...] = ALL_SCOPES
    org_id: str | None = None
    org_name: str = "Sandbox"
    seed: bool = True
    rate_limit: int | None = 300
    window_s: float = 60.0
    token_lifetime_s: float = 3600.0
    activation_s: float = 1.0
    render_s: float = 0.2
    latency_s: float = 0.0
    listing_lag_s: float = 0.0
    member_answer: Literal[200, 202, 204] = 200
    data: Path | None = None
    faults: tuple[Fault, ...] = ()
