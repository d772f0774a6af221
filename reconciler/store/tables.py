"""The tables, keyed by org; one schema version for the whole store.

Documents are kept as canonical JSON in text columns, times as UTC text of one width, so that both sort and
compare as text in every database. A change here raises `SCHEMA_VERSION` and adds a step to `migrations`.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table
from sqlalchemy import Text as AnyText

SCHEMA_VERSION = 2

NO_LEASE = "9999-12-31T23:59:59.999999+00:00"
"""When the lease of a lock ends that a version without leases took: never by itself."""

Text = AnyText().with_variant(AnyText(collation="C"), "postgresql")
"""Sorts by code point everywhere; a server's own order depends on how it was set up."""

metadata = MetaData()

store = Table(
    "store",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("schema_version", Integer, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("opened_at", Text, nullable=False),
)
"""One row. Every version of the schema keeps this table's name and its column `schema_version`."""

lineages = Table(
    "lineages",
    metadata,
    Column("org", Text, primary_key=True),
    Column("lineage", Text, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("org_id", Text),
    Column("api_host", Text),
    Column("client_id", Text),
    Column("audit_seq", Integer, nullable=False),
    Column("audit_hash", Text, nullable=False),
    Column("secret_key", LargeBinary, nullable=False),
)
"""One row an org, with a key of its own: what leaves with one org's state opens no other's digests. The end
of the audit chain stands here too, so that cutting the chain's tail shows."""

resources = Table(
    "resources",
    metadata,
    Column("org", Text, ForeignKey("lineages.org"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("remote_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("applied_at", Text),
    Column("plan_fingerprint", Text),
    Column("base", Text, nullable=False),
    Column("answered", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("lifecycle", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("dependencies", Text, nullable=False),
    Column("source", Text, nullable=False),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("org", Text, ForeignKey("lineages.org"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("remote_id", Text, primary_key=True),
    Column("deleted_at", Text, nullable=False),
    Column("plan_fingerprint", Text),
    Index("tombstones_by_age", "org", "deleted_at"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("org", Text, ForeignKey("lineages.org"), nullable=False),
    Column("run_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("key_header", Text),
    Column("key", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("creates", Boolean, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("plan_fingerprint", Text),
    Column("entry", Text, nullable=False),
    Index("journal_by_change", "org", "run_id", "kind", "name"),
)
"""Open intents only: closing one removes its row, its history is in the audit trail."""

audit = Table(
    "audit",
    metadata,
    Column("org", Text, ForeignKey("lineages.org"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("timestamp", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("address", Text),
    Column("outcome", Text),
    Column("hash", Text, nullable=False),
    Column("record", Text, nullable=False),
)

locks = Table(
    "locks",
    metadata,
    Column("org", Text, ForeignKey("lineages.org"), primary_key=True),
    Column("token", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("space", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("expires", Text, nullable=False, server_default=NO_LEASE),
)
