"""What the person running the server has approved: hashes of packs' code, and the approved code itself.

`user/packs.json` says which; `user/packs/NAME-HASH/` keeps a copy of each approved pack's code, so that what runs stays
what was approved when the pack's own files change. Packs that took the device process with them stand there too, until
their code is another.
"""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from api.files_on_disk import move, write_whole
from graph.packs import PackOnDisk, hash_of

log = logging.getLogger("easel")

VERSION = 1
SHORT = 16
"""Letters of a hash in a folder's name."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's word that this code may run."""

    path: str
    hash: str
    at: float
    """Seconds since 1970."""
    by: str
    """`terminal`, `page`."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A pack that ended or held up the device process while it was imported, and is left out with this code."""

    path: str
    hash: str
    at: float
    sentence: str


class CodeChanged(Exception):
    """The code on the disk is not the one that was looked at. The text is the pack's name."""


class Approvals:
    """The store; `server.py approve` writes the same file, so it is read again whenever it is another."""

    def __init__(self, user: Path) -> None:
        self.file = user / "packs.json"
        self.copies = user / "packs"
        self._lock = threading.Lock()
        self._read_at: tuple[int, int] | None = None
        self._approved: dict[str, Approval] = {}
        self._skipped: dict[str, Skip] = {}

    def approval(self, path: Path) -> Approval | None:
        with self._lock:
            self._refresh()
            return self._approved.get(str(path))

    def skip(self, path: Path, hash: str) -> Skip | None:
        """Why the pack is left out with this code, if it is."""
        with self._lock:
            self._refresh()
            found = self._skipped.get(str(path))
            return found if found is not None and found.hash == hash else None

    def mark(self) -> tuple[int, int]:
        """Another value after each change, whoever made it."""
        try:
            state = self.file.stat()
        except OSError:
            return (0, 0)
        return (state.st_mtime_ns, state.st_size)

    def approve(self, packs: Mapping[PackOnDisk, str], by: str) -> None:
        """Keep the code of all of these packs, and that it may run; or of none.

        packs: each with the hash that was shown. Raises CodeChanged where the code is another by now, and OSError.
        """
        codes = {pack: pack.read_code() for pack in packs}
        for pack, code in codes.items():
            if hash_of(code) != packs[pack]:
                raise CodeChanged(pack.name)
        for pack, code in codes.items():
            self._keep(pack, packs[pack], code)
        with self._changing():
            for pack, hash in packs.items():
                self._approved[str(pack.path)] = Approval(str(pack.path), hash, time.time(), by)
                self._skipped.pop(str(pack.path), None)

    def forget(self, path: Path) -> bool:
        """Take an approval back; whether there was one. Raises OSError."""
        with self._changing():
            self._skipped.pop(str(path), None)
            return self._approved.pop(str(path), None) is not None

    def leave_out(self, path: Path, hash: str, sentence: str) -> None:
        """Leave the pack out as long as its code is this. It is remembered even where it cannot be written."""
        skip = Skip(str(path), hash, time.time(), sentence)
        try:
            with self._changing():
                self._skipped[skip.path] = skip
        except OSError as error:
            log.warning("%s could not be written: %s", self.file, error)
            with self._lock:
                self._refresh()
                self._skipped[skip.path] = skip

    def try_again(self, path: Path) -> None:
        """Give a pack that was left out another chance. Raises OSError."""
        with self._changing():
            self._skipped.pop(str(path), None)

    def copy_of(self, pack: PackOnDisk, hash: str) -> Path:
        """The folder that keeps the pack's code of this hash."""
        return self.copies / f"{pack.name}-{hash[:SHORT]}"

    def tidy(self) -> None:
        """Delete the copies that no approval names any more: at the start, when no process reads them."""
        with self._lock:
            self._refresh()
            endings = {f"-{approval.hash[:SHORT]}" for approval in self._approved.values()}
        if not self.copies.is_dir():
            return
        for folder in self.copies.iterdir():
            if not any(folder.name.endswith(ending) for ending in endings):
                shutil.rmtree(folder, ignore_errors=True)

    def restore(self, pack: PackOnDisk, hash: str) -> bool:
        """Copy the code again where the copy is gone or damaged and the pack's own files are what was approved."""
        try:
            code = pack.read_code()
            if hash_of(code) != hash:
                return False
            self._keep(pack, hash, code)
        except OSError as error:
            log.warning("the approved code of %s could not be copied again: %s", pack.name, error)
            return False
        return True

    def _keep(self, pack: PackOnDisk, hash: str, code: dict[str, bytes]) -> None:
        """Copy the code. A power cut may leave less, which is seen by its hash when it is to run."""
        place = self.copy_of(pack, hash)
        if place.is_dir():
            if PackOnDisk(place).code_hash() == hash:
                return
            shutil.rmtree(place)
        self.copies.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=self.copies))
        try:
            for name, content in code.items():
                write_whole(made / name, content)
            move(made, place)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise

    @contextlib.contextmanager
    def _changing(self) -> Generator[None]:
        """Change what is there now, and write it; what cannot be written is not changed."""
        with self._lock:
            self._refresh()
            self._read_at = None
            yield
            data = {
                "version": VERSION,
                "approved": [asdict(item) for item in self._approved.values()],
                "left_out": [asdict(item) for item in self._skipped.values()],
            }
            write_whole(self.file, json.dumps(data, indent=1).encode())
            self._read_at = self.mark()

    def _refresh(self) -> None:
        mark = self.mark()
        if mark == self._read_at:
            return
        approved, skipped = self._read() if mark != (0, 0) else ({}, {})
        self._approved, self._skipped, self._read_at = approved, skipped, mark

    def _read(self) -> tuple[dict[str, Approval], dict[str, Skip]]:
        """What the file says. A damaged one approves nothing, and is put aside so that nothing writes over it."""
        try:
            data: Any = json.loads(self.file.read_bytes())
            if data["version"] != VERSION:
                raise ValueError(f"it is of version {data['version']}")
            items = [Approval(**item) for item in cast("list[Any]", data["approved"])]
            left_out = [Skip(**item) for item in cast("list[Any]", data["left_out"])]
        except (OSError, ValueError, KeyError, TypeError) as error:
            aside = self.file.with_name("packs.json.damaged")
            log.warning("%s cannot be read (%s): no pack is approved; it is kept as %s", self.file, error, aside.name)
            with contextlib.suppress(OSError):
                move(self.file, aside)
            return {}, {}
        return {item.path: item for item in items}, {item.path: item for item in left_out}
