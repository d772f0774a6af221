"""The state file: one org's whole state as one JSON document, to move it between stores.

It holds what the store holds of the org, the key of its secrets' digests and the audit chain included, so it
is kept like the store: readable by its owner only. What comes in is not trusted: its size, depth and every
member are checked, and its chain, before any of it reaches a store.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from reconciler.errors import StateError
from reconciler.model.state import Intent, PriorEntry, Tombstone
from reconciler.model.values import JsonValue
from reconciler.settings import MIB
from reconciler.store.chain import Head, verify_records
from reconciler.store.documents import TooLarge, read_json
from reconciler.store.rows import (
    entry_row,
    intent_row,
    json_text,
    read_entry,
    read_intent,
    read_tombstone,
    tombstone_row,
)
from reconciler.store.statefile_model import EntryModel, IntentModel, StateFileModel

FORMAT: Final = "reconciler.state-file/1"
MAX_BYTES = 128 * MIB
"""A larger file is refused before it is parsed."""
MAX_NODES = 8_000_000
"""Nor may it hold more values: small ones take far more room in memory than in the file."""

_ENTRY_DOCUMENTS = ("base", "answered", "scope", "lifecycle", "labels", "dependencies", "source")


@dataclass(frozen=True, slots=True, repr=False)
class StateFile:
    """One org's state, out of its store.

    Args:
        secret_key: of the digests; not shown.
        records: the audit chain, canonical JSON each.
    """

    org: str
    lineage: str
    serial: int
    bound_to: tuple[str, str, str] | None
    secret_key: bytes
    entries: tuple[PriorEntry, ...]
    tombstones: tuple[Tombstone, ...]
    intents: tuple[Intent, ...]
    end: Head
    records: tuple[str, ...]

    def __repr__(self) -> str:
        return f"StateFile(org={self.org!r}, lineage={self.lineage!r}, serial={self.serial})"


def write_state_file(file: StateFile, path: Path) -> None:
    """Writes the file whole or not at all, readable by its owner only; one that is there is replaced.

    Raises:
        StateError: it cannot be written, or is too large to be read again.
    """
    content = _content(file)
    if len(content) > MAX_BYTES:
        raise StateError(
            f"the state of {file.org!r} is too large for a file ({len(content) // MIB} MiB; "
            f"{MAX_BYTES // MIB} are allowed)",
            hint="move the database itself, by its own tools",
        )
    try:
        _write(path.resolve(), content)
    except OSError as error:
        raise StateError(
            f"{path} cannot be written: {error.strerror or error}", hint="name a file in a folder of yours"
        ) from error


def read_state_file(path: Path) -> StateFile:
    """Reads a file and checks all of it.

    Raises:
        StateError: it cannot be read, is no state file, is from a newer version (`state.newer`), or was
            damaged or tampered with.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise StateError(
            f"{path} cannot be read: {error.strerror or error}", hint="name a file of `state pull`"
        ) from error
    try:
        found = _file(_parsed(content))
    except _Unusable as error:
        raise _broken(path, str(error)) from None
    verified = verify_records(found.records, found.end)
    if not verified.valid:
        raise _broken(path, f"in its audit trail, {verified.message}")
    return found


class _Unusable(Exception):
    """What is wrong with a file, in words that hold none of its values."""


def _broken(path: Path, why: str) -> StateError:
    newer = why.startswith("newer")
    return StateError(
        f"{path} is {'of a ' if newer else 'no usable state file: '}{why}",
        code="state.newer" if newer else "state.damaged",
        hint="use the version of reconciler that wrote it, or a later one"
        if newer
        else "pull the state again, or restore the file from a backup",
    )


# -- writing -----------------------------------------------------------------------------------------------


