"""The platform over HTTP: tokens, retries, paging and rate limits.

The only importer of `httpx`, whose exceptions never leave this folder. A client made for reading cannot
send a request that changes anything. Nothing here knows a kind, a plan or a manifest: requests and answers
are values.
"""

from reconciler.remote.client import OrgClient, ReadOnlyClient, open_client
from reconciler.remote.hosts import Target, resolve_target
from reconciler.remote.origins import Origins, origins_of
from reconciler.remote.ratelimit import Window
from reconciler.remote.routes import Route, UnusableBundle, UnusableProxy, route_to
from reconciler.remote.tally import Statistics

__all__ = [
    "OrgClient",
    "Origins",
    "ReadOnlyClient",
    "Route",
    "Statistics",
    "Target",
    "UnusableBundle",
    "UnusableProxy",
    "Window",
    "open_client",
    "origins_of",
    "resolve_target",
    "route_to",
]
