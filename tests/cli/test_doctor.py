"""`doctor`: tells everything that it can find out, whatever is wrong, and changes nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reconciler.sandbox import Fault, SandboxOptions, SandboxOrg, running_sandbox
from tests.architecture.sources import ROOT
from tests.cli.commands import Ran, run
from tests.cli.folders import INVALID, Folder, org_environment
from tests.cli.locks import held_lock
from tests.simulated.remote.scripted import free_port

STORE = ("state", "lock", "intents", "audit")
ORG = ("host", "proxy", "certificates", "token", "scopes", "organization", "clock", "rate_limit", "analytics")
PROJECT = ("configuration", "org", "manifests", "credentials")
KILLED = """
import os, sys
from pathlib import Path
from reconciler.commands.clocks import SystemClock
from reconciler.store import OpenMode
from tests.unit.store.builders import intent, opened, record
store = opened(Path(sys.argv[1]), mode=OpenMode.WRITE, org="sandbox", clock=SystemClock())
with store.lock("apply by alex", 0):
    store.record_intent(intent(), record())
    os._exit(1)
"""
REAL = """\
apiVersion: reconciler/v1
kind: Config
orgs:
  prod: {region: "%s", organization: %s}
"""


def statuses(ran: Ran) -> dict[str, str]:
    """Name each finding's status."""
    return {found["name"]: found["status"] for found in ran.document["findings"]}


def unwell(ran: Ran) -> dict[str, str]:
    """The same of those that are not ok."""
    return {name: status for name, status in statuses(ran).items() if status != "ok"}


def doctor(*arguments: str) -> Ran:
    """Run it for scripts."""
    return run("doctor", "--format", "json", *arguments)


def test_everything_is_looked_at_and_well(applied: Folder) -> None:
    ran = doctor()

    assert (ran.code, ran.document["status"], ran.document["diagnostics"]) == (0, "ok", [])
    assert tuple(statuses(ran)) == (*PROJECT, *ORG, *STORE)
    assert unwell(ran) == {}
    assert applied.path("state").is_dir()


def test_document_is_flat(applied: Folder) -> None:
    document = doctor().document
    listed = {"findings", "diagnostics"}

    assert document["format"] == "reconciler.doctor/1"
    assert [name for name, value in document.items() if isinstance(value, dict)] == []
    for name, value in document.items():
        if isinstance(value, list) and name not in listed:
            assert all(isinstance(member, str) for member in value), name
    assert applied.path("state").is_dir()


def test_facts_are_those_of_org_and_store(applied: Folder) -> None:
    document = doctor().document
    listed = run("state", "list", "--format", "json").document

    assert document["configuration"] == str(applied.path("reconciler.yaml"))
    assert (document["org"], document["org_source"], document["sandbox"]) == ("sandbox", "defaultOrg", True)
    assert (document["manifests"], document["resources"]) == (3, 3)
    assert (document["token"], document["token_lifetime_s"]) == (True, 3600.0)
    assert (document["lineage"], document["serial"]) == (listed["lineage"], listed["serial"])
    assert document["organization_id"] == document["state_organization_id"]
    assert (document["rate_limit_allowed"], document["rate_limit_count"]) == (300, 2)
    assert document["analytics_status"] == "healthy"
    assert document["audit_seq"] == len(run("audit", "list", "--format", "json").lines)
    assert abs(document["clock_skew_s"]) < 30


def test_text_is_a_line_a_finding_and_a_count(applied: Folder) -> None:
    ran = run("doctor")

    lines = ran.out.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == ["ok"] * len((*PROJECT, *ORG, *STORE))
    assert lines[1].split(maxsplit=2) == ["ok", "org", "sandbox, chosen by defaultOrg"]
    assert ran.last == "Doctor: 17 ok, 0 to look at, 0 failed."
    assert applied.path("state").is_dir()


def test_text_says_what_to_do_under_what_is_not_ok(applied: Folder) -> None:
    with held_lock(applied.path("state")):
        lines = run("doctor").out.splitlines()

    (number,) = [number for number, line in enumerate(lines) if line.startswith("warn")]
    assert "held by apply by alex (run another-run" in lines[number]
    assert lines[number + 1].strip().startswith("-> wait for that run")


