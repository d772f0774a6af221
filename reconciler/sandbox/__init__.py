"""The sandbox org: a faithful, stateful, strict contact-centre org over real HTTP (design.md, section 9).

It stands beside the house: it imports nothing of ours, and has its own copy of the platform's rules on
purpose, so that a rule that is wrong on one side shows.
"""

from reconciler.sandbox.faults import Fault, parse_faults
from reconciler.sandbox.options import ALL_SCOPES, SandboxOptions
from reconciler.sandbox.org import SandboxOrg, reset
from reconciler.sandbox.recorder import RecordedRequest
from reconciler.sandbox.seeds import seed_id
from reconciler.sandbox.server import running_sandbox, serve

__all__ = [
    "ALL_SCOPES",
    "Fault",
    "RecordedRequest",
    "SandboxOptions",
    "SandboxOrg",
    "parse_faults",
    "reset",
    "running_sandbox",
    "seed_id",
    "serve",
]
