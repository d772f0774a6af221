"""Planted secrets are nowhere: not on a screen, not in a file, not in a table, whatever goes wrong.

The org of these tests quotes all that it is told, and all secrets, in whatever goes wrong (design.md,
section 1, invariant 8).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reconciler.cli.options import PlanFormat
from reconciler.errors import ExitCode
from reconciler.sandbox import Fault, SandboxOptions, SandboxOrg, running_sandbox
from tests.cli.commands import Ran, run
from tests.hostile.planting import (
    CLIENT_SECRET,
    PASSWORD,
    PROXY_PASSWORD,
    SECRETS,
    Echo,
    Hunt,
    echoing,
    keys_in,
    rows_in,
)
from tests.postgres import Server, new_schema
from tests.simulated.apply.manifests import channel, matrix, schema, text_field, weights, widget
from tests.unit.store.conftest import server

__all__ = ["server"]

OPTIONS = SandboxOptions(client_secret=CLIENT_SECRET, activation_s=0.0, render_s=0.0, rate_limit=1_000_000)
LOUD = (
    ("-v",),
    ("-vv",),
    ("-vv", "--log-format", "json"),
    ("-v", "--log-format", "json", "--color", "always"),
)
SCHEMA = schema(
    "note",
    [
        text_field("quoted", description="${env.QUOTED}"),
        text_field("lines", description="before ${env.LINES} after"),
        text_field("long", description="${env.LONG}"),
    ],
    description="${env.SHORT}: ${env.SPACED}",
)
CHANNEL = channel(
    "chat", description="Say ${env.UNICODE} to us", activation={"timeoutSeconds": 1, "pollSeconds": 0.01}
)
FILTERS = [{"name": "mediaType", "type": "dimension", "values": ["voice", "${env.QUOTED}", "${env.SHORT}"]}]
WIDGET = widget("calls", config={"metrics": [{"name": "nOffered", "type": "count"}], "filters": FILTERS})
MATRIX = matrix("support", members=weights(ada=0.3, ben=0.3), overflowThreshold=0.6)
EVERYTHING = (SCHEMA, CHANNEL, WIDGET, MATRIX)


@dataclass(slots=True)
class Stage:
    """A project with secrets in it, an org that gives them away, and the hunt for them."""

    folder: Path
    org: SandboxOrg
    echo: Echo
    hunt: Hunt
    turn: Iterator[tuple[str, ...]]
    state: str | None = None

    def configure(self, **members: object) -> None:
        """Writes the configuration."""
        org = {"region": self.org.base_url, "clientId": self.org.client_id, "clientSecret": "${env.OAUTH}"}
        document = {
            "apiVersion": "reconciler/v1",
            "kind": "Config",
            "environment": list(SECRETS),
            "defaultOrg": "test",
            "orgs": {"test": org},
            **members,
        }
        (self.folder / "reconciler.yaml").write_text(json.dumps(document, indent=1))

    def declare(self, *manifests: Mapping[str, Any]) -> None:
        """Makes these all the manifests."""
        folder = self.folder / "manifests"
        folder.mkdir(exist_ok=True)
        for file in folder.iterdir():
            file.unlink()
        for number, manifest in enumerate(manifests):
            (folder / f"{number}.json").write_text(json.dumps(manifest, indent=1))

    def run(self, *arguments: str, code: int | None = None) -> Ran:
        """Runs a command at one of the log levels; what it says holds no secret."""
        where = ("--state", self.state) if self.state else ()
        ran = run("--config", str(self.folder / "reconciler.yaml"), *where, *next(self.turn), *arguments)
        self.learn()
        assert self.hunt.finds(ran.out + ran.err) == [], (arguments, ran.out[-3000:], ran.err[-3000:])
        assert "Traceback" not in ran.err + ran.out
        assert code in (None, ran.code), (arguments, ran)
        return ran

    def learn(self) -> None:
        """Learns what was given out meanwhile."""
        self.hunt.tokens |= self.echo.tokens
        store = self.folder / "state" / "reconciler.sqlite3"
        if store.exists():
            self.hunt.keys |= keys_in(store)

    def look(self) -> None:
        """Runs every command that shows what was recorded, then looks through files and tables."""
        for how in ("text", "json"):
            for arguments in (("state", "list"), ("state", "show", "Schema/note"), ("audit", "list")):
                self.run(*arguments, "--format", how)
        self.run("audit", "verify", code=ExitCode.OK)
        self.run("audit", "export", "--out", str(self.folder / "audit-export.jsonl"), code=ExitCode.OK)
        self.run("state", "pull", str(self.folder / "pulled"), code=ExitCode.OK)
        self.search()

    def search(self) -> None:
        """No file holds a secret; the store and its copy have the key, and nothing else has."""
        self.learn()
        for file in self.folder.rglob("*"):
            has_keys = file.name.startswith(("reconciler.sqlite3", "pulled"))
            if file.is_file():
                assert self.hunt.finds(file.read_bytes(), has_keys=has_keys) == [], file
        store = self.folder / "state" / "reconciler.sqlite3"
        for table, row in rows_in(store) if store.exists() else ():
            assert self.hunt.finds(row) == [], (table, row)


@contextmanager
def staged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    for name, value in {**SECRETS, "OAUTH": CLIENT_SECRET, "RECONCILER_TRACEBACK": "1"}.items():
        monkeypatch.setenv(name, value)
    folder.mkdir()
    with running_sandbox(OPTIONS) as org:
        made = Stage(folder, org, echoing(org), Hunt(), itertools.cycle(LOUD))
        made.configure()
        made.declare(*EVERYTHING)
        yield made


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A project of its own."""
    with staged(tmp_path / "project", monkeypatch) as made:
        yield made


