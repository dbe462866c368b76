"""What is wrong with the machine now: a full disk, a folder that is gone, a file that another program holds.

Whoever meets such a thing notes it here, in whichever thread, and clears it once it is over. Pages see the list in
`/easel/status` as `problems`, and hear of changes by the event `trouble`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from api.folder_names import FolderNames
from graph.types import JsonObject

Kind = Literal["disk_full", "read_only", "gone", "locked", "damaged", "clock", "memory"]


@dataclass
class Trouble:
    kind: Kind
    where: str
    """The path of a folder or a file; `clock` and `memory` for what has none."""
    sentence: str
    """What is wrong, what it means for the work, and what to do."""
    retried: int = 0
    """How often it was looked whether it is over."""
    began: float = field(default_factory=time.monotonic)

    def to_json(self, names: FolderNames | None = None) -> JsonObject:
        """names: what stands in place of paths."""
        return {
            "kind": self.kind,
            "where": self.where if names is None else names.instead(self.where),
            "sentence": self.sentence if names is None else names.instead(self.sentence),
            "since": time.time() - (time.monotonic() - self.began),  # right also where the clock was set meanwhile
            "retried": self.retried,
        }


class Troubles:
    """Those of one server, the oldest first.

    tell: called in the event loop with the list when it is another; once `start` was.
    names: what is told in place of paths to those who do not run the server.
    """

    def __init__(self, tell: Callable[[list[JsonObject]], None], names: FolderNames | None = None) -> None:
        self.names = names or FolderNames()
        self._tell = tell
        self._found: dict[tuple[Kind, str], Trouble] = {}
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """From now on `tell` is called. To be called in the event loop."""
        self._loop = asyncio.get_running_loop()
        if self._found:
            self._changed()

    def note(self, kind: Kind, where: str | Path, sentence: str) -> None:
        """Something is wrong, or still is."""
        with self._guard:
            known = self._found.get((kind, str(where)))
            if known is None:
                self._found[kind, str(where)] = Trouble(kind, str(where), sentence)
            else:
                known.retried += 1
                if known.sentence == sentence:
                    return
                known.sentence = sentence
        self._changed()

    def clear(self, where: str | Path, kinds: Iterable[Kind] | None = None) -> None:
        """What was wrong there is over: these kinds, or all."""
        wanted = None if kinds is None else set(kinds)
        with self._guard:
            over = [key for key in self._found if key[1] == str(where) and (wanted is None or key[0] in wanted)]
            for key in over:
                del self._found[key]
        if over:
            self._changed()

    def of_file(self, where: Path, kind: Kind | None, sentence: str) -> None:
        """A file cannot be used, and why; with None as its kind it can be used again."""
        self.clear(where, None if kind is None else [other for other in get_args(Kind) if other != kind])
        if kind is not None:
            self.note(kind, where, sentence[:1].upper() + sentence[1:])

    def at(self, where: str | Path) -> Trouble | None:
        """The first that is wrong there."""
        with self._guard:
            return next((trouble for (_, at), trouble in self._found.items() if at == str(where)), None)

    def to_json(self, *, paths: bool = True) -> list[JsonObject]:
        """paths: whether to tell them, or what the folders are called."""
        with self._guard:
            return [trouble.to_json(None if paths else self.names) for trouble in self._found.values()]

    def _changed(self) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the server has stopped meanwhile
                loop.call_soon_threadsafe(lambda: self._tell(self.to_json()))
