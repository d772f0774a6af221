"""Column types that take no database at its word.

SQLite keeps whatever it is given in any column, and a store may come from elsewhere: a value of another type
than its column is damage, told as such where it is read, never a wrong value further on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sqlalchemy import Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from reconciler.errors import StateError


class Checked(TypeDecorator[Any]):
    """A column whose values are of one Python type.

    Args:
        is_optional: whether it may be empty, too.
    """

    wanted: ClassVar[type]

    def __init__(self, *, is_optional: bool = False) -> None:
        super().__init__()
        self.is_optional = is_optional

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[object], object]:
        """What looks at each value that is read; the database's own type has nothing to add for these."""
        del dialect, coltype
        return self._checked

    def _checked(self, value: object) -> object:
        if type(value) is self.wanted or (self.is_optional and value is None):
            return value
        raise damaged_value(f"it holds {type(value).__name__} where {self.wanted.__name__} belongs")


class Words(Checked):
    """Text that sorts by code point everywhere; a server's own order depends on how it was set up."""

    impl = Text().with_variant(Text(collation="C"), "postgresql")
    cache_ok = True
    wanted = str


class Whole(Checked):
    """A whole number."""

    impl = Integer
    cache_ok = True
    wanted = int


class Octets(Checked):
    """Bytes."""

    impl = LargeBinary
    cache_ok = True
    wanted = bytes


def damaged_value(why: str) -> StateError:
    """The error for a value that no run of ours has written."""
    return StateError(f"the store is damaged: {why}", hint="restore the store from a backup")
