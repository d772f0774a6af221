"""OAuth 2.0 client credentials: the token endpoint and the check of each request's token and scope.

Tokens live as long as the process; they are no part of the org's objects (platform-api.md, section 2).
"""

import base64
import binascii
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.options import SandboxOptions
from reconciler.sandbox.refusals import FieldError, Refusal
from reconciler.sandbox.requests import Answer, answered

TOKEN_PATH = "/oauth/token"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was given out.

    Attributes:
        text: What the client sends.
        scopes: What it was granted.
        expires_at: Seconds since 1970.
    """

    text: str
    scopes: frozenset[str]
    expires_at: float

    def holds(self, scope: str) -> bool:
        """Tell whether the token has a scope; a write scope includes its read scope."""
        return scope in self.scopes or f"{scope.removesuffix(':read')}:write" in self.scopes


class TokenDesk:
    """Gives tokens out and checks them."""

    def __init__(self, options: SandboxOptions, clock: SandboxClock) -> None:
        """Start without tokens."""
        self._options = options
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self.scopes = frozenset(options.scopes)

    def grant(self, scopes: Iterable[str]) -> None:
        """Change what tokens given out from now on are granted."""
        self.scopes = frozenset(scopes)

    def expire_all(self) -> None:
        """Let every token run out now."""
        self._tokens = {text: Token(text, token.scopes, 0.0) for text, token in self._tokens.items()}

    def revoke_all(self) -> None:
        """Forget every token."""
        self._tokens.clear()

    def issue(self, method: str, headers: Mapping[str, str], raw: bytes) -> Answer:
        """Answer a token request."""
        if method != "POST":
            return _oauth_error(405, "invalid_request", "the token endpoint takes POST")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return _oauth_error(400, "invalid_request", f"the content type must be {_FORM}")
        if parse_qs(raw.decode("utf-8", "replace")).get("grant_type") != ["client_credentials"]:
            return _oauth_error(400, "unsupported_grant_type", "grant_type must be client_credentials")
        if not self._is_client(headers.get("authorization", "")):
            return _oauth_error(401, "invalid_client", "client not found or secret wrong")
        return self._given()

    def check(self, authorization: str) -> Token:
        """Return the token of a request.

        Raises:
            Refusal: 401 where there is none, or it is unknown, revoked or expired.
        """
        scheme, _, text = authorization.partition(" ")
        token = self._tokens.get(text.strip())
        if scheme.lower() != "bearer" or token is None:
            raise Refusal(401, "bad.credentials", "No authentication bearer token, or it is not valid.")
        if self._clock.has_come(token.expires_at):
            raise Refusal(401, "bad.credentials", "The authentication bearer token has expired.")
        return token

    def require(self, token: Token, scope: str | None) -> None:
        """Refuse a request whose token lacks a scope.

        Raises:
            Refusal: 403 that names the scope.
        """
        if scope is None or token.holds(scope):
            return
        message = f"Unable to perform the requested action. You are missing the following scope: {scope}"
        raise Refusal(403, "missing.scope", message, errors=[FieldError("", f"missing scope {scope}")])

    def _is_client(self, authorization: str) -> bool:
        scheme, _, told = authorization.partition(" ")
        try:
            decoded = base64.b64decode(told, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        wanted = f"{self._options.client_id}:{self._options.client_secret}"
        return scheme.lower() == "basic" and secrets.compare_digest(decoded.encode(), wanted.encode())

    def _given(self) -> Answer:
        lifetime_s = self._options.token_lifetime_s
        token = Token(secrets.token_urlsafe(32), self.scopes, self._clock.now() + lifetime_s)
        self._tokens[token.text] = token
        scope = " ".join(sorted(self.scopes))
        lifetime = int(lifetime_s) if float(lifetime_s).is_integer() else lifetime_s
        return answered(
            200, {"access_token": token.text, "token_type": "bearer", "expires_in": lifetime, "scope": scope}
        )


def _oauth_error(status: int, error: str, description: str) -> Answer:
    return answered(status, {"error": error, "error_description": description})
