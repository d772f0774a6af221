"""What manifests and configurations cannot reach: code, files, variables, credentials, other hosts."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import chdir, closing, contextmanager
from pathlib import Path

import pytest

from reconciler.errors import ExitCode
from tests.cli.commands import Ran, run
from tests.hostile.laws import assert_told
from tests.simulated.apply.manifests import Document, channel, matrix, schema, widget

SECRET = "never-to-be-seen"
CONFIGURATION = {
    "apiVersion": "reconciler/v1",
    "kind": "Config",
    "defaultOrg": "sandbox",
    "environment": ["LISTED", "OWN_SECRET", "GENESYS_CLIENT_SECRET", "RECONCILER_TOKEN"],
    "vars": {"name": "UNLISTED", "env": {"UNLISTED": "x"}},
    "orgs": {
        "sandbox": {"sandbox": True},
        "prod": {"region": "mypurecloud.com", "clientId": "c", "clientSecret": "${env.OWN_SECRET}"},
    },
}
YAML = """\
apiVersion: reconciler/v1
kind: Schema
metadata: {name: a}
spec:
  name: A
  description: VALUE
  fields: [{name: x, fieldtype: string}]
"""


class Project:
    """A folder whose manifests are out for something."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifests = folder / "manifests"
        self.manifests.mkdir(parents=True)
        self.configure()

    def configure(self, **members: object) -> None:
        """Writes the configuration."""
        (self.folder / "reconciler.yaml").write_text(json.dumps({**CONFIGURATION, **members}))

    def declare(self, manifest: Document | str) -> None:
        """Writes the one manifest."""
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        (self.manifests / "a.yaml").write_text(text)

    def run(self, *arguments: str) -> Ran:
        """Runs a command on it; no secret is ever shown."""
        ran = run("--config", str(self.folder / "reconciler.yaml"), *arguments)
        assert SECRET not in ran.out + ran.err
        return ran

    def refuses(self, code: str) -> Ran:
        """Validates manifests that have a problem of this code."""
        ran = self.run("validate", "--format", "json")
        assert_told(ran, [ExitCode.INVALID])
        assert code in ran.codes, ran.out
        return ran


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of its own, in an environment of secrets."""
    for name in ("LISTED", "UNLISTED", "OWN_SECRET", "GENESYS_CLIENT_SECRET", "RECONCILER_TOKEN"):
        monkeypatch.setenv(name, f"{SECRET}-{name}")
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path / "project")


# -- code ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch reached']",
        "!!python/object/new:subprocess.Popen [['touch', 'reached']]",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!js/function 'function() {}'",
        "!include /etc/passwd",
        "!!binary cmVhY2hlZA==",
        "!!set {a, b}",
    ],
)
def test_tags_run_no_code(project: Project, tmp_path: Path, value: str) -> None:
    project.declare(YAML.replace("VALUE", value))

    project.refuses("manifest.invalid-value")

    assert {found.name for found in tmp_path.rglob("*")} == {
        "project",
        "manifests",
        "a.yaml",
        "reconciler.yaml",
    }


@pytest.mark.parametrize(
    "text", ["{{ 7 * 191 }}", "{% include '/etc/passwd' %}", "%(name)s {0.__class__}", "$(id)`id`"]
)
@pytest.mark.parametrize("how", ["text", "json", "markdown", "html"])
def test_templates_stay_text(project: Project, text: str, how: str) -> None:
    project.declare(schema("a", description=text))

    ran = project.run("plan", "--format", how)

    assert_told(ran, [ExitCode.OK])
    assert not any(sign in ran.out for sign in ("1337", "root:x:", "<class", "uid=0"))


# -- files -----------------------------------------------------------------------------------------------


@contextmanager
def nested(folder: Path, name: str = "", levels: int = 0) -> Iterator[None]:
    """Folders in folders, the last one the working folder; step by step, since no call takes them whole."""
    with chdir(folder):
        for _ in range(levels):
            Path(name).mkdir()
            os.chdir(name)
        yield


def _outside(project: Project, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(json.dumps(schema(SECRET)))
    (project.manifests / "link.yaml").symlink_to(tmp_path / "outside.yaml")


def _folder_outside(project: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.yaml").write_text(json.dumps(schema(SECRET)))
    (project.manifests / "linked").symlink_to(tmp_path / "elsewhere")


def _relative(project: Project, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(SECRET)
    (project.manifests / "sub").mkdir()
    (project.manifests / "sub" / "link.yaml").symlink_to("../../../outside.yaml")


def _chain(project: Project, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(SECRET)
    (project.manifests / "one.yaml").symlink_to("two.yaml")
    (project.manifests / "two.yaml").symlink_to(tmp_path / "outside.yaml")


def _loop(project: Project, _: Path) -> None:
    (project.manifests / "one.yaml").symlink_to("two.yaml")
    (project.manifests / "two.yaml").symlink_to("one.yaml")


def _folder_loop(project: Project, _: Path) -> None:
    (project.manifests / "sub").mkdir()
    (project.manifests / "sub" / "up").symlink_to("..")


def _unmounted(project: Project, tmp_path: Path) -> None:
    (project.manifests / "team").symlink_to(tmp_path / "not-there")


def _device(project: Project, _: Path) -> None:
    (project.manifests / "zero.yaml").symlink_to("/dev/zero")


def _pipe(project: Project, _: Path) -> None:
    os.mkfifo(project.manifests / "pipe.yaml")


def _socket(project: Project, _: Path) -> None:
    with nested(project.manifests), closing(socket.socket(socket.AF_UNIX)) as made:
        made.bind("socket.yaml")  # a socket's path is short


def _long_name(project: Project, _: Path) -> None:
    """A folder whose files' paths are longer than any call takes."""
    with nested(project.manifests, "d" * 200, 20):
        Path("a" * 150 + ".yaml").write_text("")


