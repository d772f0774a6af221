"""A document as it was read: its value, and the place of everything in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.values import JsonValue, tokens

Place = tuple[int, int]
"""Line and column, both 1-based."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file.

    Args:
        file: as shown to people.
        marks: JSON pointer -> place of the value.
        keys: JSON pointer -> place of the key that names the value.
        diagnostics: what was wrong already while it was read; later stages need not say it again.
        is_plain: whether there is no `$` in it: nothing to fill in, nothing to refer to.
        files: JSON pointer -> the file of a value that another document brought in (defaults, an overlay).
    """

    file: str
    value: JsonValue
    marks: Mapping[str, Place]
    keys: Mapping[str, Place]
    diagnostics: tuple[Diagnostic, ...] = ()
    is_plain: bool = False
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def line(self) -> int:
        """Where the document's value starts."""
        return self.marks[""][0]

    def place(self, pointer: str) -> Place:
        """The place of a value, or of the nearest one around it."""
        return self.marks[self._nearest(pointer)]

    def file_of(self, pointer: str) -> str:
        """The file of a value, or of the nearest one around it."""
        return self.files.get(self._nearest(pointer), self.file) if self.files else self.file

    def _nearest(self, pointer: str) -> str:
        while pointer not in self.marks:
            pointer = pointer.rpartition("/")[0]
        return pointer

    def diagnostic(
        self,
        code: str,
        message: str,
        *,
        path: str = "",
        hint: str | None = None,
        address: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> Diagnostic:
        """A problem at a value."""
        line, column = self.place(path)
        return Diagnostic(severity, code, message, hint, address, self.file_of(path), line, column, path)

    def key_diagnostic(
        self, code: str, message: str, *, path: str, hint: str | None = None, address: str | None = None
    ) -> Diagnostic:
        """A problem with a key rather than its value."""
        line, column = self.keys[path] if path in self.keys else self.place(path)
        return Diagnostic(
            Severity.ERROR, code, message, hint, address, self.file_of(path), line, column, path
        )


def spoken(pointer: str) -> str:
    """A JSON pointer as people say it: `spec.fields[0].name`."""
    parts = [f"[{token}]" if token.isdigit() else f".{token}" for token in tokens(pointer)]
    return "".join(parts).removeprefix(".") or "the document"
