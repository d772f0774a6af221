"""The state file's members, as pydantic checks them; extra ones, and any other type, are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, field_validator

from reconciler.model.address import NAME
from reconciler.model.audit import FIRST_PREVIOUS_HASH

LONGEST_TEXT = 100_000
LARGEST_NUMBER = 2**31 - 2
"""The columns are 32 bits wide, and the next serial must fit, too."""


def _storable(text: str) -> str:
    """Text that every database takes."""
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("holds a character that no text has")
    return text


def _hash(text: str) -> str:
    if len(text) != len(FIRST_PREVIOUS_HASH) or text.strip("0123456789abcdef"):
        raise ValueError("is no SHA-256 in lower-case hex")
    return text


Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_storable)]
Hash = Annotated[str, AfterValidator(_hash)]
Number = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class _Addressed(_Model):
    kind: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
    name: Annotated[str, Field(pattern=f"^{NAME.pattern}$")]


class MarkModel(_Model):
    """A place in a manifest."""

    file: Text
    line: Number
    column: Number


class DependencyModel(_Model):
    """What an entry refers to."""

    target: Text
    via: Text
    mark: MarkModel | None


class IgnoredModel(_Model):
    """A path whose changes are ignored."""

    path: Text
    until: Text | None
    reason: Text | None


class LifecycleModel(_Model):
    """An entry's lifecycle, as `rows` writes it."""

    adopt: bool
    prevent_destroy: bool
    on_remove: Literal["delete", "forget"]
    ignore_changes: Annotated[list[IgnoredModel], FailFast()]


class EntryModel(_Addressed):
    """A row of `resources`, its documents as such."""

    remote_id: Text
    status: Text
    applied_at: Text | None
    plan_fingerprint: Text | None
    base: dict[str, Any]
    answered: dict[str, Any]
    scope: dict[str, Text]
    lifecycle: LifecycleModel
    labels: dict[str, Text]
    dependencies: Annotated[list[DependencyModel], FailFast()]
    source: MarkModel | None


class TombstoneModel(_Addressed):
    """A row of `tombstones`."""

    remote_id: Text
    deleted_at: Text
    plan_fingerprint: Text | None


class IntentModel(_Addressed):
    """A row of `journal`, its documents as such."""

    run_id: Text
    action: Text
    step: Number
    label: Text
    method: Text
    path: Text
    key_header: Text | None
    key: Text
    body: dict[str, Any] | None
    creates: bool
    started_at: Text
    plan_fingerprint: Text | None
    entry: EntryModel | None


class RecordModel(BaseModel):
    """An audit record; what it must hold besides, its hash says."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, hide_input_in_errors=True)

    seq: Number
    timestamp: Text
    run_id: Text
    org: Text
    phase: Literal[
        "run_started", "refused", "intent", "result", "notification", "event", "state", "run_finished"
    ]
    address: Text | None
    outcome: Text | None
    previous_hash: Hash
    hash: Hash


class EndModel(_Model):
    """Where the audit chain ends."""

    seq: Number
    hash: Hash


class StateFileModel(_Model):
    """The document."""

    format: Literal["reconciler.state-file/1"]
    org: Annotated[Text, Field(min_length=1)]
    lineage: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")]
    serial: Number
    org_id: Text | None
    api_host: Text | None
    client_id: Text | None
    secret_key: Hash
    """The key is as long as a hash, and in hex."""
    audit_end: EndModel
    # The first problem is told; noting millions of them would take more memory than the file.
    resources: Annotated[list[EntryModel], FailFast()]
    tombstones: Annotated[list[TombstoneModel], FailFast()]
    journal: Annotated[list[IntentModel], FailFast()]
    audit: Annotated[list[RecordModel], FailFast()]

    @field_validator("resources")
    @classmethod
    def _check_addresses(cls, rows: list[EntryModel]) -> list[EntryModel]:
        _refuse_repeats([(row.kind, row.name) for row in rows])
        return rows

    @field_validator("tombstones")
    @classmethod
    def _check_tombstones(cls, rows: list[TombstoneModel]) -> list[TombstoneModel]:
        _refuse_repeats([(row.kind, row.name, row.remote_id) for row in rows])
        return rows


def _refuse_repeats(keys: Sequence[tuple[str, ...]]) -> None:
    if len(set(keys)) < len(keys):
        raise ValueError("something is there twice")
