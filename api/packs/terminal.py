"""Packs on the terminal: who waits for approval, a question about each, and the commands `packs` and `approve`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from api.flags import ROOT, Flags, PacksFlags, fail
from api.packs.code import OneTimeCode
from api.packs.environments import needs_of
from api.packs.known import Known, Packs

log = logging.getLogger("easel")

LOOK_EVERY = 1.0
"""Seconds between two looks at whether `server.py approve` has written the list of approvals."""
NAMED = 20
"""Packs that are listed in one line."""
RISK = "A pack's code runs with your rights: it can read your files and use the network."


class AtTheTerminal:
    """Tells of packs that wait, asks about them where somebody can answer, and takes up what was approved elsewhere.

    take_up: has a pack imported that was approved.
    """

    def __init__(
        self, flags: Flags, packs: Packs, code: OneTimeCode, take_up: Callable[[Sequence[Known]], Awaitable[None]]
    ) -> None:
        self._base = "" if flags.base == ROOT else f" --base-directory {flags.base}"
        self._packs = packs
        self._code = code
        self._take_up = take_up
        self._asking: list[Known] = []
        self._task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="packs")

    async def stop(self) -> None:
        self._end_asking()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        waiting = await asyncio.to_thread(self._packs.waiting)
        if waiting:
            names = ", ".join(printable(known.name) for known in waiting[:NAMED])
            names += f" and {len(waiting) - NAMED} more" if len(waiting) > NAMED else ""
            print(f"Packs that wait for approval: {names}. {RISK}", flush=True)
            print(f"Approve one on a terminal by: python3 server.py approve NAME{self._base}", flush=True)
            self._code.show()
            self._ask(waiting)
        mark = self._packs.approvals.mark()
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now = self._packs.approvals.mark()
            if now != mark:
                mark = now
                await self._take_up_new()

    async def _take_up_new(self) -> None:
        """Import what was approved by another process."""
        every = await asyncio.to_thread(self._packs.all)
        await self._take_up([known for known in every if known.trust == "approved" and known.skip is None])
        self._packs.changed()

    # Questions

    def _ask(self, waiting: Sequence[Known]) -> None:
        if not sys.stdin or not sys.stdin.isatty() or os.name != "posix":
            return
        try:
            if os.tcgetpgrp(sys.stdin.fileno()) != os.getpgrp():  # in the background nobody can answer
                return
        except OSError:  # somebody else's terminal
            return
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)  # and to be put there later must not stop the server
        self._asking = list(waiting)
        with contextlib.suppress(OSError, NotImplementedError):
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._answered)
            self._question()

    def _question(self) -> None:
        if not self._asking:
            self._end_asking()
            return
        print(f"{described(self._asking[0])}\nApprove {printable(self._asking[0].name)}? [y/N] ", end="", flush=True)

    def _end_asking(self) -> None:
        self._asking = []
        with contextlib.suppress(OSError, ValueError, NotImplementedError, AttributeError):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())

    def _answered(self) -> None:
        try:
            line = os.read(sys.stdin.fileno(), 1000).decode("utf-8", "replace")
        except OSError:
            line = ""
        if not line or not self._asking:
            self._end_asking()
            return
        known = self._asking.pop(0)
        if line.strip().lower() in ("y", "yes"):
            task = asyncio.create_task(self._approve(known))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._question()

    async def _approve(self, known: Known) -> None:
        if not await asyncio.to_thread(approved, self._packs, known):
            return
        now = await asyncio.to_thread(self._packs.find, known.name)
        if now is not None:
            await self._take_up([now])
        self._packs.changed()


def approved(packs: Packs, known: Known) -> bool:
    """Approve a pack as it was shown; says what came of it."""
    from api.packs.approvals import CodeChanged

    try:
        packs.approvals.approve({known.pack: known.hash}, "terminal")
    except CodeChanged:
        print(f"The code of {printable(known.name)} has just changed: look at it again.", flush=True)
        return False
    except OSError as error:
        print(f"The approval of {printable(known.name)} could not be written: {error.strerror or error}.", flush=True)
        return False
    print(f"{printable(known.name)} is approved.", flush=True)
    return True


def described(known: Known) -> str:
    """A pack in a few lines."""
    files = len(known.pack.code_files())
    count = "one file" if files == 1 else f"{files} files"
    words = [printable(f"{known.name}: {known.pack.path}"), f"  {count} of code, hash {known.hash[:16]}"]
    if known.changed:
        words[1] += "; its code changed since it was approved"
    lines = needs_of(known.pack).lines
    if lines:
        words.append(printable(f"  it asks for {', '.join(lines[:8])}{' ...' if len(lines) > 8 else ''}"))
    return "\n".join(words)


def printable(words: str) -> str:
    """Words of a pack that nobody has looked at yet, without what would move the cursor or clear the screen."""
    return "".join(letter if letter.isprintable() else "?" for letter in words)


def command(flags: PacksFlags) -> int:
    """`server.py packs` and `server.py approve NAME...`; returns the exit status."""
    packs = Packs(flags.flags, _roots(flags.flags))
    every = packs.all()
    if not flags.approve:
        for known in every:
            print(f"{_standing(known):12} {described(known)}")
        if not every:
            print("There are no packs.")
        return 0
    found = [known for name in flags.approve for known in every if known.name == name]
    missing = [name for name in flags.approve if name not in {known.name for known in found}]
    if missing:
        fail(f"there is no pack {', '.join(missing)}. There are: {', '.join(known.name for known in every) or 'none'}")
        return 1
    done = [approved(packs, known) for known in found]
    return 0 if all(done) else 1


def _standing(known: Known) -> str:
    if known.skip is not None:
        return "left out"
    if known.changed:
        return "changed"
    return {"own": "Easel's", "dev": "developed", "all": "trusted", "approved": "approved"}.get(
        known.trust or "", "waits"
    )


def _roots(flags: Flags) -> Sequence[Path]:
    from api.model_paths import find_folders

    return find_folders(flags).folders.roots("custom_nodes")
