"""What outlives a run: prior state, lock, journal and audit trail.

The only importer of `sqlalchemy`. Intent is on disk before its request leaves; result, new prior state and
audit record are committed in one transaction. Secrets never reach a table. Nothing here knows a kind, a
request's meaning or a screen. `store.transfer` and `store.statefile` move a state between stores; who
needs them imports them by name.
"""

from reconciler.store.chain import AuditQuery, AuditVerification
from reconciler.store.database import StoreAway
from reconciler.store.holders import Holder, Incarnation, RunIdentity, this_process
from reconciler.store.inverses import list_inverses, read_inverse
from reconciler.store.locations import Location, PostgresUrl, local_folder, state_location
from reconciler.store.opening import OpenMode, missing_state, open_store, store_exists
from reconciler.store.runstore import Store
from reconciler.store.secrets import UNKEYED, EnvironmentSecrets
from reconciler.store.tables import SCHEMA_VERSION

__all__ = [
    "SCHEMA_VERSION",
    "UNKEYED",
    "AuditQuery",
    "AuditVerification",
    "EnvironmentSecrets",
    "Holder",
    "Incarnation",
    "Location",
    "OpenMode",
    "PostgresUrl",
    "RunIdentity",
    "Store",
    "StoreAway",
    "list_inverses",
    "local_folder",
    "missing_state",
    "open_store",
    "read_inverse",
    "state_location",
    "store_exists",
    "this_process",
]