def edited() -> tuple[Mapping[str, Any], ...]:
    """The same manifests with each secret somewhere else."""
    more = text_field("more", description="${env.SPACED}/${env.LINES}")
    return (
        {**SCHEMA, "spec": {**SCHEMA["spec"], "fields": [*SCHEMA["spec"]["fields"][1:], more]}},
        {**CHANNEL, "spec": {**CHANNEL["spec"], "description": "Or ${env.QUOTED}"}},
        {**WIDGET, "spec": {**WIDGET["spec"], "type": "chart"}},
        {**MATRIX, "spec": {**MATRIX["spec"], "members": weights(ada=0.2, ben=0.4)}},
    )


def plan_in_every_way(stage: Stage) -> None:
    """Plans, saved and shown in every format."""
    for each in PlanFormat:
        file = stage.folder / f"plan-{each}.json"
        stage.run("plan", "--new-state", "--show-requests", "--format", each, "--out", str(file))
        for how in ("text", "json", "markdown", "html", "github", "gitlab"):
            stage.run("show", str(file), "--format", how)


def test_looking_at_secrets_shows_none(stage: Stage) -> None:
    for how in ("text", "json", "github"):
        stage.run("validate", "--format", how, code=ExitCode.OK)
    for how in ("mermaid", "dot", "json"):
        stage.run("graph", "--format", how, code=ExitCode.OK)
    plan_in_every_way(stage)
    stage.run("apply", "-y", "--new-state", "--format", "json", code=ExitCode.OK)
    for name in ("Schema/note", "Channel/chat", "Widget/calls", "WeightMatrix/support"):
        for how in ("text", "json"):
            stage.run("explain", name, "--format", how, code=ExitCode.OK)
    for how in ("text", "json"):
        stage.run("doctor", "--format", how)
    stage.look()


def test_secrets_that_move_are_not_shown(stage: Stage) -> None:
    stage.run("apply", "-y", "--new-state", code=ExitCode.OK)
    for collection, member in (("schemas", "description"), ("channels", "description")):
        (found,) = stage.org.collection(collection).all()
        key = str(found.get("id") or found["externalId"])
        stage.org.alter(collection, key, {member: f"moved: {SECRETS['QUOTED']}"})
    for how in ("text", "json", "markdown"):
        stage.run("drift", "--format", how)
    plan_in_every_way(stage)
    stage.declare(*edited())
    plan_in_every_way(stage)
    stage.run("apply", "-y", "--on-conflict", "ours", "--allow-unsafe", fingerprint(stage))
    stage.look()
    stage.run("destroy", "-y")
    stage.look()


