"""The idempotency memory: what each key was first used for, for 24 hours (platform-api.md, section 3).

Keys are global to the org and kept among its objects, in the same transaction as what they made; so an answer
that got lost after the commit is always remembered.
"""

from hashlib import sha256

from reconciler.sandbox.calls import Call
from reconciler.sandbox.documents import Document, as_integer, as_number, as_object, canonical, decode, encode
from reconciler.sandbox.refusals import ExistingRecord, conflict, invalid_field
from reconciler.sandbox.requests import Answer, Asked
from reconciler.sandbox.state import KEYS, OrgState

MEMORY_S = 24 * 3600.0
LONGEST_KEY = 128
_RECORDS_PATH = "/api/v2/interactions"


def answer_once(state: OrgState, call: Call, asked: Asked) -> Answer:
    """Answer a request, or give the first answer's object again where its key was used for the same before.

    A replay is answered 200, or 204 where the first answer was: nothing is created by it.

    Raises:
        Refusal: 400 for a key that cannot be one; 409 `idempotency.mismatch` for a key of another request;
            409 `idempotency.existing` with the record for an interaction.
    """
    key = None if call.key_header is None else asked.headers.get(call.key_header)
    if key is None:
        return call.act(state, asked)
    if not 1 <= len(key) <= LONGEST_KEY:
        raise invalid_field(
            str(call.key_header), f"an idempotency key has 1 to {LONGEST_KEY} characters, not {len(key)}"
        )
    known = _recalled(state, key)
    if known is not None:
        return _again(known, asked)
    answer = call.act(state, asked)
    _remember(state, key, asked, answer)
    return answer


def _recalled(state: OrgState, key: str) -> Document | None:
    memory = state.collection(KEYS)
    while (first := memory.oldest()) is not None and _is_forgotten(state, first[1].document):
        memory.remove(first[0])
    found = memory.peek(key)
    return None if found is None else found.document


def _is_forgotten(state: OrgState, known: Document) -> bool:
    return state.clock.has_come(as_number(known["at"]) + MEMORY_S)


def _again(known: Document, asked: Asked) -> Answer:
    if known["request"] != _digest(asked):
        message = "this idempotency key was used for another request"
        raise conflict("idempotency.mismatch", message)
    if asked.path.rstrip("/") == _RECORDS_PATH:
        raise ExistingRecord(as_object(known["body"]))
    status = as_integer(known["status"])
    return Answer(status) if status == 204 else Answer(200, encode(known["body"]))


def _remember(state: OrgState, key: str, asked: Asked, answer: Answer) -> None:
    body = decode(answer.body) if answer.body else None
    memory: Document = {
        "request": _digest(asked),
        "status": answer.status,
        "body": body,
        "at": state.clock.now(),
    }
    state.collection(KEYS).put(key, memory)


def _digest(asked: Asked) -> str:
    told = "\n".join((asked.method, asked.path, canonical(asked.payload.value)))
    return sha256(told.encode()).hexdigest()
