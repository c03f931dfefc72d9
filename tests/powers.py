"""Root may read every file. While the context is open this thread may not, as if it were any other user."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

VERSION_3 = 0x20080522
"""Of the kernel's structures: three masks of 32 bits each, twice."""
OVERRIDES = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Masks(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextmanager
def without_overrides() -> Iterator[None]:
    """Takes the two powers from this thread, and gives them back."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, masks = _Header(VERSION_3, 0), (_Masks * 2)()

    def call(name: str) -> None:
        if getattr(libc, name)(ctypes.byref(header), ctypes.byref(masks)):
            raise OSError(ctypes.get_errno(), name)

    call("capget")
    before = masks[0].effective
    masks[0].effective = before & ~OVERRIDES
    call("capset")
    try:
        yield
    finally:
        masks[0].effective = before
        call("capset")