@pytest.mark.parametrize(
    "place",
    [
        _outside, _folder_outside, _relative, _chain, _loop, _folder_loop,
        _unmounted, _device, _pipe, _socket, _long_name,
    ],
)  # fmt: skip
def test_what_is_no_file_of_the_folder_is_not_read(
    project: Project, tmp_path: Path, place: Callable[[Project, Path], None]
) -> None:
    project.declare(schema("a"))
    place(project, tmp_path)

    project.refuses("manifest.unreadable")


def test_folders_nest_as_deep_as_paths_are_long(project: Project) -> None:
    with nested(project.manifests, "d", 1200):
        Path("a.yaml").write_text(json.dumps(schema("a")))
    (project.manifests / "folder.yaml").mkdir()

    assert project.run("validate").out == "Valid: 1 resource, 0 errors, 0 warnings.\n"


def test_manifest_that_vanishes_while_it_is_read_is_not_passed_over(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.declare(schema("a"))
    (project.manifests / "b.yaml").write_text(json.dumps(schema("b")))
    open_ = os.open

    def vanish(path: str, *arguments: int, **named: int) -> int:
        if str(path).endswith("a.yaml"):
            (project.manifests / "b.yaml").unlink(missing_ok=True)
        return open_(path, *arguments, **named)

    monkeypatch.setattr(os, "open", vanish)
    project.refuses("manifest.unreadable")


# -- variables and credentials ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("${env.UNLISTED}", "variable.forbidden"),
        ("${env.listed}", "variable.forbidden"),
        ("${env.PATH}", "variable.forbidden"),
        ("${env.OWN_SECRET}", "variable.forbidden"),
        ("${env.GENESYS_CLIENT_SECRET}", "variable.forbidden"),
        ("${env.genesys_client_secret}", "variable.forbidden"),
        ("${env.RECONCILER_TOKEN}", "variable.forbidden"),
        ("${env.${var.name}}", "variable.unknown"),
        ("${var.env.UNLISTED}", "variable.unknown"),
        ("${env.LISTED.UNLISTED}", "variable.unknown"),
        ("${env[UNLISTED]}", "variable.unknown"),
        ("${UNLISTED}", "variable.unknown"),
        ("${env:UNLISTED}", "variable.unknown"),
        ("${ env.UNLISTED }", "variable.unknown"),
        ("${env.UNLISTED", "variable.unknown"),
    ],
)
def test_manifests_read_no_variable_that_is_not_listed(project: Project, text: str, code: str) -> None:
    project.declare(schema("a", description=text))

    project.refuses(code)


@pytest.mark.parametrize(
    "text", ["$UNLISTED", "$${env.UNLISTED}", "$env.UNLISTED", "%UNLISTED%", "{env.UNLISTED}"]
)
def test_what_is_no_placeholder_stays_text(project: Project, text: str) -> None:
    project.declare(schema("a", description=text))

    ran = project.run("plan", "--format", "json")

    assert_told(ran, [ExitCode.OK])
    assert ran.document["changes"][0]["after"]["description"] == text.replace("$${", "${")


