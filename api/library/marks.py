"""What a person says of saved graphs and the files cannot hold: tags, favourites, and when each was last opened.

One JSON file for all, written whole.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from api.files_on_disk import move, write_whole

log = logging.getLogger("easel")

FILE = "easel.library.json"
MOST_TAGS = 32
"""Of one graph."""
LONGEST_TAG = 64
MOST_OPENED = 200
"""Times of opening that are kept."""


@dataclass
class Mark:
    tags: list[str] = field(default_factory=list[str])
    favourite: bool = False
    opened: float | None = None

    @property
    def empty(self) -> bool:
        return not self.tags and not self.favourite and self.opened is None

    def to_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"tags": self.tags} if self.tags else {}
        if self.favourite:
            said["favourite"] = True
        if self.opened is not None:
            said["opened"] = self.opened
        return said


class Marks:
    """The marks of one folder's graphs, by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self.graphs: dict[str, Mark] = {}
        self._rest: dict[str, Any] = {}

    def read(self) -> None:
        """Read the file, if it is another than was read before. What is damaged is set aside, not overwritten."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self._stamp, self.graphs, self._rest = None, {}, {}
            return
        stamp = status.st_mtime_ns, status.st_size
        if stamp == self._stamp:
            return
        try:
            found: Any = json.loads(self.path.read_bytes())
            if not isinstance(found, dict):
                raise ValueError("it holds no object")
        except (ValueError, RecursionError) as error:
            log.warning("the tags of graphs in %s cannot be read (%s): they begin anew", self.path, error)
            move(self.path, self.path.with_name(f"{self.path.name}.{int(time.time())}.damaged"))
            self._stamp, self.graphs, self._rest = None, {}, {}
            return
        self._rest = cast("dict[str, Any]", found)
        graphs = self._rest.pop("graphs", None)
        known = cast("dict[str, Any]", graphs) if isinstance(graphs, dict) else {}
        self.graphs = {
            name: _mark(cast("dict[str, Any]", said)) for name, said in known.items() if isinstance(said, dict)
        }
        self._stamp = stamp

    def write(self) -> None:
        """Raises OSError; then the file is as it was, and what is here is read again when it is next asked for."""
        graphs = {name: mark.to_json() for name, mark in sorted(self.graphs.items()) if not mark.empty}
        data = json.dumps({"version": 1, **self._rest, "graphs": graphs}, ensure_ascii=False, indent=1).encode()
        self._stamp = (0, 0)
        write_whole(self.path, data)
        status = self.path.stat()
        self._stamp = status.st_mtime_ns, status.st_size

    def change(self, names: list[str], change: Callable[[Mark], None]) -> None:
        for name in names:
            change(self.graphs.setdefault(name, Mark()))

    def opened(self, name: str, when: float) -> None:
        self.graphs.setdefault(name, Mark()).opened = when
        times = sorted((mark.opened for mark in self.graphs.values() if mark.opened is not None), reverse=True)
        if len(times) > MOST_OPENED:
            for mark in self.graphs.values():
                if mark.opened is not None and mark.opened < times[MOST_OPENED - 1]:
                    mark.opened = None

    def moved(self, source: str, target: str, *, folder: bool) -> bool:
        """Whether any mark went along."""
        if not folder:
            mark = self.graphs.pop(source, None)
            if mark is not None:
                self.graphs[target] = mark
            return mark is not None
        inside = [name for name in self.graphs if name.startswith(f"{source}/")]
        for name in inside:
            self.graphs[target + name[len(source) :]] = self.graphs.pop(name)
        return bool(inside)


def tidy_tags(tags: list[str]) -> list[str]:
    """Each once, without what cannot be seen at their ends, in order of their letters."""
    tidy = {" ".join(tag.split())[:LONGEST_TAG] for tag in tags}
    return sorted(filter(None, tidy), key=str.casefold)[:MOST_TAGS]


def _mark(said: dict[str, Any]) -> Mark:
    tags: Any = said.get("tags")
    opened: Any = said.get("opened")
    return Mark(
        tidy_tags([tag for tag in cast("list[Any]", tags) if isinstance(tag, str)]) if isinstance(tags, list) else [],
        said.get("favourite") is True,
        float(opened) if isinstance(opened, int | float) and not isinstance(opened, bool) else None,
    )