def test_looking_leaves_no_trace(folder: Folder) -> None:
    before = _contents(folder.root)

    assert doctor().code == 0
    assert _contents(folder.root) == before


def test_looking_at_a_store_leaves_no_trace(applied: Folder) -> None:
    before = _contents(applied.path("state"))

    assert doctor().code == 0
    assert _contents(applied.path("state")) == before


def test_only_reading_requests_are_sent(
    org: SandboxOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    doctor()

    assert [(seen.method, seen.path) for seen in org.requests] == [
        ("POST", "/oauth/token"),
        ("GET", "/api/v2/organizations/me"),
        ("GET", "/api/v2/analytics/status"),
    ]


@pytest.mark.parametrize(
    ("arguments", "environ", "source"),
    [
        ((), {}, "defaultOrg"),
        (("--org", "other"), {}, "--org"),
        ((), {"RECONCILER_ORG": "other"}, "RECONCILER_ORG"),
        (("--org", "other"), {"RECONCILER_ORG": "sandbox"}, "--org"),
    ],
)
def test_what_chose_the_org_is_named(
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    environ: Mapping[str, str],
    source: str,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    document = doctor(*arguments).document

    assert document["org_source"] == source
    assert document["org"] == ("sandbox" if source == "defaultOrg" else "other")
    assert folder.root.is_dir()


def test_winners_are_named_and_secrets_are_not_shown(
    org: SandboxOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENESYS_REGION", "mypurecloud.com")
    monkeypatch.setenv("GENESYS_OAUTH_CLIENT_SECRET", "the-planted-secret")

    ran, text = doctor(), run("doctor").out

    assert ran.document["org_source"] == "the environment"
    assert ran.document["host_source"] == "GENESYS_BASE_URL"
    assert ran.document["client_id_source"] == "GENESYS_CLIENT_ID"
    assert ran.document["client_secret_source"] == "GENESYS_CLIENT_SECRET"
    assert ran.document["client_id"] == org.client_id
    assert ran.document["unused_variables"] == ["GENESYS_REGION", "GENESYS_OAUTH_CLIENT_SECRET"]
    assert "not used: GENESYS_REGION, GENESYS_OAUTH_CLIENT_SECRET" in text
    for shown in (ran.out, text):
        assert org.client_secret not in shown
        assert "the-planted-secret" not in shown


@dataclass(frozen=True, slots=True)
class Failing:
    """An org of the environment with something wrong, and what is to be told of it."""

    environ: Mapping[str, str]
    code: int
    unwell: Mapping[str, str]
    diagnostic: str


NOWHERE = {"GENESYS_BASE_URL": "http://127.0.0.1:{port}"}
FAILING = {
    "wrong secret": Failing({"GENESYS_CLIENT_SECRET": "not-it"}, 1, {"token": "fail"}, "auth.failed"),
    "no secret": Failing({"GENESYS_CLIENT_SECRET": ""}, 78, {"credentials": "fail"}, "config.invalid"),
    "unreachable": Failing(NOWHERE, 1, {"token": "fail"}, "remote.unavailable"),
    "plain http": Failing(
        {"GENESYS_BASE_URL": "http://api.example.test"}, 78, {"credentials": "fail"}, "config.untrusted-host"
    ),
    "bad proxy": Failing(
        {"GENESYS_BASE_URL": "https://api.example.test", "https_proxy": "ftp://127.0.0.1:1"},
        78,
        {"proxy": "fail"},
        "config.invalid",
    ),
    "dead proxy": Failing(
        {
            "GENESYS_BASE_URL": "https://api.example.test",
            "GENESYS_LOGIN_URL": "https://login.example.test",
            "https_proxy": "http://kim:planted@127.0.0.1:{port}",
        },
        1,
        {"token": "fail"},
        "remote.unavailable",
    ),
    "no certificates": Failing(
        {"GENESYS_BASE_URL": "https://api.example.test", "SSL_CERT_FILE": "/nowhere/ca.pem"},
        78,
        {"certificates": "fail"},
        "config.invalid",
    ),
    "certificates that are none": Failing(
        {
            "GENESYS_BASE_URL": "https://api.example.test",
            "SSL_CERT_FILE": "",
            "SSL_CERT_DIR": "",
            "REQUESTS_CA_BUNDLE": __file__,
        },
        78,
        {"certificates": "fail"},
        "config.invalid",
    ),
}


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
def test_org_that_fails_is_told_with_all_the_rest(
    failing: Failing, org: SandboxOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in failing.environ.items():
        monkeypatch.setenv(name, value.format(port=free_port()))

    ran = doctor()

    assert ran.code == failing.code
    assert unwell(ran) == {**failing.unwell, "state": "warn", "manifests": "warn"}
    assert ran.codes.count(failing.diagnostic) == 1
    assert all(found["hint"] for found in ran.document["findings"] if found["status"] != "ok")
    assert org.client_secret not in ran.out
    assert "planted" not in ran.out


def test_failure_behind_a_proxy_names_it_without_its_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    proxy = f"127.0.0.1:{free_port()}"
    for name, value in org_environment("https://api.example.test", "id", "the-secret").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GENESYS_LOGIN_URL", "https://login.example.test")
    monkeypatch.setenv("https_proxy", f"http://kim:planted@{proxy}")

    told = {found["name"]: found["message"] for found in doctor().document["findings"]}

    assert told["proxy"] == (
        f"http://***@{proxy} to api.example.test, http://***@{proxy} to login.example.test"
    )
    assert told["token"].endswith(f"(through http://***@{proxy})")


@pytest.mark.parametrize(
    ("fault", "diagnostic"),
    [
        (Fault(status=503, times=None), "remote.unavailable"),
        (Fault(status=429, retry_after=60, times=None), "remote.rate-limited"),
        (Fault(status=401, times=None), "auth.failed"),
        (Fault(status=404, times=None), "remote.rejected"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Fault) else value,
)
def test_what_is_wrong_now_is_told_now(
    fault: Fault, diagnostic: str, org: SandboxOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    org.inject(replace(fault, path="/api/v2/organizations/me"))

    ran = doctor()

    assert (ran.code, statuses(ran)["token"], statuses(ran)["organization"]) == (1, "ok", "fail")
    assert diagnostic in ran.codes
    asked = [seen for seen in org.requests if seen.path == "/api/v2/organizations/me"]
    assert len(asked) == (2 if fault.status == 401 else 1)


@pytest.mark.parametrize(
    ("scopes", "code", "status", "missing"),
    [
        (("customobjects:schema:write",), 0, "ok", ([], [])),
        (("customobjects:schema:read",), 0, "warn", ([], ["customobjects:schema:write"])),
        (("webhooks:read",), 1, "fail", (["customobjects:schema:read"], ["customobjects:schema:write"])),
    ],
)
def test_missing_scopes_are_those_of_the_kinds_in_use(
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    scopes: tuple[str, ...],
    code: int,
    status: str,
    missing: tuple[list[str], list[str]],
) -> None:
    with running_sandbox(SandboxOptions(scopes=scopes)) as served:
        ran = _real(folder, monkeypatch, served, organization=served.org_id)

    assert ran.code == code
    assert statuses(ran)["scopes"] == status
    assert (ran.document["missing_read_scopes"], ran.document["missing_write_scopes"]) == missing
    assert statuses(ran)["analytics"] == "warn"
    assert statuses(ran)["organization"] == "ok"


def test_other_organization_than_the_configuration_expects_fails(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_sandbox(SandboxOptions()) as served:
        ran = _real(folder, monkeypatch, served, organization="another")

    assert (ran.code, unwell(ran)) == (78, {"organization": "fail", "state": "warn"})
    assert ran.codes == ["state.other-org", "state.missing"]
    assert ran.document["organization_id"] == served.org_id


def test_other_organization_than_the_state_s_fails(applied: Folder) -> None:
    applied.path("state", "sandbox.sqlite3").unlink()

    ran = doctor()

    assert (ran.code, unwell(ran), ran.codes) == (78, {"organization": "fail"}, ["state.other-org"])
    assert not applied.path("state", "sandbox.sqlite3").exists()


def test_held_lock_is_told_with_its_holder_and_lease(applied: Folder) -> None:
    with held_lock(applied.path("state")):
        ran = doctor()

    assert (ran.code, unwell(ran), ran.codes) == (0, {"lock": "warn"}, ["state.locked"])
    assert (ran.document["lock_holder"], ran.document["lock_run_id"]) == ("apply by alex", "another-run")
    assert 0 < ran.document["lock_lease_s"] <= 60


def test_damaged_store_is_told_with_all_the_rest(applied: Folder) -> None:
    applied.path("state", "reconciler.sqlite3").write_bytes(b"no store" * 1000)

    ran = doctor()

    assert (ran.code, unwell(ran), ran.codes) == (78, {"state": "fail"}, ["state.damaged"])
    assert tuple(statuses(ran)) == (*PROJECT, *ORG, "state")


def test_damaged_sandbox_is_told_with_all_the_rest(applied: Folder) -> None:
    applied.path("state", "sandbox.sqlite3").write_bytes(b"no database" * 1000)

    ran = doctor()

    assert (ran.code, unwell(ran), ran.codes) == (78, {"connection": "fail"}, ["state.damaged"])
    assert tuple(statuses(ran)) == (*PROJECT, "connection", *STORE)


def test_what_a_killed_run_left_is_told(applied: Folder) -> None:
    dying = subprocess.run(
        [sys.executable, "-c", KILLED, str(applied.path("state"))], cwd=ROOT, check=False, timeout=60
    )

    ran = doctor()

    assert dying.returncode == 1
    assert (ran.code, unwell(ran)) == (0, {"lock": "warn", "intents": "warn"})
    assert "its process has ended" in ran.out
    assert (ran.document["lock_holder"], ran.document["open_intents"]) == ("apply by alex", 1)


def test_invalid_manifests_are_only_mentioned(folder: Folder) -> None:
    folder.write(broken=INVALID)

    ran = doctor()

    assert (ran.code, unwell(ran)) == (0, {"manifests": "warn"})
    assert "reconciler validate" in ran.out


@pytest.mark.parametrize(
    ("text", "finding"),
    [("kind: Confi", "configuration"), ("apiVersion: reconciler/v1\nkind: Config\norgs: {}", "org")],
)
def test_broken_configuration_still_tells_what_the_environment_says(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, text: str, finding: str
) -> None:
    folder.configure(text)
    monkeypatch.setenv("GENESYS_OAUTH_CLIENT_ID", "the-id")

    ran = doctor()

    assert (ran.code, unwell(ran)) == (78, {finding: "fail"})
    assert ran.document["client_id_source"] == "GENESYS_OAUTH_CLIENT_ID"
    assert ran.document["findings"][-1]["message"] == "client id from GENESYS_OAUTH_CLIENT_ID"


def test_broken_configuration_is_told_with_its_line(folder: Folder) -> None:
    folder.configure("apiVersion: reconciler/v1\nkind: Confi\n")

    (diagnostic,) = doctor().document["diagnostics"]

    assert (diagnostic["code"], diagnostic["file"], diagnostic["line"]) == (
        "config.invalid",
        "reconciler.yaml",
        2,
    )
    assert "reconciler.yaml:2: kind must be Config" in run("doctor").out


def test_unknown_org_is_told(folder: Folder) -> None:
    ran = doctor("--org", "sandbx")

    assert (ran.code, unwell(ran), ran.codes) == (78, {"org": "fail"}, ["config.unknown-org"])
    assert folder.root.is_dir()


def _real(folder: Folder, monkeypatch: pytest.MonkeyPatch, org: SandboxOrg, *, organization: str) -> Ran:
    """What is found of a configured org."""
    folder.configure(REAL % (org.base_url, organization))
    for name, value in org_environment(org.base_url, org.client_id, org.client_secret).items():
        monkeypatch.setenv(name, value)
    return doctor("--org", "prod")


def _contents(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