def test_variable_that_looks_like_a_placeholder_is_filled_in_once(project: Project) -> None:
    project.declare(schema("a", description="${var.a}{${var.b}${env.LISTED}", name="${var.a}"))

    ran = project.run("plan", "--format", "json", "--var", "a=$", "--var", "b=env.UNLISTED}")

    assert_told(ran, [ExitCode.OK])
    assert ran.document["changes"][0]["after"]["name"] == "$"


PLACES: dict[str, Callable[[], Document]] = {
    "name": lambda: schema("${env.LISTED}"),
    "label": lambda: schema("a", metadata={"labels": {"team": "${env.LISTED}"}}),
    "formerly": lambda: schema("a", metadata={"formerly": ["${env.LISTED}"]}),
    "depends on": lambda: schema("a", dependsOn=["${env.LISTED}"]),
    "reason": lambda: schema(
        "a", lifecycle={"ignoreChanges": [{"path": "/name", "reason": "${env.LISTED}"}]}
    ),
    "key": lambda: schema("a", **{"${env.LISTED}": "x"}),
    "natural key": lambda: schema("a", externalId="x ${env.LISTED}"),
    "name of a channel": lambda: channel("a", name="${env.LISTED}"),
    "id of a dashboard": lambda: widget("a", dashboardId="${env.LISTED}"),
    "id of a queue": lambda: channel("a", routingTarget={"type": "queue", "id": "${env.LISTED}"}),
    "queue of a matrix": lambda: matrix("a", queueId="${env.LISTED}"),
    "id of a user": lambda: matrix("a", members=[{"userId": "${env.LISTED}", "weight": 1}]),
    "key of a list": lambda: schema("a", [{"name": "${env.LISTED}", "fieldtype": "string"}]),
    "what is never sent": lambda: matrix("a", strategy="${env.LISTED}"),
    "reference": lambda: schema("a", description={"$ref": "Schema/${env.LISTED}"}),
    "look-up": lambda: widget("a", dashboardId={"$lookup": "Dashboard/${env.LISTED}"}),
}


@pytest.mark.parametrize("made", PLACES.values(), ids=PLACES)
def test_secrets_stand_only_where_nothing_shows_them(project: Project, made: Callable[[], Document]) -> None:
    project.declare(made())

    project.refuses("variable.forbidden")


# -- other hosts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "region",
    [
        "evil.example",
        "https://evil.example",
        "mypurecloud.com.evil.example",
        "evil.example/mypurecloud.com",
        "mypurecloud.com@evil.example",
        "evil.example#.mypurecloud.com",
        "evil.example?.mypurecloud.com",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "http://127.0.0.1:80@evil.example",
        "localhost.evil.example",
        "http://mypurecloud.com",
        "169.254.169.254",
        "0x7f000001.evil.example",
        "myp\u0443recloud.com",
        "mypurecloud.com\u3002evil.example",
        "mypurecloud.com\nevil.example",
        "//evil.example",
        "${env.LISTED}",
    ],
)
def test_configuration_names_no_other_host(project: Project, region: str) -> None:
    orgs = {"prod": {"region": region, "clientId": "c", "clientSecret": "${env.OWN_SECRET}"}}
    project.configure(orgs=orgs, defaultOrg="prod")
    project.declare(schema("a"))

    ran = project.run("plan", "--format", "json", "--new-state")

    assert_told(ran, [ExitCode.CONFIG])
    assert ran.codes[0] in ("config.untrusted-host", "config.invalid")


@pytest.mark.parametrize(
    "text", ["../../users", "..", "@evil.example/x", "//evil.example/x", "a?b#c", "%2e%2e", "a\\b"]
)
def test_ids_stay_within_their_path(project: Project, text: str) -> None:
    made = [widget("a", dashboardId=text), matrix("b", queueId=text)]
    (project.manifests / "a.json").write_text(json.dumps(made[0]))
    (project.manifests / "b.json").write_text(json.dumps(made[1]))

    ran = project.run("plan", "-vv")

    assert_told(ran, [ExitCode.REFUSED, ExitCode.ERROR, ExitCode.INVALID])
    asked = [line.split()[3] for line in ran.err.splitlines() if "DEBUG reconciler.remote.wire: " in line]
    assert all(path.startswith(("/api/v2/", "/oauth/token")) for path in asked), asked
