"""Memory that was freed goes back to the system. glibc keeps much of it, in pieces between what is still in use: after
thousands of jobs a device process that holds no more than before would seem to grow."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache


@cache
def _trim() -> Callable[[int], int] | None:
    """The C library's own function for it, where it has one."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None


def give_back() -> None:
    """Takes a few milliseconds."""
    trim = _trim()
    if trim is not None:
        trim(0)
