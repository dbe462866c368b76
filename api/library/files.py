"""A person's saved graphs on the disk: what there is, what is in them, and moving, copying and throwing them away.

Names are paths under the folder, with `/` and without `.json`. Everything here reads or writes files: it is called
beside the event loop.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from api.clock import now_for_deleting
from api.documents.store import count_nodes
from api.files_on_disk import copy_whole, move
from api.replies import Refusal
from graph.folders import inside

ENDING = ".json"
MOST_GRAPHS = 50_000
LARGEST_READ = 32 * 2**20
"""Bytes of a file that is looked into; of a larger one only the name is searched."""
MOST_WORDS = 20_000
"""Letters of the words in a graph that are searched."""
LONGEST_NAME = 200
"""Bytes of one part of a name, with the ending."""
TRASH = ".easel-trash"
TRASH_KEPT = 30 * 24 * 3600


@dataclass(frozen=True)
class Summary:
    """What is in a graph, for lists and searches."""

    nodes: int
    text: str
    """Node types, titles and the words of its widgets, in small letters."""


@dataclass(frozen=True)
class Found:
    name: str
    size: int
    modified: float
    stamp: int


@dataclass
class Shelf:
    """The graphs under one folder, with what is known of those that were read, by their time."""

    root: Path
    summaries: dict[str, tuple[int, Summary | None]] = field(default_factory=dict[str, "tuple[int, Summary | None]"])

    def scan(self) -> tuple[list[Found], list[str]]:
        """All graphs, and all folders."""
        graphs: list[Found] = []
        folders: list[str] = []
        waiting = [(self.root, "")]
        while waiting and len(graphs) < MOST_GRAPHS:
            folder, prefix = waiting.pop()
            try:
                entries = list(os.scandir(folder))
            except OSError:  # gone, or not ours to read
                continue
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(prefix + entry.name)
                        waiting.append((Path(entry.path), f"{prefix}{entry.name}/"))
                    elif entry.name.endswith(ENDING) and entry.is_file(follow_symlinks=False):
                        status = entry.stat()
                        name = prefix + entry.name.removesuffix(ENDING)
                        graphs.append(Found(name, status.st_size, status.st_mtime, status.st_mtime_ns ^ status.st_size))
                except OSError:
                    continue
        for gone in self.summaries.keys() - {found.name for found in graphs}:
            self.summaries.pop(gone, None)
        return graphs, sorted(folders, key=str.casefold)

    def known(self, found: Found) -> Summary | None:
        stamp, summary = self.summaries.get(found.name, (None, None))
        return summary if stamp == found.stamp else None

    def summarise(self, graphs: list[Found]) -> None:
        """Read those that are not known yet."""
        for found in graphs:
            if self.summaries.get(found.name, (None, None))[0] != found.stamp:
                path = self.root / f"{found.name}{ENDING}"  # as it was found: no name from outside
                self.summaries[found.name] = found.stamp, summary_of(path, found.size)

    def search(self, graphs: list[Found], words: list[str]) -> list[str]:
        """Names of the graphs that hold all the words, in their names or inside."""
        self.summarise(graphs)
        return [found.name for found in graphs if self._holds(found, words)]

    def _holds(self, found: Found, words: list[str]) -> bool:
        summary = self.known(found)
        text = f"{found.name.casefold()}\n{'' if summary is None else summary.text}"
        return all(word in text for word in words)

    def path(self, name: str) -> Path:
        """Of a graph's file. Raises FileNameError, Refusal."""
        return self._inside(name + ENDING)

    def folder(self, name: str) -> Path:
        return self._inside(name)

    def _inside(self, name: str) -> Path:
        parts = name.split("/")
        if not all(part and not part.startswith(".") and len(part.encode()) <= LONGEST_NAME for part in parts):
            raise Refusal(
                400,
                "invalid_file_name",
                "Parts of a name cannot be empty, begin with a dot, or be longer than 200 bytes.",
            )
        return inside(self.root, name)

    def move(self, source: str, target: str, *, folder: bool) -> None:
        """Raises Refusal where there is nothing to move, or something is there already."""
        path = self.folder if folder else self.path
        old, new = path(source), path(target)
        if not (old.is_dir() if folder else old.is_file()):
            raise gone(source)
        if folder and (new == old or old in new.parents):
            raise Refusal(400, "invalid_file_name", f"“{source}” cannot be moved into itself.")
        same = new.exists() and old.exists() and old.samefile(new)  # only other letter cases
        if new.exists() and not same:
            raise taken(target)
        move(old, new)

    def copy(self, source: str, target: str) -> None:
        old, new = self.path(source), self.path(target)
        if not old.is_file():
            raise gone(source)
        if new.exists():
            raise taken(target)
        copy_whole(old, new)

    def throw_away(self, graphs: list[str], folders: list[str]) -> str:
        """Move them to the trash; the token brings them back. Those that are gone already are left out."""
        moved = [(self.path(name), name + ENDING) for name in graphs] + [(self.folder(name), name) for name in folders]
        there = [(path, name) for path, name in moved if path.exists()]
        if not there:
            raise gone(", ".join([*graphs, *folders])[:200])
        token = f"{int(time.time())}-{secrets.token_hex(6)}"
        for path, name in there:
            place = self.root / TRASH / token / name
            move(path, place)
        self._empty_trash()
        return token

    def bring_back(self, token: str) -> list[str]:
        """Names of what came back. A name that was taken meanwhile gets a number."""
        trash = self.root / TRASH
        place = inside(trash, token)
        if place == trash or place.parent != trash or not place.is_dir():
            raise Refusal(404, "not_found", "It is not in the trash any more: things are kept there for 30 days.")
        back: list[str] = []
        for file in sorted(path for path in place.rglob("*") if path.is_file()):
            relative = file.relative_to(place)
            target = self.root / relative
            number = 1
            while target.exists():
                number += 1
                target = (self.root / relative).with_stem(f"{relative.stem} {number}")
            move(file, target)
            back.append(target.relative_to(self.root).as_posix().removesuffix(ENDING))
        for folder in (path for path in place.rglob("*") if path.is_dir()):  # empty ones were thrown away too
            (self.root / folder.relative_to(place)).mkdir(parents=True, exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)
        return back

    def _empty_trash(self) -> None:
        old = now_for_deleting() - TRASH_KEPT
        for place in (self.root / TRASH).iterdir():
            thrown = place.name.partition("-")[0]
            if thrown.isdigit() and int(thrown) < old:
                shutil.rmtree(place, ignore_errors=True)


