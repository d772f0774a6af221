"""Stores, entries, intents and audit records to test with."""

from datetime import UTC, datetime, timedelta

from reconciler.model.address import Address
from reconciler.model.audit import AuditEntry, Phase
from reconciler.model.ports import Clock
from reconciler.model.state import Intent, PriorEntry, StateIdentity
from reconciler.model.values import JsonObject
from reconciler.settings import LockSettings
from reconciler.store import Location, OpenMode, RunIdentity, Store, open_store

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
QUEUE_AHT = Address("Widget", "queue-aht")
CUSTOMER = Address("Schema", "customer")


class FakeClock:
    """Time that moves when it is told to, or by waiting."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        self.passed_s += seconds

    def pass_time(self, seconds: float) -> None:
        self.passed_s += seconds


def opened(
    location: Location,
    *,
    mode: OpenMode = OpenMode.CREATE,
    org: str = "dev",
    clock: Clock | None = None,
    settings: LockSettings | None = None,
    run_id: str = "run-1",
) -> Store:
    return open_store(
        location, org=org, mode=mode, clock=clock or FakeClock(), run=RunIdentity(run_id), settings=settings
    )


def identity(*, org_id: str = "org-1", api_host: str = "api.example.com", lineage: str = "") -> StateIdentity:
    return StateIdentity(lineage, 0, org_id, api_host, "client-1")


def entry(
    address: Address = QUEUE_AHT, *, remote_id: str = "remote-1", base: JsonObject | None = None
) -> PriorEntry:
    return PriorEntry(address, remote_id, {"name": address.name} if base is None else base)


def record(
    phase: Phase = Phase.RESULT,
    *,
    run_id: str = "run-1",
    address: Address | None = None,
    detail: JsonObject | None = None,
    timestamp: str = "2026-01-31T12:00:00Z",
) -> AuditEntry:
    return AuditEntry(
        phase,
        timestamp,
        run_id,
        "dev",
        "kim",
        address=None if address is None else str(address),
        detail=detail or {},
    )


def intent(address: Address = QUEUE_AHT, *, run_id: str = "run-1", step: int = 0) -> Intent:
    return Intent(
        run_id=run_id,
        address=address,
        action="create",
        step=step,
        label="create the widget",
        method="POST",
        path="/api/v2/widgets",
        key_header="Idempotency-Key",
        key=f"key-{step}",
        body={"name": address.name},
        creates=True,
        started_at=NOON,
    )
