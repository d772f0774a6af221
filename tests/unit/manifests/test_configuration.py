"""`reconciler.yaml`, and what the environment says without one."""

from pathlib import Path

import pytest

from reconciler.errors import ConfigError
from reconciler.manifests import bare_configuration, credential_names, load_configuration, select_org
from reconciler.model.configuration import Configuration, OrgConfiguration
from reconciler.model.values import Secret
from reconciler.model.windows import parse_window
from reconciler.settings import SafetySettings, Settings

HEAD = "apiVersion: reconciler/v1\nkind: Config\n"
WHOLE = """\
apiVersion: reconciler/v1
kind: Config
manifests: things
state: kept
defaultOrg: sandbox
environment: [BI_SECRET]
vars: {greeting: hello, sizes: [1, 2]}
orgs:
  sandbox: {sandbox: true}
  prod:
    region: mypurecloud.com
    organization: 0123
    vars: {greeting: good day}
    state: "postgresql://db/prod"
    protected: true
    clientId: "${env.PROD_ID}"
    clientSecret: "${env.PROD_SECRET}"
safety:
  maxDeletes: 1
  maxDeletePercent: 2.5
  minResources: 0
  windows: [{allow: "Mon-Fri 20:00-06:00", timezone: Europe/Berlin}, {allow: Sun}]
notifications:
  - {url: "https://bi.example/in", events: [applied, failed], kinds: [Widget], secret: "${env.BI_SECRET}"}
"""
ENVIRON = {"GENESYS_REGION": "mypurecloud.de", "GENESYS_CLIENT_ID": "id"}


def read(root: Path, text: str, environ: dict[str, str] | None = None) -> Configuration:
    (root / "reconciler.yaml").write_text(text)
    return load_configuration(file=None, start=root, environ=environ or {}, settings=Settings())


