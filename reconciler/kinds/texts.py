"""Strings with rules of their own that may still be known only later.

A rule must stand inside the marker, so that it waits until the value is known:
`Annotated[str, Field(pattern=…), MAY_BE_LATE]`. Knows no kind.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidatorFunctionWrapHandler, WrapValidator

from reconciler.model.values import LATE


def _accept_late(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    return value if isinstance(value, LATE) else validate(value)


MAY_BE_LATE = WrapValidator(_accept_late)
"""Lets a `$ref`, `$lookup` or `${env.X}` stand for the string."""

Uuid = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"), MAY_BE_LATE]
"""An id of the platform; its pattern waits until a look-up is resolved."""

NonEmpty = Annotated[str, Field(min_length=1), MAY_BE_LATE]
"""Any text but none."""
