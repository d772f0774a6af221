"""A terminal as emulators make them: lines that are too long are broken, and broken anew after a resize."""

from __future__ import annotations

import re

from rich.cells import cell_len

from reconciler.reports.region import Size

_TOKEN = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|(\r|\n)|([^\x1b\r\n])")


class Glass:
    """What is on the screen, and above it.

    Args:
        reflows: whether a resize breaks lines anew; old terminals only cut what they show.
    """

    encoding = "utf-8"

    def __init__(self, columns: int = 80, rows: int = 24, *, reflows: bool = True) -> None:
        self.size = Size(columns, rows)
        self.writes: list[str] = []
        self._reflows = reflows
        self._rows: list[tuple[str, bool]] = [("", False)]
        self._at = (0, 0)
        self._wraps = True

    @property
    def shown(self) -> list[str]:
        """The rows with something on them, scrolled away or not, without what follows the last of them."""
        rows = [text.rstrip() for text, _ in self._rows]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def is_as_before(self) -> bool:
        """Whether a shell finds what it expects: lines are broken, and the cursor was never hidden."""
        return self._wraps and not any("\x1b[?25l" in text for text in self.writes)

    def write(self, text: str) -> int:
        """Obeys what a display may send, and nothing else."""
        self.writes.append(text)
        for found in _TOKEN.finditer(text):
            argument, order, control, letter = found.groups()
            if order:
                self._obey(argument, order)
            elif control:
                self._move(control)
            else:
                self._put(letter)
        assert "".join(found.group() for found in _TOKEN.finditer(text)) == text
        return len(text)

    def flush(self) -> None:
        """Everything is on the screen already."""

    def resize(self, columns: int, rows: int) -> None:
        """Somebody drags the window's corner."""
        if self._reflows:
            self._break_anew(columns)
        self.size = Size(columns, rows)

    def _obey(self, argument: str, order: str) -> None:
        row, column = self._at
        match argument, order:
            case "?7", "h" | "l":
                self._wraps = order == "h"
            case _, "A":
                top = max(0, len(self._rows) - self.size.rows)
                self._at = (max(top, row - int(argument)), column)
            case "", "J":
                assert column == 0
                self._rows[row:] = [("", False)]
            case _, "m":
                pass
            case _:
                raise AssertionError(f"ESC [{argument}{order}")

    def _move(self, control: str) -> None:
        row, _ = self._at
        if control == "\n":
            row += 1
            if row == len(self._rows):
                self._rows.append(("", False))
        self._at = (row, 0)

    def _put(self, letter: str) -> None:
        row, column = self._at
        if column + cell_len(letter) > self.size.columns:
            if not self._wraps:
                return
            self._rows[row] = (self._rows[row][0], True)
            self._move("\n")
            row, column = self._at
        assert cell_len(self._rows[row][0]) == column, "rows are written from their beginning"
        self._rows[row] = (self._rows[row][0] + letter, False)
        self._at = (row, column + cell_len(letter))

    def _break_anew(self, columns: int) -> None:
        lines, is_open = list[str](), False
        for text, continues in self._rows:
            if is_open:
                lines[-1] += text
            else:
                lines.append(text)
            is_open = continues
        self._rows = []
        for line in lines:
            pieces = [line[at : at + columns] for at in range(0, len(line), columns)] or [""]
            self._rows += [(piece, number < len(pieces) - 1) for number, piece in enumerate(pieces)]
        self._at = (len(self._rows) - 1, cell_len(self._rows[-1][0]))