def refused(root: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read(root, text)
    return caught.value


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == Configuration(
        file=tmp_path / "reconciler.yaml",
        root=tmp_path,
        manifests=tmp_path / "things",
        state=str(tmp_path / "kept"),
        orgs={
            "sandbox": OrgConfiguration("sandbox", sandbox=True, line=9),
            "prod": OrgConfiguration(
                "prod",
                region="mypurecloud.com",
                organization="0123",
                vars={"greeting": "good day"},
                state="postgresql://db/prod",
                protected=True,
                client_id=Secret("${env.PROD_ID}", ("PROD_ID",)),
                client_secret=Secret("${env.PROD_SECRET}", ("PROD_SECRET",)),
                line=10,
            ),
        },
        default_org="sandbox",
        environment=("BI_SECRET",),
        vars={"greeting": "hello", "sizes": [1, 2]},
        safety=SafetySettings(max_deletes=1, max_delete_percent=2.5, min_resources=0),
        windows=(parse_window("Mon-Fri 20:00-06:00", "Europe/Berlin"), parse_window("Sun")),
    )


def test_the_file_of_the_nearest_parent_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/reconciler.yaml").write_text(HEAD)
    (tmp_path / "reconciler.yaml").write_text("broken: [")

    found = load_configuration(file=None, start=tmp_path / "a/b", environ={}, settings=Settings())

    assert (found.root, found.manifests) == (tmp_path / "a", tmp_path / "a/manifests")


def test_a_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(WHOLE)

    found = load_configuration(file=Path("other.yaml"), start=tmp_path, environ={}, settings=Settings())

    assert found.file == tmp_path / "other.yaml"


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no configuration file other\.yaml"):
        load_configuration(file=Path("other.yaml"), start=tmp_path, environ={}, settings=Settings())


@pytest.mark.parametrize("host", ["GENESYS_BASE_URL", "GENESYS_REGION", "GENESYSCLOUD_REGION"])
@pytest.mark.parametrize("client", ["GENESYS_CLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_ID"])
def test_without_a_file_the_environment_describes_an_org(tmp_path: Path, host: str, client: str) -> None:
    environ = {host: "x", client: "y"}

    found = load_configuration(file=None, start=tmp_path, environ=environ, settings=Settings())

    assert found == Configuration(
        file=None,
        root=tmp_path,
        manifests=tmp_path / "manifests",
        state=str(tmp_path / "state"),
        orgs={"env": OrgConfiguration("env")},
        default_org="env",
    )
    assert found == bare_configuration(tmp_path, Settings())


@pytest.mark.parametrize(
    "environ", [{}, {"GENESYS_REGION": "x"}, {"GENESYS_CLIENT_ID": "x", "GENESYS_REGION": ""}]
)
def test_with_neither_both_ways_and_the_sandbox_are_named(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_configuration(file=None, start=tmp_path, environ=environ, settings=Settings())

    said = f"{caught.value.message} {caught.value.hint}"
    assert [word for word in ("reconciler.yaml", "sandbox", "GENESYS_CLIENT_ID") if word not in said] == []
    assert caught.value.exit_code == 78


def test_a_file_without_orgs_leaves_the_org_to_the_environment(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD, ENVIRON).orgs == {"env": OrgConfiguration("env")}
    assert read(tmp_path, HEAD).orgs == {}
    assert set(read(tmp_path, WHOLE, ENVIRON).orgs) == {"sandbox", "prod"}


@pytest.mark.parametrize(
    ("text", "code", "line", "message"),
    [
        ("", "config.invalid", None, "reconciler.yaml must hold one document; found none"),
        (f"{HEAD}---\n{HEAD}", "config.invalid", None, "reconciler.yaml must hold one document; found 2"),
        ("- a\n", "config.invalid", 1, "the configuration must be a mapping"),
        ("a: [\n", "config.invalid", 2, "no valid YAML"),
        (f"{HEAD}orgs: null\n", "config.invalid", 3, "orgs has no value"),
        (f"{HEAD}state: a\nstate: b\n", "config.invalid", 4, "the key state is there twice"),
        (f"{HEAD}safty: {{}}\n", "config.invalid", 3, "safty is no field"),
        (f"{HEAD}orgs:\n  p: {{regoin: x}}\n", "config.invalid", 4, "orgs.p.regoin is no field"),
        (f"{HEAD}orgs:\n  p/q: {{}}\n", "config.invalid", 4, "p/q is no name for an org"),
        (f"{HEAD}orgs:\n  p: {{sandbox: true, region: localhost}}\n", "config.invalid", 4, "one of the two"),
        (f"{HEAD}orgs:\n  p: {{region: evil.example}}\n", "config.untrusted-host", 4, "evil.example is none"),
        (f"{HEAD}orgs: {{p: {{}}}}\ndefaultOrg: q\n", "config.unknown-org", 4, "defaultOrg names q"),
        (f"{HEAD}environment: [A-B]\n", "config.invalid", 3, "A-B is no name"),
        (f"{HEAD}vars: {{a b: 1}}\n", "config.invalid", 3, "a b is no name for a variable"),
        (f"{HEAD}vars: {{a: ['${{env.X}}']}}\n", "config.invalid", 3, "a variable's value is taken as it is"),
        (f"{HEAD}state: mysql://u:hunter2@h/x\n", "config.invalid", 3, "state is a folder"),
        (f"{HEAD}state: 'postgresql://u:${{env.P}}@h'\n", "config.invalid", 3, "state takes no"),
        (
            f"{HEAD}orgs: {{p: {{clientSecret: 'a${{env.X}}'}}}}\n",
            "config.invalid",
            3,
            "a credential is the text",
        ),
        (
            f"{HEAD}orgs: {{p: {{clientSecret: '${{var.X}}'}}}}\n",
            "config.invalid",
            3,
            "a credential is the text",
        ),
        (f"{HEAD}safety: {{maxDeletes: -1}}\n", "config.invalid", 3, "safety.maxDeletes must be at least 0"),
        (f"{HEAD}safety: {{maxDeletePercent: 101}}\n", "config.invalid", 3, "must be at most 100"),
        (f"{HEAD}safety: {{windows: [{{allow: Mo 1-2}}]}}\n", "config.invalid", 3, "'Mo 1-2' is no window"),
        (
            f"{HEAD}safety:\n  windows: [{{allow: Sun, timezone: Mars}}]\n",
            "config.invalid",
            4,
            "'Mars' is no time zone",
        ),
        (
            f"{HEAD}notifications: [{{url: a, events: [all]}}]\n",
            "config.invalid",
            3,
            "must be applied, drift",
        ),
        ("kind: Config\n", "config.invalid", 1, "apiVersion is missing"),
        ("apiVersion: v2\nkind: Config\n", "config.invalid", 1, "apiVersion must be reconciler/v1"),
    ],
)
def test_a_file_out_of_order(tmp_path: Path, text: str, code: str, line: int | None, message: str) -> None:
    error = refused(tmp_path, text)

    assert (error.code, error.file, error.line, error.exit_code) == (code, "reconciler.yaml", line, 78)
    assert message in error.message


def test_several_problems_are_told_together(tmp_path: Path) -> None:
    error = refused(tmp_path, f"{HEAD}a: 1\nb: 1\nc: 1\nd: 1\n")

    assert error.message == "a is no field; line 4: b is no field; line 5: c is no field; and 1 more"


@pytest.mark.parametrize("member", ["clientSecret: 31337", "state: 31337"])
def test_what_may_be_a_secret_is_never_shown(tmp_path: Path, member: str) -> None:
    error = refused(tmp_path, f"{HEAD}orgs: {{p: {{{member}}}}}\n")

    assert "31337" not in f"{error.message}{error.hint}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (f"{HEAD}defaultorg: x\n", "did you mean defaultOrg?"),
        (f"{HEAD}orgs: {{p: {{regoin: x}}}}\n", "did you mean region?"),
        (f"{HEAD}orgs: {{p: {{region: mypurecloud.co}}}}\n", "did you mean mypurecloud.com?"),
        (f"{HEAD}orgs: {{prod: {{}}}}\ndefaultOrg: prd\n", "did you mean prod?"),
    ],
)
def test_a_near_word_is_offered(tmp_path: Path, text: str, hint: str) -> None:
    assert refused(tmp_path, text).hint == hint


def test_an_org_is_chosen_by_name_or_default(tmp_path: Path) -> None:
    configuration = read(tmp_path, WHOLE)

    assert select_org(configuration, name="prod").name == "prod"
    assert select_org(configuration, name=None).name == "sandbox"


@pytest.mark.parametrize(
    ("text", "name", "hint"),
    [
        (WHOLE, "prd", "did you mean prod?"),
        (WHOLE, "x", "configured: prod or sandbox"),
        (WHOLE.replace("defaultOrg: sandbox\n", ""), None, "name one by --org, RECONCILER_ORG or defaultOrg"),
        (HEAD, None, "none is configured"),
    ],
)
def test_an_org_that_is_not_configured(tmp_path: Path, text: str, name: str | None, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        select_org(read(tmp_path, text), name=name)

    assert caught.value.code == "config.unknown-org"
    assert hint in (caught.value.hint or "")


def test_the_names_of_the_tools_own_credentials(tmp_path: Path) -> None:
    assert credential_names(read(tmp_path, WHOLE)) == ("PROD_ID", "PROD_SECRET")
