"""A repository as `init` writes it and its owner finishes it."""

from __future__ import annotations

from tests.cli.commands import run
from tests.cli.pipelines.jobs import Workshop
from tests.cli.pipelines.org import Org

SCHEMA = "manifests/schemas/customer.yaml"


def begin(workshop: Workshop, org: Org, *, keeping: str, ci: str) -> str:
    """An empty main, and a branch `start` with all that `init` writes; the branch's commit."""
    workshop.push("main", "Begin")
    ran = run("init", str(workshop.author), "--state", keeping, "--ci", ci)
    assert ran.code == 0, ran.err
    file = workshop.author / "reconciler.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("region: mypurecloud.com", f'region: "{org.url}"'), encoding="utf-8")
    assert org.url in file.read_text(encoding="utf-8")
    return workshop.push("start", "Start")
