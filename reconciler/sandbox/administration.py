"""The surface under `/sandbox/…`, by which other processes do what tests do to an org directly.

It asks for no token, is neither limited nor recorded, and answers only on loopback.
"""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.documents import Document, JsonValue, as_object, decode, encode
from reconciler.sandbox.faults import Fault, parse_faults
from reconciler.sandbox.org import SandboxOrg

Act = Callable[[SandboxOrg, Request, bytes], Response]


def administration_routes(org: SandboxOrg) -> list[Route]:
    """Return the routes, without their common prefix."""
    calls: tuple[tuple[str, str, Act], ...] = (
        ("POST", "/faults", inject_faults),
        ("DELETE", "/faults", clear_faults),
        ("GET", "/requests", list_requests),
        ("DELETE", "/requests", forget_requests),
        ("POST", "/advance", advance),
        ("POST", "/tokens/expire", expire_tokens),
        ("POST", "/tokens/revoke", revoke_tokens),
        ("GET", "/objects/{collection}", list_objects),
        ("PATCH", "/objects/{collection}/{id:path}", alter_object),
        ("DELETE", "/objects/{collection}/{id:path}", remove_object),
    )
    return [Route(path, _guarded(org, act), methods=[method]) for method, path, act in calls]


def inject_faults(org: SandboxOrg, _request: Request, raw: bytes) -> Response:
    """Ask for faults: as text, one a line, or as one JSON object."""
    text = raw.decode()
    if text.lstrip().startswith("{"):
        org.inject(Fault.of(as_object(decode(text))))
    else:
        org.inject(*parse_faults(text))
    return _json(201, {"faults": len(org.faults)})


def clear_faults(org: SandboxOrg, _request: Request, _raw: bytes) -> Response:
    """Forget all faults."""
    org.clear_faults()
    return Response(status_code=204)


def list_requests(org: SandboxOrg, _request: Request, _raw: bytes) -> Response:
    """Answer what was asked of the org."""
    return _json(200, {"requests": [request.document() for request in org.requests]})


def forget_requests(org: SandboxOrg, _request: Request, _raw: bytes) -> Response:
    """Start the record afresh."""
    org.forget_requests()
    return Response(status_code=204)


def advance(org: SandboxOrg, _request: Request, raw: bytes) -> Response:
    """Move the org's clock forward by `seconds`."""
    seconds = as_object(decode(raw)).get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise ValueError("seconds must be a number, not negative")
    org.advance(float(seconds))
    return _json(200, {"now": org.now})


def expire_tokens(org: SandboxOrg, _request: Request, _raw: bytes) -> Response:
    """Let every token run out."""
    org.expire_tokens()
    return Response(status_code=204)


def revoke_tokens(org: SandboxOrg, _request: Request, _raw: bytes) -> Response:
    """Make every token invalid."""
    org.revoke_tokens()
    return Response(status_code=204)


def list_objects(org: SandboxOrg, request: Request, _raw: bytes) -> Response:
    """Answer all objects of a collection, hidden members included."""
    return _json(200, {"objects": list(org.collection(request.path_params["collection"]).all())})


def alter_object(org: SandboxOrg, request: Request, raw: bytes) -> Response:
    """Alter an object as an admin would, by a merge patch."""
    patch = decode(raw)
    if not isinstance(patch, dict):
        raise ValueError("the patch must be a JSON object")  # noqa: TRY004 - all bad requests are one sort here
    changed: Document = org.alter(request.path_params["collection"], request.path_params["id"], patch)
    return _json(200, changed)


def remove_object(org: SandboxOrg, request: Request, _raw: bytes) -> Response:
    """Remove an object as an admin would."""
    org.remove(request.path_params["collection"], request.path_params["id"])
    return Response(status_code=204)


def _guarded(org: SandboxOrg, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if request.client is None or not ip_address(request.client.host).is_loopback:
            return _json(403, {"message": "this answers on loopback only"})
        try:
            return act(org, request, await request.body())
        except KeyError as error:
            return _json(404, {"message": f"there is no {error.args[0]}"})
        except ValueError as error:
            return _json(400, {"message": str(error)})

    return endpoint


def _json(status: int, value: JsonValue) -> Response:
    return Response(encode(value), status_code=status, media_type="application/json")
