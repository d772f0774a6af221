"""Resources: what the manifests declare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from reconciler.model.address import Address
from reconciler.model.diagnostics import Diagnostic, Mark, Severity
from reconciler.model.values import JsonObject, TreeObject

OnRemove = Literal["delete", "forget"]


@dataclass(frozen=True, slots=True)
class IgnoredChange:
    """A field whose changes are left alone: a JSON pointer inside `spec`, until the end of a day (UTC)."""

    path: str
    until: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What may happen to a resource besides being made like its manifest (design.md, section 3)."""

    adopt: bool = False
    prevent_destroy: bool = False
    on_remove: OnRemove = "delete"
    ignore_changes: tuple[IgnoredChange, ...] = ()

    def as_json(self) -> JsonObject:
        """Every member as plain data, by its own name."""
        return {
            "adopt": self.adopt,
            "prevent_destroy": self.prevent_destroy,
            "on_remove": self.on_remove,
            "ignore_changes": [
                {
                    "path": ignored.path,
                    "until": ignored.until.isoformat() if ignored.until else None,
                    "reason": ignored.reason,
                }
                for ignored in self.ignore_changes
            ],
        }


@dataclass(frozen=True, slots=True)
class Dependency:
    """That one resource needs another first; `via` is the JSON pointer that says so, `mark` its place."""

    target: Address
    via: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One manifest, variables filled in.

    Args:
        spec: as written: only the members that the manifest names; leaves may be late values.
        marks: JSON pointer from the document's root -> place; a pointer that is missing has its nearest
            ancestor's place.
        files: JSON pointer -> the file of a value that stands elsewhere than the rest (defaults, an overlay).
        dependencies: from `$ref`, `dependsOn`, and the kind's own implied references to managed resources.
    """

    address: Address
    spec: TreeObject
    source: Mark
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    labels: Mapping[str, str] = field(default_factory=dict)
    formerly: tuple[str, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    marks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def mark(self, pointer: str) -> Mark:
        """The place of a JSON pointer from the document's root, or of its nearest ancestor."""
        while pointer not in self.marks:
            if not pointer:
                return self.source
            pointer = pointer.rpartition("/")[0]
        line, column = self.marks[pointer]
        return Mark(self.files.get(pointer, self.source.file), line, column)

    def diagnostic(
        self,
        code: str,
        message: str,
        *,
        path: str = "",
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> Diagnostic:
        """A problem with this resource; `path` is a JSON pointer from the document's root."""
        place = self.mark(path)
        return Diagnostic(
            severity=severity,
            code=code,
            message=message,
            hint=hint,
            address=str(self.address),
            file=place.file,
            line=place.line,
            column=place.column,
            path=path,
        )
