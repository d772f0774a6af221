"""Secrets: revealed where they are sent, digested everywhere else."""

import hashlib
import hmac

import pytest

from reconciler.errors import ConfigError, ExitCode
from reconciler.model.ports import Secrets
from reconciler.model.values import Secret
from reconciler.store import UNKEYED, EnvironmentSecrets

KEY = b"k" * 32
ENVIRON = {"TOKEN": "hunter2", "USER": "kim", "OTHER": "not listed"}


def secret(template: str, *names: str) -> Secret:
    return Secret(template, names)


@pytest.mark.parametrize(
    ("template", "names", "value"),
    [
        ("${env.TOKEN}", ("TOKEN",), "hunter2"),
        ("Basic ${env.USER}:${env.TOKEN}!", ("USER", "TOKEN"), "Basic kim:hunter2!"),
        ("$${env.TOKEN} is ${env.TOKEN}", ("TOKEN",), "${env.TOKEN} is hunter2"),
        ("${env.TOKEN} ${env.OTHER}", ("TOKEN",), "hunter2 ${env.OTHER}"),
    ],
)
def test_revealing_fills_the_names_in(template: str, names: tuple[str, ...], value: str) -> None:
    secrets: Secrets = EnvironmentSecrets(ENVIRON, KEY)

    assert secrets.reveal(secret(template, *names)) == value


def test_a_value_that_looks_like_a_place_is_sent_as_it_is() -> None:
    secrets = EnvironmentSecrets({"TOKEN": "${env.OTHER}$${", "OTHER": "x"}, KEY)

    assert secrets.reveal(secret("${env.TOKEN}", "TOKEN")) == "${env.OTHER}$${"


@pytest.mark.parametrize("key", [KEY, None])
def test_an_unset_variable_is_an_error_that_names_it(key: bytes | None) -> None:
    secrets = EnvironmentSecrets({}, key)

    for use in (secrets.reveal, secrets.digest):
        with pytest.raises(ConfigError) as caught:
            use(secret("${env.TOKEN}", "TOKEN"))
        assert (caught.value.code, caught.value.exit_code) == ("variable.unknown", ExitCode.CONFIG)
        assert "TOKEN" in caught.value.message


def test_a_digest_is_keyed_and_of_the_whole_value() -> None:
    secrets = EnvironmentSecrets(ENVIRON, KEY)

    assert secrets.digest(secret("Bearer ${env.TOKEN}", "TOKEN")) == (
        hmac.new(KEY, b"Bearer hunter2", hashlib.sha256).hexdigest()
    )
    assert secrets.digest(secret("Bearer ${env.TOKEN}", "TOKEN")) == secrets.digest_text("Bearer hunter2")


def test_a_digest_changes_with_the_value_and_with_the_key() -> None:
    token = secret("${env.TOKEN}", "TOKEN")
    digests = {
        EnvironmentSecrets({"TOKEN": value}, key).digest(token)
        for value in ("one", "two")
        for key in (KEY, b"other")
    }

    assert len(digests) == 4


def test_without_a_key_every_digest_is_the_same() -> None:
    secrets = EnvironmentSecrets(ENVIRON, None)

    assert {
        secrets.digest(secret("${env.TOKEN}", "TOKEN")),
        secrets.digest(secret("${env.USER}", "USER")),
        secrets.digest_text("anything"),
    } == {UNKEYED}
