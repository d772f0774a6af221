"""The inverse of a run: what each address that it changes was before, kept before its first write."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.address import Address
from reconciler.model.change import Action
from reconciler.model.diagnostics import Mark
from reconciler.model.state import PriorEntry
from reconciler.model.values import JsonObject


@dataclass(frozen=True, slots=True)
class InverseEntry:
    """What one address was before a run.

    Args:
        address: as the run calls it.
        action: what the run was to do.
        entry: what prior state held, perhaps under a former name; None: nothing.
        document: what the org had of it, in the shape of `spec`, secrets as `{"$secret": digest}`; None: no
            object, or none that the run touched.
        references: pointers from the document's root to ids of managed resources, and to which.
        source: where the manifest was.
        lasting: what cannot be undone, in words.
    """

    address: Address
    action: Action
    entry: PriorEntry | None = None
    document: JsonObject | None = None
    references: tuple[tuple[str, Address], ...] = ()
    source: Mark | None = None
    lasting: tuple[str, ...] = ()

    @property
    def former_address(self) -> Address:
        """As prior state called it before the run."""
        return self.entry.address if self.entry else self.address


@dataclass(frozen=True, slots=True)
class Inverse:
    """The inverse of a whole run, planned changes that it never came to included."""

    run_id: str
    created_at: datetime
    entries: tuple[InverseEntry, ...] = field(default_factory=tuple)
