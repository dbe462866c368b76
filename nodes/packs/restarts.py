"""A pack that would start ComfyUI anew, as it does by `os.execv` from a button's route, gets a new device process.

Becoming another program would take the link to the control process along, and nobody would answer on it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from nodes.compat.own_modules import pack_of
from nodes.packs.watch import watching

log = logging.getLogger("worker")

SOON = 0.3
"""Seconds in which the route that asked for it can still answer."""

_own = {name: getattr(os, name) for name in ("execv", "execve")}
"""`os.execl`, `os.execvp` and the like are made of these two."""
_renew: Callable[[], object] | None = None
_process = 0


class Restarting(RuntimeError):
    """The process is started anew; what stands after the call is not to run."""


class RestartRefused(PermissionError):
    """A pack wanted to start everything anew while it was imported, which might go on for ever."""


def take_over(renew: Callable[[], object]) -> None:
    """From now on this process becomes no other program: `renew` is called, which is to have it replaced."""
    global _renew, _process
    _renew, _process = renew, os.getpid()
    os.execv, os.execve = _execv, _execve  # pyright: ignore[reportAttributeAccessIssue]


def ask_for_renewal(name: str) -> Restarting:
    """Have the process replaced for the pack of this name; the exception says so."""
    sentence = f"The node pack {name} asked for a restart: Easel's device process starts anew."
    log.warning("%s", sentence)
    if _renew is not None:
        timer = threading.Timer(SOON, _renew)
        timer.daemon = True
        timer.start()
    return Restarting(sentence)


def _execv(path: Any, argv: Sequence[Any]) -> NoReturn:
    _instead("execv", path, argv)


def _execve(path: Any, argv: Sequence[Any], env: Any) -> NoReturn:
    _instead("execve", path, argv, env)


def _instead(name: str, *arguments: Any) -> NoReturn:
    if os.getpid() != _process:  # a fork, whose affair it is
        _own[name](*arguments)
    now = watching()
    if now is not None:
        sentence = f"The pack {now.pack} wanted to start Easel anew while it was imported. That was refused."
        now.refuse(sentence)
        raise RestartRefused(sentence)
    raise ask_for_renewal(_asking())


def _asking() -> str:
    """The nearest pack among those whose code calls."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        pack = pack_of(frame.f_globals)
        if pack is not None:
            return pack.name.removesuffix(".py")
        frame = frame.f_back
    return "(unknown)"
