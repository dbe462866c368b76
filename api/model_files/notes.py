"""What a person notes of models: a star, tags, words. One file, written whole."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any, cast

from api.files_on_disk import move, write_whole
from api.replies import Refusal

NAME = "models.json"
LARGEST_NOTE = 20_000
MOST_TAGS = 50
LONGEST_TAG = 60
LARGEST_FILE = 64 << 20

Notes = dict[str, dict[str, Any]]


class ModelNotes:
    """The notes of one user, in a folder of theirs: `kind/name` -> `starred`, `tags`, `note`, `triggers`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._notes: Notes | None = None
        self._lock = asyncio.Lock()

    async def all(self) -> Notes:
        """Every note that there is."""
        if self._notes is None:
            self._notes = await asyncio.to_thread(_read, self._path)
        return self._notes

    async def change(self, key: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Change what is noted of one model; it is on the disk when this returns. Raises Refusal."""
        checked = {name: CHECKS[name](value) for name, value in changes.items() if name in CHECKS}
        async with self._lock:
            notes = await self.all()
            entry = {**notes.get(key, {}), **checked}
            entry = {name: value for name, value in entry.items() if value not in (False, "", [])}
            changed = {**notes, key: entry}
            if not entry:
                del changed[key]
            text = json.dumps({"version": 1, "models": changed}, ensure_ascii=False, indent=1)
            try:
                await asyncio.to_thread(write_whole, self._path, text.encode())
            except OSError as error:
                raise Refusal(507, "not_saved", f"The note could not be saved: {error.strerror or error}.") from None
            self._notes = changed
            return entry


def _read(path: Path) -> Notes:
    """What is damaged is moved aside, so that it is lost to nobody."""
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError("too large")
        models: dict[str, Any] = json.loads(path.read_bytes())["models"]
        return {str(key): {**entry} for key, entry in models.items() if isinstance(entry, dict)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        move(path, path.with_name(f"{NAME}.damaged-{int(time.time())}"))
        return {}


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Refusal(400, "invalid_note", "A star is true or false.")
    return value


def _words(value: object) -> str:
    if not isinstance(value, str) or len(value) > LARGEST_NOTE:
        raise Refusal(400, "invalid_note", f"A note is a text of at most {LARGEST_NOTE:,} letters.")
    return value


def _tags(value: object) -> list[str]:
    tags = cast("list[Any]", value) if isinstance(value, list) else [None]
    if len(tags) > MOST_TAGS or not all(isinstance(tag, str) and 0 < len(tag.strip()) <= LONGEST_TAG for tag in tags):
        raise Refusal(400, "invalid_note", f"Tags are at most {MOST_TAGS} words of at most {LONGEST_TAG} letters.")
    return list(dict.fromkeys(str(tag).strip() for tag in tags))


CHECKS = {"starred": _flag, "note": _words, "triggers": _words, "tags": _tags}
