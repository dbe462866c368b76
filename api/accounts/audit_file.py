"""user/audit.log: who came in, who changed what others trust, and what was deleted; one JSON object a line.

A line is written whole and is on the disk when `write` returns. The file is bounded: when it is full it becomes
`audit.1.log`, that one `audit.2.log`, and what is too many or too old goes.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from api.files_on_disk import sync_folder
from graph.types import JsonObject

log = logging.getLogger("easel")

LARGEST = 4 * 2**20
"""Bytes of a file."""
FILES = 8
"""Full ones that are kept."""
OLDEST = 2 * 365 * 24 * 3600.0
"""Seconds that a full one is kept."""
LONGEST_TEXT = 300
MOST_NAMED = 50
"""Entries of a list, such as the names of files."""
MOST_AT_ONCE = 500


class AuditFile:
    """The file in the folder `user`. May be used from any thread."""

    def __init__(self, user: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = user / "audit.log"
        self._clock = clock
        self._lock = threading.Lock()

    def write(self, what: str, facts: JsonObject) -> None:
        """Add a line. Blocks. What cannot be written is logged: it does not undo what was done."""
        now = self._clock()
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        entry = {"id": secrets.token_hex(8), "at": at, "what": what, **{k: _bounded(v) for k, v in facts.items()}}
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        try:
            with self._lock:
                self._append(line, now)
        except OSError as error:
            log.error("the audit log %s could not be written: %s", self._path, error.strerror or error)

    def page(self, before: str | None, limit: int) -> tuple[list[JsonObject], str | None]:
        """Entries, newest first, from the one after `before` on; and what to ask for next, None at the end."""
        limit = max(1, min(limit, MOST_AT_ONCE))
        found: list[JsonObject] = []
        skipping = before is not None
        for entry in self._newest_first():
            if skipping:
                skipping = entry.get("id") != before
            elif len(found) == limit:
                return found, str(found[-1]["id"])
            else:
                found.append(entry)
        return found, None

    def _append(self, line: bytes, now: float) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(handle).st_size
            if size and not _ends_line(handle, size):  # what a power cut left of a line stays one by itself
                line = b"\n" + line
            done = os.write(handle, line)
            while done < len(line):
                done += os.write(handle, line[done:])
            os.fsync(handle)
        finally:
            os.close(handle)
        if size == 0:
            sync_folder(self._path.parent)
        if size + len(line) > LARGEST:
            self._turn_over(now)

    def _turn_over(self, now: float) -> None:
        full = [self._numbered(number) for number in range(1, FILES + 1)]
        full[-1].unlink(missing_ok=True)
        for older, newer in zip(reversed(full), [*reversed(full[:-1]), self._path], strict=True):
            if newer.exists():
                newer.replace(older)
        for path in full:
            if path.exists() and now - path.stat().st_mtime > OLDEST:
                path.unlink()
        sync_folder(self._path.parent)

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"audit.{number}.log")

    def _newest_first(self) -> Iterator[JsonObject]:
        for path in (self._path, *(self._numbered(number) for number in range(1, FILES + 1))):
            try:
                lines = path.read_bytes().splitlines()
            except OSError:
                continue
            for line in reversed(lines):
                try:
                    entry: Any = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict):
                    yield cast("JsonObject", entry)


def _ends_line(handle: int, size: int) -> bool:
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1) == b"\n"


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else value[: LONGEST_TEXT - 1] + "…"
    if isinstance(value, (list, tuple)):
        items = list(cast("list[Any]", value))
        more = [f"and {len(items) - MOST_NAMED} more"] if len(items) > MOST_NAMED else []
        return [*(_bounded(item) for item in items[:MOST_NAMED]), *more]
    if isinstance(value, dict):
        return {str(k)[:LONGEST_TEXT]: _bounded(v) for k, v in list(cast("JsonObject", value).items())[:MOST_NAMED]}
    return value
