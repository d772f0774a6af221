"""A project that was applied once and has changes waiting, beside an org over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.sandbox import Fault, SandboxOrg
from tests.cli.commands import Ran, run
from tests.simulated.apply.bench import Bench, bench
from tests.simulated.apply.manifests import channel, matrix, schema, text_field, weights, widget

WRITES = (
    "/api/v2/customobjects/schemas*",
    "/api/v2/wi/engagements/configurations*",
    "/api/v2/analytics/dashboards/*/widgets*",
    "/api/v2/routing/queues/*",
)
"""Where the kinds write."""


@dataclass(frozen=True, slots=True)
class Victim:
    """A project on disk, and its org.

    Args:
        kept: a copy of its state, as it was made.
    """

    work: Bench
    kept: Path

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.work.folder

    @property
    def org(self) -> SandboxOrg:
        """Its org."""
        return self.work.org

    @property
    def state(self) -> Path:
        """The folder of its store."""
        return self.folder / "state"

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.state / "reconciler.sqlite3"

    def run(self, *arguments: str) -> Ran:
        """Runs a command on it, in this process."""
        return run("--config", str(self.folder / "reconciler.yaml"), *arguments)

    def refuse_writes(self) -> None:
        """Has the org refuse whatever would change it, so that it is as it was for the next example."""
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            self.org.inject(*(Fault(method=method, path=path, status=400, times=None) for path in WRITES))

    def keep(self) -> None:
        """Makes its state of now the one that `restore` brings back."""
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.state, self.kept)

    def restore(self) -> None:
        """Brings its state back to what it was, and forgets what was sent."""
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.copytree(self.kept, self.state)
        self.org.forget_requests()


@contextmanager
def victim(folder: Path) -> Iterator[Victim]:
    """A project whose next plan creates, updates and deletes, of each kind something."""
    folder.mkdir()
    with bench(folder) as work, pytest.MonkeyPatch.context() as patch:
        for name, value in work.surroundings().items():
            patch.setenv(name, value)
        _apply_first(work)
        work.declare(
            schema("customer", [text_field("id"), text_field("more")]),
            schema("ticket", [{"name": "of", "fieldtype": "reference", "constraints": _TO_CUSTOMER}]),
            widget("aht", type="chart"),
            channel("chat", description="Edited"),
            matrix("support", members=weights(ada=0.3, ben=0.3)),
        )
        made = Victim(work, folder.parent / f"{folder.name}-state")
        made.keep()
        yield made


_TO_CUSTOMER = {"referencedType": {"$ref": "Schema/customer"}}


def _apply_first(work: Bench) -> None:
    work.environ["HOSTILE_SECRET"] = "hush"
    work.configure(environment=["HOSTILE_SECRET"])
    work.declare(
        schema("customer", [text_field("id")], description="${env.HOSTILE_SECRET}"),
        schema("lone"),
        widget("aht"),
        channel("chat"),
        matrix("support"),
    )
    work.converge()
