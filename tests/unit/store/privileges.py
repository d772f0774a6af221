"""Root without the right to pass over a file's permissions: what is read-only to others is so to it, too."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION = 0x20080522
"""Of the capabilities' form (linux/capability.h)."""
_OVERRIDES = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


@contextmanager
def obeying_permissions() -> Iterator[None]:
    """This thread obeys files' permissions while the body lasts, whoever it is."""
    if os.geteuid() != 0:
        yield
        return
    found = _asked()
    effective = found[0].effective
    found[0].effective = effective & ~_OVERRIDES
    _set(found)
    try:
        yield
    finally:
        found[0].effective = effective
        _set(found)


def obey_permissions() -> None:
    """This process does, from now on."""
    if os.geteuid() == 0:
        found = _asked()
        found[0].effective &= ~_OVERRIDES
        found[0].permitted &= ~_OVERRIDES
        _set(found)


def _asked() -> "ctypes.Array[_Sets]":
    found = (_Sets * 2)()
    if _libc().capget(ctypes.byref(_Header(_VERSION, 0)), ctypes.byref(found)):
        raise OSError(ctypes.get_errno(), "capget")
    return found


def _set(wanted: "ctypes.Array[_Sets]") -> None:
    if _libc().capset(ctypes.byref(_Header(_VERSION, 0)), ctypes.byref(wanted)):
        raise OSError(ctypes.get_errno(), "capset")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