def gone(name: str) -> Refusal:
    return Refusal(404, "not_found", f"“{name}” is not there any more: it was moved or deleted.")


def taken(name: str) -> Refusal:
    return Refusal(409, "taken", f"There is a “{name}” already.")


def summary_of(path: Path, size: int) -> Summary | None:
    """None for a file that is no graph or cannot be read."""
    if size > LARGEST_READ:
        return None
    try:
        found: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return summarise(cast("dict[str, Any]", found)) if isinstance(found, dict) else None


def summarise(workflow: dict[str, Any]) -> Summary:
    graphs: list[dict[str, Any]] = [workflow]
    definitions = workflow.get("definitions")
    subgraphs = cast("dict[str, Any]", definitions).get("subgraphs") if isinstance(definitions, dict) else None
    graphs += [graph for graph in _list(subgraphs) if isinstance(graph, dict)]
    words: list[str] = []
    left = MOST_WORDS
    for graph in graphs:
        words.append(_text(graph.get("name")))
        for node in _list(graph.get("nodes")):
            if not isinstance(node, dict) or left <= 0:
                continue
            known = cast("dict[str, Any]", node)
            values = known.get("widgets_values")
            texts = list(cast("dict[str, Any]", values).values()) if isinstance(values, dict) else _list(values)
            for text in (known.get("type"), known.get("title"), *texts):
                word = _text(text)[:left]
                left -= len(word)
                words.append(word)
    info = cast("dict[str, Any]", workflow.get("extra") if isinstance(workflow.get("extra"), dict) else {}).get("info")
    if isinstance(info, dict):
        words += [_text(value) for value in cast("dict[str, Any]", info).values()]
    return Summary(count_nodes(workflow), "\n".join(filter(None, words)).casefold())


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
