"""Refusals: the platform's error answers as exceptions (platform-api.md, section 3).

Whoever finds that a request breaks a rule raises a `Refusal`; the org turns it into an answer in one place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.sandbox.documents import Document, JsonValue


@dataclass(frozen=True, slots=True)
class FieldError:
    """One broken rule.

    Attributes:
        field: A JSON pointer into the request body, or the name of a query parameter or header.
        message: What is wrong with it.
    """

    field: str
    message: str


class Refusal(Exception):
    """A request that the org does not carry out."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def with_status(self, status: int, code: str) -> "Refusal":
        """Return the same refusal under another status and code."""
        return Refusal(status, code, self.message, errors=self.errors, headers=self.headers)

    def body(self, context_id: str) -> Document:
        """Return the platform's error body, naming the answer's correlation id."""
        errors: list[JsonValue] = [{"field": error.field, "message": error.message} for error in self.errors]
        return {
            "message": self.message,
            "code": self.code,
            "status": self.status,
            "contextId": context_id,
            "details": [],
            "errors": errors,
        }


class ExistingRecord(Refusal):
    """An interaction that its idempotency key has made already: the record itself is the body."""

    def __init__(self, record: Document) -> None:
        super().__init__(409, "idempotency.existing", "this key has made a record already")
        self._record = record

    def body(self, context_id: str) -> Document:  # noqa: ARG002 - the record has no place for it
        """Return the record with the code that tells this 409 from others."""
        return {**self._record, "code": self.code}


def invalid(errors: Iterable[FieldError], code: str = "bad.request") -> Refusal:
    """Return the 400 for a body that breaks rules; its message sums them up."""
    found = tuple(errors)
    told = "; ".join(f"{error.field or '(body)'}: {error.message}" for error in found[:5])
    return Refusal(400, code, f"The request breaks a rule: {told}", errors=found)


def invalid_field(field: str, message: str, code: str = "bad.request") -> Refusal:
    """Return the 400 for one broken rule."""
    return invalid([FieldError(field, message)], code)


def missing(what: str) -> Refusal:
    """Return the 404 that names what is not there."""
    return Refusal(404, "not.found", f"{what} does not exist")


def conflict(code: str, message: str, field: str | None = None) -> Refusal:
    """Return a 409; its code tells the kinds apart."""
    errors = () if field is None else (FieldError(field, message),)
    return Refusal(409, code, message, errors=errors)
