"""user/audit.log: who came in, who changed what others trust, and what was deleted; one JSON object a line.

A line is written whole and is on the disk when `write` returns: what a full disk or a power cut leaves of one is taken
away, at once or before the next. The file is bounded: when it is full it becomes `audit.1.log`, that one `audit.2.log`,
and what is too many or too old goes.
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
        self._looked_at = False

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
            if not self._looked_at:
                _mend_end(handle)
                self._looked_at = True
            size, done = os.fstat(handle).st_size, 0
            try:
                while done < len(line):
                    done += os.write(handle, line[done:])
                os.fsync(handle)
            except OSError:
                self._looked_at = False  # what cannot be taken away now is taken away before the next line
                if os.fstat(handle).st_size == size + done:  # the command line may have written too
                    os.ftruncate(handle, size)
                raise
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


def _mend_end(handle: int) -> None:
    """Take the last line away if it is not whole: nobody was told that it was noted."""
    size = os.fstat(handle).st_size
    os.lseek(handle, 0, os.SEEK_SET)
    text = b""
    while more := os.read(handle, size - len(text)):
        text += more
    start = text.rfind(b"\n", 0, -1) + 1
    try:
        json.loads(text[start:] or b"{}")
    except ValueError:
        if os.fstat(handle).st_size == size:  # the command line may be writing it right now
            log.warning("the last line of the audit log was not written to its end: it is taken away")
            os.ftruncate(handle, start)
    else:
        if text and not text.endswith(b"\n"):
            os.write(handle, b"\n")


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
