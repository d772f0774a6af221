"""`sandbox`: the simulated org, alone over HTTP, or back to its seeds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from reconciler.commands.project import Project
from reconciler.commands.stores import existing_store
from reconciler.errors import ReconcilerError, Refused, UsageError
from reconciler.model.values import JsonObject
from reconciler.sandbox import Fault, SandboxOptions, SandboxOrg, parse_faults, reset, serve
from reconciler.store import OpenMode, local_folder, state_location, store_exists

EMBEDDED = "sandbox.sqlite3"
"""The embedded org's file in the state folder."""

SERVED_FORMAT = "reconciler.sandbox/1"


@dataclass(frozen=True, slots=True)
class Serving:
    """How an org is to be served.

    Args:
        port: 0: a free one.
        data: the file that keeps its objects; None: memory.
        faults: as `Fault.parse` reads them.
        rate_limit: requests a minute and token; 0 lifts the limit.
        client_id: the OAuth client that the org knows; None: a made-up one.
    """

    host: str
    port: int
    data: Path | None = None
    faults: Sequence[str] = ()
    rate_limit: int = 300
    activation_s: float = 1.0
    client_id: str | None = None
    client_secret: str | None = None


def serve_sandbox(serving: Serving, on_ready: Callable[[SandboxOrg], None]) -> None:
    """Serves an org until SIGINT or SIGTERM.

    Raises:
        UsageError: a fault cannot be read, the address is taken, or the file cannot be used.
    """
    made_up = SandboxOptions()
    options = SandboxOptions(
        client_id=serving.client_id or made_up.client_id,
        client_secret=serving.client_secret or made_up.client_secret,
        rate_limit=serving.rate_limit or None,
        activation_s=serving.activation_s,
        data=serving.data,
        faults=_faults(serving.faults),
    )
    try:
        serve(options, host=serving.host, port=serving.port, on_ready=on_ready)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot serve on {serving.host}:{serving.port}: {reason}") from error
    except sqlite3.Error as error:
        raise UsageError(f"--data {serving.data}: {error}") from error


def environment_of(org: SandboxOrg) -> dict[str, str]:
    """The variables that lead a command to a served org."""
    return {
        "GENESYS_BASE_URL": org.base_url,
        "GENESYS_CLIENT_ID": org.client_id,
        "GENESYS_CLIENT_SECRET": org.client_secret,
    }


def served_document(org: SandboxOrg) -> JsonObject:
    """A served org as data."""
    return {
        "format": SERVED_FORMAT,
        "base_url": org.base_url,
        "org_id": org.org_id,
        "environment": environment_of(org),
    }


def reset_sandbox(project: Project, approve: Callable[[], bool]) -> str:
    """Puts the embedded org back to its seeds; its id stays, and so does what the state says of it.

    Returns:
        The org's id.

    Raises:
        Refused: the chosen org is no sandbox, or whoever was asked said no.
        StateLocked: a run against it is under way.
    """
    name = project.org.name
    if not project.org.sandbox:
        raise Refused(
            f"org {name} is no sandbox: only the embedded org can be reset",
            code="plan.protected",
            hint="choose one with `sandbox: true` by --org",
        )
    if not approve():
        raise Refused("not approved; nothing was reset")
    location = state_location(project.state, project.state_root)
    folder = local_folder(location, project.configuration.root)
    with ExitStack() as held:
        if store_exists(location, name):
            store = held.enter_context(existing_store(project, OpenMode.WRITE))
            held.enter_context(store.lock("sandbox reset", 0.0))
        try:
            return reset(folder / EMBEDDED)
        except (OSError, sqlite3.Error) as error:
            raise ReconcilerError(f"{folder / EMBEDDED} cannot be reset: {error}", code="output") from error


def _faults(texts: Sequence[str]) -> tuple[Fault, ...]:
    found: list[Fault] = []
    for text in texts:
        try:
            found += parse_faults(text)
        except ValueError as error:
            raise UsageError(f"--fault: {error}", hint="write 'METHOD PATH key=value …'") from error
    return tuple(found)