def _content(file: StateFile) -> bytes:
    org_id, api_host, client_id = file.bound_to or (None, None, None)
    members: dict[str, JsonValue] = {
        "format": FORMAT,
        "org": file.org,
        "lineage": file.lineage,
        "serial": file.serial,
        "org_id": org_id,
        "api_host": api_host,
        "client_id": client_id,
        "secret_key": file.secret_key.hex(),
        "audit_end": {"seq": file.end.seq, "hash": file.end.hash},
    }
    rows = {
        "resources": [json_text(_entry_document(entry)) for entry in file.entries],
        "tombstones": [json_text(tombstone_row(buried)) for buried in file.tombstones],
        "journal": [json_text(_intent_document(intent)) for intent in file.intents],
        "audit": file.records,
    }
    lines = [f"{json.dumps(name)}: {json_text(value)}" for name, value in members.items()]
    lines += [f"{json.dumps(name)}: {_list(texts)}" for name, texts in rows.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _list(texts: Sequence[str]) -> str:
    return "[" + ",".join(f"\n  {text}" for text in texts) + "\n]"


def _entry_document(entry: PriorEntry) -> dict[str, JsonValue]:
    row = entry_row(entry)
    return row | {name: json.loads(row[name]) for name in _ENTRY_DOCUMENTS}


def _intent_document(intent: Intent) -> dict[str, JsonValue]:
    entry = None if intent.entry is None else _entry_document(intent.entry)
    row = intent_row(intent)
    return row | {"body": json.loads(row["body"]), "entry": entry}


def _write(path: Path, content: bytes) -> None:
    if path.exists() and not path.is_file():  # a pipe, say: nothing to replace
        path.write_bytes(content)
        return
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


# -- reading -----------------------------------------------------------------------------------------------


def _parsed(content: bytes) -> JsonValue:
    if len(content) > MAX_BYTES:
        raise _Unusable(f"it is larger than {MAX_BYTES // MIB} MiB")
    if sum(content.count(sign) for sign in (b",", b"[", b"{")) > MAX_NODES:
        raise _Unusable("it holds too many values")
    try:
        return read_json(content.decode())
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise _Unusable("it is not JSON") from None
    except TooLarge as error:
        raise _Unusable(str(error)) from None
    except ValueError:
        raise _Unusable("it holds a number that no JSON has") from None


def _file(document: JsonValue) -> StateFile:
    if isinstance(document, dict) and isinstance(named := document.get("format"), str):
        _refuse_other_format(named)
    try:
        model = StateFileModel.model_validate(document)
        return _from_model(model)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise _Unusable(f"{_place(first['loc'])}: {first['msg']}") from None
    except StateError as error:
        raise _Unusable(f"what it holds of {error.address} cannot be read") from None
    except (ValueError, RecursionError) as error:
        raise _Unusable(f"a member cannot be read ({type(error).__name__})") from None


def _refuse_other_format(named: str) -> None:
    family, _, number = named.partition("/")
    if family == FORMAT.partition("/")[0] and number.isdecimal() and number != FORMAT.partition("/")[2]:
        raise _Unusable("newer version")


def _place(location: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in location) or "the document"


def _from_model(model: StateFileModel) -> StateFile:
    bound = (model.org_id, model.api_host, model.client_id)
    if any(record.org != model.org for record in model.audit):
        raise _Unusable("its audit trail is of another org")
    return StateFile(
        org=model.org,
        lineage=model.lineage,
        serial=model.serial,
        bound_to=None if None in bound else bound,  # type: ignore[arg-type]  # None is not in it
        secret_key=bytes.fromhex(model.secret_key),
        entries=tuple(_entry(entry) for entry in model.resources),
        tombstones=tuple(read_tombstone(buried.model_dump()) for buried in model.tombstones),
        intents=tuple(_intent(intent) for intent in model.journal),
        end=Head(model.audit_end.seq, model.audit_end.hash),
        records=tuple(json_text(record.model_dump()) for record in model.audit),
    )


def _entry(model: EntryModel) -> PriorEntry:
    return read_entry(_entry_columns(model))


def _intent(model: IntentModel) -> Intent:
    row = model.model_dump()
    entry = None if model.entry is None else _entry_columns(model.entry)
    return read_intent(row | {"body": json_text(row["body"]), "entry": json_text(entry)})


def _entry_columns(model: EntryModel) -> dict[str, Any]:
    row = model.model_dump()
    return row | {name: json_text(row[name]) for name in _ENTRY_DOCUMENTS}
