"""Frozen settings: every number that governs behaviour, with its unit and its reason."""

from __future__ import annotations

from dataclasses import dataclass, field

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How the client talks to the org (platform-api.md, section 3)."""

    connect_timeout_s: float = 10.0
    """A host that does not take a connection in this time is down."""
    read_timeout_s: float = 30.0
    """The source documents' client time-out."""
    tries: int = 5
    """Tries for passing faults: the first one and four repeats."""
    backoff_base_s: float = 0.5
    """First upper bound of the full-jitter back-off; doubles each try."""
    backoff_max_s: float = 16.0
    """No single back-off is longer."""
    longest_wait_s: float = 180.0
    """A `Retry-After` beyond this ends the run instead of hanging it."""
    throttled_in_a_row: int = 10
    """So many 429 for one request mean that waiting does not help."""
    token_margin_s: float = 60.0
    """A token is renewed this long before it expires, or a tenth of its life when that is shorter."""
    page_size: int = 100
    """The platform's largest page."""
    connections: int = 16
    """Connections kept open at once."""


@dataclass(frozen=True, slots=True)
class SafetySettings:
    """Guards against a plan that does more than its author meant (design.md, section 6)."""

    max_deletes: int = 10
    """More deletes than this are refused."""
    max_delete_percent: float = 30.0
    """A larger share of the managed resources deleted is refused."""
    max_update_percent: float = 30.0
    """A larger share of the managed resources updated is refused."""
    min_resources: int = 10
    """Below this many managed resources, percentages and counts say nothing."""


@dataclass(frozen=True, slots=True)
class ApplySettings:
    """How a plan is carried out (design.md, section 7)."""

    parallelism: int = 10
    """Changes under way at once."""
    render_wait_s: float = 1.0
    """Time that a widget gets to render before its status is read once; the platform allows 10 s."""
    precondition_tries: int = 3
    """Re-reads after a 412 while no managed field has moved."""
    key_memory_h: float = 23.0
    """The platform keeps an idempotency key for 24 h; an older intent is looked up instead."""
    tombstone_minutes: float = 10.0
    """Listings may lag: what we deleted this recently is no match for a new resource."""


@dataclass(frozen=True, slots=True)
class LockSettings:
    """The lock of an org's state, and its lease (design.md, section 8)."""

    lease_s: float = 60.0
    """Another run may take the lock this long after the last renewal."""
    renewal_s: float = 15.0
    """Time between renewals: three may fail before the lease is in danger."""
    retry_s: float = 1.0
    """Time to the next try after a renewal that failed."""
    margin_s: float = 5.0
    """The holder stops this much earlier: what passes the fence just before has time to leave."""
    poll_s: float = 0.2
    """How often a run that waits for the lock looks again."""


@dataclass(frozen=True, slots=True)
class RateSettings:
    """What a plan assumes of the org's rate limit until its answers say otherwise."""

    requests_per_window: int = 300
    window_s: float = 60.0
    seconds_per_request: float = 0.1
    """A typical round trip, for the time estimate of a short apply."""


@dataclass(frozen=True, slots=True)
class ManifestSettings:
    """Bounds for untrusted input (design.md, section 3)."""

    max_document_bytes: int = MIB
    """A document may not expand past this."""
    max_nodes: int = 100_000
    """Nor past so many nodes: aliases multiply."""
    max_depth: int = 64
    """Nor nest deeper: every walk over it recurses."""
    max_file_bytes: int = 32 * MIB
    """A larger file is no manifest."""
    max_key_chars: int = 1024
    """The longest key that YAML knows where it is written plainly; messages repeat keys."""
    max_path_chars: int = 32 * MIB
    """All paths of a document's values together: each one holds every key around its value."""
    max_documents: int = 100_000
    """More than one run may read: each takes memory, however small it is."""
    max_variables_bytes: int = 64 * MIB
    """All that variables put into the documents of a run."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All groups together; the composition root makes one a run."""

    http: HttpSettings = field(default_factory=HttpSettings)
    safety: SafetySettings = field(default_factory=SafetySettings)
    apply: ApplySettings = field(default_factory=ApplySettings)
    lock: LockSettings = field(default_factory=LockSettings)
    rate: RateSettings = field(default_factory=RateSettings)
    manifests: ManifestSettings = field(default_factory=ManifestSettings)