def fingerprint(stage: Stage) -> str:
    ran = stage.run("plan", "--on-conflict", "ours", "--format", "json")
    return str(ran.document["fingerprint"])


def test_secrets_of_objects_that_are_found_are_not_shown(stage: Stage) -> None:
    stage.run("apply", "-y", "--new-state", code=ExitCode.OK)
    stage.state = str(stage.folder / "another-state")
    stage.declare(*edited())
    plan_in_every_way(stage)
    stage.run("apply", "-y", "--new-state", "--adopt", "--format", "json")
    stage.run("plan", "--format", "json")
    stage.search()


FAULTS = {
    "400": Fault(status=400),
    "401": Fault(status=401, times=None),
    "403": Fault(status=403),
    "404": Fault(status=404),
    "409": Fault(status=409, code="duplicate"),
    "412": Fault(status=412, times=None),
    "413": Fault(status=413),
    "429": Fault(status=429, retry_after=900, times=None),
    "503": Fault(status=503, retry_after=900, times=None),
    "late": Fault(status=504, late=True, retry_after=900, times=None),
    "reset": Fault(drop="after"),
    "cut": Fault(truncate=True),
    "page": Fault(body="<html><title>Hello</title></html>"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_org_that_quotes_secrets_does_not_get_them_shown(stage: Stage, fault: Fault) -> None:
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        for path in (
            "/api/v2/customobjects/*",
            "/api/v2/wi/*",
            "/api/v2/analytics/dashboards/*",
            "/api/v2/routing/*",
        ):
            stage.org.inject(Fault(**{**vars_of(fault), "method": method, "path": path}))
    stage.run("apply", "-y", "--new-state", "--format", "json")
    stage.org.clear_faults()
    stage.run("plan", "--format", "markdown")
    stage.run("apply", "-y")
    stage.look()


def vars_of(fault: Fault) -> dict[str, Any]:
    return {name: getattr(fault, name) for name in fault.__slots__}


@pytest.mark.parametrize(
    "path", ["/oauth/token", "/api/v2/organizations/me", "/api/v2/analytics/conversations/*"]
)
@pytest.mark.parametrize("fault", [FAULTS["400"], FAULTS["403"], FAULTS["429"], FAULTS["page"]])
def test_plan_of_an_org_that_quotes_secrets_shows_none(stage: Stage, path: str, fault: Fault) -> None:
    stage.org.inject(Fault(**{**vars_of(fault), "path": path, "times": None}))
    for arguments in (("plan", "--new-state", "--format", "json"), ("plan", "--new-state"), ("doctor",)):
        stage.run(*arguments)
    stage.search()


def test_rollbacks_and_failed_activations_show_no_secret(stage: Stage) -> None:
    reason = f"said {SECRETS['UNICODE']} and {json.dumps(SECRETS['QUOTED'])}, {SECRETS['LINES']}"
    stage.org.inject(
        Fault(method="POST", path="/api/v2/wi/*", activation="fail", message=reason),
        Fault(method="PATCH", path="/api/v2/routing/queues/*/members/*", status=400, after=1),
    )
    ran = stage.run("apply", "-y", "--new-state", "--format", "json")
    outcomes = {result["address"]: result["outcome"] for result in ran.document["results"]}
    assert (outcomes["Channel/chat"], outcomes["WeightMatrix/support"]) == ("unsettled", "rolled_back")
    stage.look()


def test_recovery_of_lost_creates_shows_no_secret(stage: Stage) -> None:
    stage.org.inject(
        *(Fault(method="POST", path=f"/api/v2/{each}*", drop="after", times=None) for each in ("wi", "cust"))
    )
    stage.run("apply", "-y", "--new-state")
    stage.org.clear_faults()
    stage.search()
    stage.run("plan", "--show-requests", "--format", "json")
    stage.run("apply", "-y", "--format", "json", code=ExitCode.OK)
    stage.look()


MISTAKES = {
    "syntax": "orgs: {test: {clientSecret: %s, region: [}}\n",
    "region": "orgs: {test: {clientSecret: %s, region: elsewhere.example}}\n",
    "unknown": "orgs: {test: {clientSecrt: %s}}\n",
    "type": "orgs: {test: {clientSecret: [%s]}}\n",
    "placeholder": "orgs: {test: {clientSecret: '${env.X} Xq7PasswordX'}}\n",
    "state": "state: mysql://user:Xq7Password@host/x\norgs: {test: {}}\n",
    "state in an org": "orgs: {test: {state: 'postgresql://u:Xq7Password@${env.X}/x'}}\n",
}


@pytest.mark.parametrize("text", MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("how", ["text", "json"])
def test_mistakes_in_the_configuration_show_no_secret(stage: Stage, text: str, how: str) -> None:
    whole = "apiVersion: reconciler/v1\nkind: Config\ndefaultOrg: test\n" + text
    whole = whole.replace("%s", json.dumps(PASSWORD))
    (stage.folder / "reconciler.yaml").write_text(whole)
    for command in ("validate", "plan", "doctor"):
        ran = stage.run(command, "--format", how)
        assert ran.code != ExitCode.OK


URLS = (
    f"postgresql://user:{PASSWORD}@127.0.0.1:1/x",
    f"postgres://user:{PASSWORD}@127.0.0.1:1/x?connect_timeout=x",
    f"postgresql://user:{PASSWORD}/x",
    f"postgresql://user:{PASSWORD}@/x?host=/nowhere&port=1",
    f"postgresql://127.0.0.1:1/x?user=u&password={PASSWORD}",
    f"postgresql://user:{PASSWORD}@@host/x",
    f"mysql://user:{PASSWORD}@host/x",
    f"postgresql:/user:{PASSWORD}@host/x",
    f"postgresql://user:{PASSWORD}@[::1/x",
    f"postgresql://user:{PASSWORD}%zz@127.0.0.1:1/x",
)


@pytest.mark.parametrize("url", URLS)
def test_password_of_a_database_is_not_shown(stage: Stage, url: str) -> None:
    stage.state = url
    for arguments in (("plan",), ("state", "list", "--format", "json"), ("doctor",)):
        assert stage.run(*arguments).code != ExitCode.OK
    stage.search()


def test_password_of_a_proxy_is_not_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.configure(
        orgs={"test": {"region": "mypurecloud.com", "clientId": "c", "clientSecret": "${env.OAUTH}"}}
    )
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://user:{PROXY_PASSWORD}@127.0.0.1:9")
    for how in ("text", "json"):
        stage.run("doctor", "--format", how)
    stage.search()


def test_tables_of_a_server_hold_no_secret(
    stage: Stage, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema_name = new_schema(server)
    stage.state = server.url(schema_name).replace("tester@", f"tester:{PASSWORD}@")
    monkeypatch.setenv("RECONCILER_ACTOR", "kim")
    stage.run("apply", "-y", "--new-state", code=ExitCode.OK)
    stage.declare(*edited())
    stage.org.inject(Fault(method="POST", path="/api/v2/customobjects/*", status=400))
    stage.run("apply", "-y", "--format", "json", code=ExitCode.PARTIAL)
    stage.look()
    with closing(server.connect(schema_name)) as connection:
        search_tables(stage, connection, schema_name)


def search_tables(stage: Stage, connection: psycopg.Connection[Any], schema_name: str) -> None:
    named = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s"
    columns = [row for row in connection.execute(named, (schema_name,)).fetchall() if row[1] != "secret_key"]
    assert {table for table, _ in columns} >= {"resources", "audit", "journal", "lineages"}
    stage.hunt.keys |= {bytes(key) for (key,) in connection.execute(b"SELECT secret_key FROM lineages")}
    for table, column in columns:
        for (value,) in connection.execute(f'SELECT "{column}"::text FROM "{table}"'.encode()):  # noqa: S608
            assert stage.hunt.finds(value or "") == [], (table, column, value)
