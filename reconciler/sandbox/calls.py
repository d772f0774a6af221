"""Calls: which method and path needs which scope and is answered by what.

Every area of the org has a tuple of them; the router finds the one that a request means.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.sandbox.refusals import Refusal, missing
from reconciler.sandbox.requests import Answer, Asked
from reconciler.sandbox.state import OrgState

Act: TypeAlias = Callable[[OrgState, Asked], Answer]
CREATE_KEY = "idempotency-key"
PATCH_KEY = "x-genesys-idempotency-key"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API.

    Attributes:
        method: The HTTP method.
        template: The path; a part in braces names a parameter.
        scope: What the token must hold; None is nothing.
        act: What answers it.
        key_header: The header of its idempotency key, lower case; None where it takes no key.
    """

    method: str
    template: str
    scope: str | None
    act: Act
    key_header: str | None = None

    def params(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """Return the parameters that a path has, or None where the path is another one."""
        parts = tuple(self.template.strip("/").split("/"))
        if len(parts) != len(segments):
            return None
        found: dict[str, str] = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{"):
                found[part.strip("{}")] = segment
            elif part != segment:
                return None
        return found


class Router:
    """All calls of the API."""

    def __init__(self, calls: Iterable[Call]) -> None:
        """Sort the calls by the number of their path's parts."""
        self._calls: dict[int, list[Call]] = {}
        for call in calls:
            self._calls.setdefault(call.template.strip("/").count("/") + 1, []).append(call)

    def find(self, asked: Asked) -> tuple[Call, Asked]:
        """Return the call that a request means, and the request with its parameters.

        Raises:
            Refusal: 404 where there is no such path, 405 where it takes other methods.
        """
        allowed: list[str] = []
        for call in self._calls.get(len(asked.segments), ()):
            params = call.params(asked.segments)
            if params is not None and call.method == asked.method:
                return call, replace(asked, params=params)
            if params is not None:
                allowed.append(call.method)
        if not allowed:
            raise missing(asked.path)
        methods = ", ".join(sorted(allowed))
        message = f"{asked.path} takes {methods}, not {asked.method}"
        raise Refusal(405, "method.not.allowed", message, headers={"Allow": methods})
