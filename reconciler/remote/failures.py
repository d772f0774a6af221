"""Failures: which answers are errors, and what they say (the table of platform-api.md, section 3). Pure.

A message names method, path, status, what the platform said, and the correlation id; never a body, header or
secret.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from reconciler.errors import (
    AuthFailed,
    FieldError,
    NotFound,
    RateLimited,
    Rejected,
    RemoteError,
    RemoteUnavailable,
    ScopeMissing,
)
from reconciler.model.values import JsonValue
from reconciler.remote.calls import Call, Purpose
from reconciler.remote.endpoints import SCOPES, scope_of
from reconciler.remote.hosts import LOGIN_URL, Target
from reconciler.remote.replies import EXISTING, Reply

_SHOWN_FIELD_ERRORS = 5
_SAME_WHENEVER_SENT = frozenset({400, 403, 413})
_SCOPE = re.compile(
    r"\b[a-z][\w-]*(?::[a-z*][\w-]*){2}|\b[a-z]\w*:(?:read|write|view|create|edit|delete)\b", re.IGNORECASE
)


class PassingFault(Exception):
    """A fault that may pass: a 5xx, no connection, no answer in time, or an answer that breaks off.

    Never leaves this folder.

    Args:
        reason: in words, for people.
        reply: the answer, where there was one.
        may_have_arrived: the org may have acted on the request.
        retry_after_s: how long the platform asks to wait.
        hint: what to do, where repeating is useless.
    """

    def __init__(
        self,
        reason: str,
        *,
        reply: Reply | None = None,
        may_have_arrived: bool = True,
        retry_after_s: float | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reply = reply
        self.may_have_arrived = may_have_arrived
        self.retry_after_s = retry_after_s
        self.hint = hint


def is_answer(call: Call, reply: Reply) -> bool:
    """Whether a reply is what was asked for, not an error."""
    if reply.is_success:
        return not is_passing(call, reply)
    match reply.status:
        case 404:
            return call.purpose is Purpose.READ or call.method == "DELETE"
        case 400:
            return call.purpose is Purpose.QUERY and not reply.is_malformed
        case 409:
            return call.is_write and reply.remote_code == EXISTING
        case _:
            return False


def is_passing(call: Call, reply: Reply) -> bool:
    """Whether a reply is a fault that may pass: 5xx, a time-out, or a success without a whole body."""
    if reply.is_success:
        is_missing = reply.body is None and not call.is_write and reply.status != HTTPStatus.NO_CONTENT
        return reply.is_malformed or is_missing
    return reply.status >= 500 or reply.status == HTTPStatus.REQUEST_TIMEOUT


def passing_fault(reply: Reply, *, retry_after_s: float | None) -> PassingFault:
    """The fault that a reply is; see `is_passing`."""
    if not reply.is_success:
        return PassingFault(_heard(reply), reply=reply, retry_after_s=retry_after_s)
    what = "an answer that is no JSON" if reply.is_malformed else "an answer without a body"
    return PassingFault(f"{reply.status}, {what}", reply=reply)


def error_of(call: Call, reply: Reply, target: Target) -> RemoteError:
    """The error that a reply is; for replies that are no answer and no passing fault."""
    if call.purpose is Purpose.TOKEN:
        return _no_token(call, reply, target)
    match reply.status:
        case 401:
            return _refused_twice(call, reply, target)
        case 403:
            return _scope_missing(call, reply, target)
        case 404 if call.is_write:
            return _error(NotFound, call, reply)
        case _ if 300 <= reply.status < 400:
            return _error(
                Rejected, call, reply, hint="the platform's API never redirects: check the host and proxies"
            )
        case _:
            return _error(Rejected, call, reply)


def unavailable(
    call: Call, fault: PassingFault, *, host: str, attempts: int, is_doubtful: bool
) -> RemoteUnavailable:
    """The error after the last try; names the host where nothing answered."""
    reply = fault.reply
    tries = "" if attempts == 1 else f" ({attempts} tries)"
    what, verb = (f"{host}{call.path}", "failed") if reply is None else (call.path, "answered")
    return RemoteUnavailable(
        f"{call.method} {what} {verb}{tries}: {fault.reason}{_reference(reply)}",
        hint=fault.hint or _unavailable_hint(is_doubtful=is_doubtful),
        http_status=reply.status if reply else None,
        correlation_id=reply.correlation_id if reply else None,
        remote_code=reply.remote_code if reply else None,
        outcome_unknown=is_doubtful,
    )


def not_a_page(call: Call, reason: str, *, correlation_id: str | None) -> RemoteUnavailable:
    """The error of a listing whose pages make no sense."""
    reference = f" (correlation id {correlation_id})" if correlation_id else ""
    return RemoteUnavailable(
        f"{call.method} {call.path} answered no usable listing: {reason}{reference}",
        hint="try again; if it stays, the host is not the platform's API",
        correlation_id=correlation_id,
    )


def rate_limited(call: Call, reason: str, *, reply: Reply | None, is_doubtful: bool) -> RateLimited:
    """The error when waiting is no longer reasonable."""
    return RateLimited(
        f"{call.method} {call.path}: {reason}{_reference(reply)}",
        hint="try again later, with less under way at once, or with a client of its own",
        http_status=reply.status if reply else None,
        correlation_id=reply.correlation_id if reply else None,
        remote_code=reply.remote_code if reply else None,
        outcome_unknown=is_doubtful,
    )


def leaves_doubt(error: RemoteError) -> bool:
    """Whether an earlier try may have taken effect, although this one got an error.

    A body that breaks a rule and a missing scope were refused the first time too.
    """
    return error.http_status not in _SAME_WHENEVER_SENT


def _error(
    kind: type[RemoteError], call: Call, reply: Reply, *, message: str | None = None, hint: str | None = None
) -> RemoteError:
    return kind(
        (message or f"{call.method} {call.path} answered {_heard(reply)}") + _reference(reply),
        hint=hint,
        http_status=reply.status,
        correlation_id=reply.correlation_id,
        remote_code=reply.remote_code,
        field_errors=reply.field_errors,
    )


def _refused_twice(call: Call, reply: Reply, target: Target) -> RemoteError:
    return _error(
        AuthFailed,
        call,
        reply,
        message=f"{call.method} {call.path} answered {_heard(reply)} also under a fresh token "
        f"(client {target.client_id}, host {target.api_host})",
        hint="check that the client belongs to this org and region, and is not disabled",
    )


def _no_token(call: Call, reply: Reply, target: Target) -> RemoteError:
    is_login = reply.status in {400, 401, 403}
    return _error(
        AuthFailed,
        call,
        reply,
        message=f"{call.method} {call.path}: no token for client {target.client_id} at {target.login_host}: "
        f"{_heard(reply)}",
        hint="check the client id and secret, and that they belong to this region"
        if is_login
        else f"check the region or {LOGIN_URL}: this seems not to be the login host",
    )


def _scope_missing(call: Call, reply: Reply, target: Target) -> RemoteError:
    scope = _scope_named(reply) or scope_of(call.method, call.path)
    missing = f"scope {scope} is missing" if scope else "a permission is missing"
    return _error(
        ScopeMissing,
        call,
        reply,
        message=f"{call.method} {call.path} answered {_heard(reply)}: {missing}",
        hint=f"grant {scope or 'it'} to the OAuth client {target.client_id} "
        f"(Admin > Integrations > OAuth) of the org at {target.api_host}",
    )


def _scope_named(reply: Reply) -> str | None:
    """The scope that an error body names: one of ours first, else what looks like one."""
    texts = [text for name in ("message", "errors", "details") for text in _texts(reply.fields.get(name))]
    found = [scope.group() for text in texts for scope in _SCOPE.finditer(text)]
    return next((scope for scope in found if scope in SCOPES), next(iter(found), None))


def _texts(value: JsonValue) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for member in value.values() for text in _texts(member)]
    if isinstance(value, list):
        return [text for member in value for text in _texts(member)]
    return []


def _heard(reply: Reply) -> str:
    """`400 [code]: message; /pointer: message`."""
    code = f" [{reply.remote_code}]" if reply.remote_code else ""
    said = reply.said or _phrase(reply.status)
    parts = [_pointed(found) for found in reply.field_errors[:_SHOWN_FIELD_ERRORS]]
    more = len(reply.field_errors) - _SHOWN_FIELD_ERRORS
    parts += [f"and {more} more"] if more > 0 else []
    return f"{reply.status}{code}: {'; '.join([said, *(part for part in parts if part not in said)])}"


def _pointed(found: FieldError) -> str:
    return f"{found.field}: {found.message}" if found.field else found.message


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "an unknown status"


def _reference(reply: Reply | None) -> str:
    if reply is None or reply.correlation_id is None:
        return ""
    return f" (correlation id {reply.correlation_id})"


def _unavailable_hint(*, is_doubtful: bool) -> str:
    if is_doubtful:
        return "the request may have taken effect all the same: plan again before repeating it"
    return "try again; if it stays, check the host, the network and the proxy"
