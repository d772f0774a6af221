"""The tables, keyed by org; one schema version for the whole store.

Documents are kept as canonical JSON in text columns, times as UTC text of one width, so that both sort and
compare as text in every database. A change here raises `SCHEMA_VERSION` and adds a step to `migrations`.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, MetaData, Table

from reconciler.store.columns import Octets, Whole, Words

SCHEMA_VERSION = 3

NO_LEASE = "9999-12-31T23:59:59.999999+00:00"
"""When the lease of a lock ends that a version without leases took: never by itself."""

metadata = MetaData()

store = Table(
    "store",
    metadata,
    Column("id", Whole(), primary_key=True, autoincrement=False),
    Column("schema_version", Whole(), nullable=False),
    Column("created_at", Words(), nullable=False),
    Column("opened_at", Words(), nullable=False),
)
"""One row. Every version of the schema keeps this table's name and its column `schema_version`."""

lineages = Table(
    "lineages",
    metadata,
    Column("org", Words(), primary_key=True),
    Column("lineage", Words(), nullable=False),
    Column("serial", Whole(), nullable=False),
    Column("org_id", Words(is_optional=True)),
    Column("api_host", Words(is_optional=True)),
    Column("client_id", Words(is_optional=True)),
    Column("audit_seq", Whole(), nullable=False),
    Column("audit_hash", Words(), nullable=False),
    Column("secret_key", Octets(), nullable=False),
)
"""One row an org, with a key of its own: what leaves with one org's state opens no other's digests. The end
of the audit chain stands here too, so that cutting the chain's tail shows."""

resources = Table(
    "resources",
    metadata,
    Column("org", Words(), ForeignKey("lineages.org"), primary_key=True),
    Column("kind", Words(), primary_key=True),
    Column("name", Words(), primary_key=True),
    Column("remote_id", Words(), nullable=False),
    Column("status", Words(), nullable=False),
    Column("applied_at", Words(is_optional=True)),
    Column("plan_fingerprint", Words(is_optional=True)),
    Column("base", Words(), nullable=False),
    Column("answered", Words(), nullable=False),
    Column("scope", Words(), nullable=False),
    Column("lifecycle", Words(), nullable=False),
    Column("labels", Words(), nullable=False),
    Column("dependencies", Words(), nullable=False),
    Column("source", Words(), nullable=False),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("org", Words(), ForeignKey("lineages.org"), primary_key=True),
    Column("kind", Words(), primary_key=True),
    Column("name", Words(), primary_key=True),
    Column("remote_id", Words(), primary_key=True),
    Column("deleted_at", Words(), nullable=False),
    Column("plan_fingerprint", Words(is_optional=True)),
    Index("tombstones_by_age", "org", "deleted_at"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Whole(), primary_key=True),
    Column("org", Words(), ForeignKey("lineages.org"), nullable=False),
    Column("run_id", Words(), nullable=False),
    Column("kind", Words(), nullable=False),
    Column("name", Words(), nullable=False),
    Column("action", Words(), nullable=False),
    Column("step", Whole(), nullable=False),
    Column("label", Words(), nullable=False),
    Column("method", Words(), nullable=False),
    Column("path", Words(), nullable=False),
    Column("key_header", Words(is_optional=True)),
    Column("key", Words(), nullable=False),
    Column("body", Words(), nullable=False),
    Column("creates", Boolean, nullable=False),
    Column("started_at", Words(), nullable=False),
    Column("plan_fingerprint", Words(is_optional=True)),
    Column("entry", Words(), nullable=False),
    Index("journal_by_change", "org", "run_id", "kind", "name"),
)
"""Open intents only: closing one removes its row, its history is in the audit trail."""

audit = Table(
    "audit",
    metadata,
    Column("org", Words(), ForeignKey("lineages.org"), primary_key=True),
    Column("seq", Whole(), primary_key=True, autoincrement=False),
    Column("timestamp", Words(), nullable=False),
    Column("run_id", Words(), nullable=False),
    Column("phase", Words(), nullable=False),
    Column("address", Words(is_optional=True)),
    Column("outcome", Words(is_optional=True)),
    Column("hash", Words(), nullable=False),
    Column("record", Words(), nullable=False),
)

inverses = Table(
    "inverses",
    metadata,
    Column("org", Words(), ForeignKey("lineages.org"), primary_key=True),
    Column("run_id", Words(), primary_key=True),
    Column("created_at", Words(), nullable=False),
    Column("document", Words(), nullable=False),
    Index("inverses_by_age", "org", "created_at"),
)
"""What the newest runs overwrote, for `rollback`."""

locks = Table(
    "locks",
    metadata,
    Column("org", Words(), ForeignKey("lineages.org"), primary_key=True),
    Column("token", Words(), nullable=False),
    Column("description", Words(), nullable=False),
    Column("run_id", Words(), nullable=False),
    Column("host", Words(), nullable=False),
    Column("space", Words(), nullable=False),
    Column("pid", Whole(), nullable=False),
    Column("started", Words(), nullable=False),
    Column("since", Words(), nullable=False),
    Column("expires", Words(), nullable=False, server_default=NO_LEASE),
)
