"""Walls round this process, put up by itself: no new file, no network, no process. What cannot be had is told.

Nothing that a file says runs in here (`inert.py`); the walls are for the day on which that turns out to be wrong.
Linux: limits, namespaces without a network, and Landlock. Elsewhere: limits, where the system has them.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path

if sys.platform != "win32":
    import resource

_NO_NEW_RIGHTS = 38
"""prctl's PR_SET_NO_NEW_PRIVS."""
_NAMESPACES = 0x10000000 | 0x40000000 | 0x08000000 | 0x00020000
"""Of users, networks, messages between processes, mounts: CLONE_NEWUSER and its kin."""
_CREATE_RULES, _RESTRICT = 444, 446
"""Landlock's system calls: these numbers on every kind of machine."""
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights over files each version of Landlock knows; later ones know at least 16."""


def shut(memory: int, seconds: int) -> list[str]:
    """Put the walls up; what is open by then stays open. Returns a phrase for each that this system does not have.

    memory: bytes that this process may take beyond what it has. seconds: of computing.
    """
    if sys.platform == "win32":
        return ["a process that can neither write nor reach the network"]
    taken = _taken()
    steps: list[Callable[[], str]] = [lambda: _limits(taken and taken + memory, seconds)]
    if sys.platform == "linux":
        steps = [_namespaces, _landlock, *steps]  # limits come last: the others need to open something
    missing: list[str] = []
    for step in steps:
        amiss = step()
        if amiss:
            missing.append(amiss)
    return missing


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _why() -> str:
    return os.strerror(ctypes.get_errno())


def _namespaces() -> str:
    return "" if _libc().unshare(_NAMESPACES) == 0 else f"a namespace without network ({_why()})"


def _landlock() -> str:
    libc = _libc()
    version = libc.syscall(_CREATE_RULES, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return f"Landlock's rules for files ({_why()})"
    files = (1 << _RIGHTS.get(version, 16)) - 1
    network, scopes = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    fields = [files, *([network] if version >= 4 else []), *([scopes] if version >= 6 else [])]
    rules = (ctypes.c_uint64 * len(fields))(*fields)
    made = libc.syscall(_CREATE_RULES, ctypes.byref(rules), ctypes.c_size_t(ctypes.sizeof(rules)), ctypes.c_uint32(0))
    if made < 0:
        return f"Landlock's rules for files ({_why()})"
    try:
        if libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0) != 0 or libc.syscall(_RESTRICT, made, ctypes.c_uint32(0)) != 0:
            return f"Landlock's rules for files ({_why()})"
    finally:
        os.close(made)
    return ""


def _taken() -> int:
    """Bytes of addresses that this process has; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


def _limits(memory: int, seconds: int) -> str:
    wanted = [
        *([(resource.RLIMIT_AS, memory)] if memory else []),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),  # no file grows
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_NOFILE, 0),  # nothing more is opened, a socket neither
    ]
    for kind, most in wanted:
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError) as error:
            return f"a limit on what it may take ({error})"
    return ""
