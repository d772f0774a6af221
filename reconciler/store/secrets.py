"""Secrets from the environment, and digests that tell no more than whether they changed."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping

from reconciler.errors import ConfigError
from reconciler.model.values import Secret

UNKEYED = "unkeyed"
"""The digest of every secret before the store, and with it the key, exists."""

_TELLING = 6
"""Characters from which on a value inside a longer text is the secret, and no coincidence."""
_PLACE = re.compile(r"\$\$\{|\$\{env\.([^{}]*)\}")


class EnvironmentSecrets:
    """Implements `ports.Secrets`.

    Args:
        environ: the environment.
        key: the store's; None before it exists: a digest then says nothing at all.
        names: all that manifests may read of the environment.
    """

    def __init__(self, environ: Mapping[str, str], key: bytes | None, names: Iterable[str] = ()) -> None:
        self._environ = environ
        self._key = key
        self._values = frozenset(environ[name] for name in names if environ.get(name))

    @property
    def gives_away(self) -> Callable[[str], bool] | None:
        """Whether a text is or holds the value of a secret; None where there is none."""
        return self._gives_away if self._values else None

    def _gives_away(self, text: str) -> bool:
        # Short values are in many texts by chance.
        return text in self._values or any(len(value) >= _TELLING and value in text for value in self._values)

    def reveal(self, secret: Secret) -> str:
        """The value to send: the template with its `${env.X}` filled in and `$${` as a literal `${`.

        Raises:
            ConfigError: `variable.unknown` when a variable is not set.
        """
        missing = [name for name in secret.names if name not in self._environ]
        if missing:
            raise ConfigError(
                f"the environment variable {missing[0]} is not set; a manifest uses ${{env.{missing[0]}}}",
                code="variable.unknown",
                hint=f"set {missing[0]} for this command",
            )
        return _PLACE.sub(lambda place: self._fill(place, secret), secret.template)

    def digest(self, secret: Secret) -> str:
        """HMAC-SHA256 of the value, in lower-case hex.

        Raises:
            ConfigError: `variable.unknown` when a variable is not set, with or without a key.
        """
        return self.digest_text(self.reveal(secret))

    def digest_text(self, text: str) -> str:
        """The same of a value that the org answered."""
        if self._key is None:
            return UNKEYED
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def _fill(self, place: re.Match[str], secret: Secret) -> str:
        name = place.group(1)
        if name is None:
            return "${"
        # Only names that were checked against the allow-list: a variable's value may look like one, too.
        return self._environ[name] if name in secret.names else place.group()
