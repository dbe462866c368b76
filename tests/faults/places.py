"""Where a server's folders lie: an ordinary folder, a small disk in memory, or a disk whose power can be cut."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

from tests.server.disks import attach, detach, need

SMALL = 128
"""MB of the disk in memory: room for a few rounds of a few people."""
IMAGE = 256 * 2**20
PAGE = 4096
SECTOR = 512


class Plain:
    """A folder."""

    kind = "plain"

    def __init__(self, root: Path) -> None:
        self.base = root / "base"
        self.base.mkdir(parents=True)

    def close(self) -> None:
        shutil.rmtree(self.base, ignore_errors=True)


class Small(Plain):
    """A tmpfs, which is full soon."""

    kind = "small"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        attach(self.base, SMALL)

    def close(self) -> None:
        detach(self.base)


class Disk(Plain):
    """An ext4 of its own in a file. What the system has not written to that file yet is what a power cut takes.

    The system writes late here, and helps nobody who forgets an fsync.
    """

    kind = "disk"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._image, self._number = root / "disk-0", 0
        with self._image.open("wb") as file:
            file.truncate(IMAGE)
        need("mkfs.ext4", "-q", "-F", str(self._image))
        self._mount(self._image, self.base)

    def cut_power(self, dice: random.Random, *, torn: bool) -> list[str]:
        """Go back to what is on the disk; no process may use the folder. Gives what was lost or torn.

        torn: each page of what was being written has got there, or has not, or its first half has.
        """
        self._number += 1
        after = self._image.with_name(f"disk-{self._number}")
        subprocess.run(("cp", "--sparse=always", str(self._image), str(after)), check=True, capture_output=True)
        there = self._image.with_name("there")
        there.mkdir(exist_ok=True)
        self._mount(after, there)
        try:
            lost = _unwritten(self.base, there)
            if torn:
                for name in lost:
                    _tear(self.base / name, there / name, dice)
        finally:
            detach(there)
        detach(self.base)
        self._mount(after, self.base)
        self._image.unlink()
        self._image = after
        return lost

    def close(self) -> None:
        detach(self.base)
        self._image.unlink()

    def _mount(self, image: Path, at: Path) -> None:
        need("mount", "-o", "loop,commit=600,noauto_da_alloc", str(image), str(at))


def _unwritten(now: Path, there: Path) -> list[str]:
    """Files that are other, or only, in memory."""
    found: list[str] = []
    for path in sorted(now.rglob("*")):
        name = path.relative_to(now)
        if path.is_file() and path.name != "server.log":
            kept = there / name
            if not kept.is_file() or kept.read_bytes() != path.read_bytes():
                found.append(str(name))
    return found


def _tear(now: Path, kept: Path, dice: random.Random) -> None:
    """Mix, page by page, what a file holds in memory and on the disk. One that has got another file's name since, or
    has no name on the disk, is left as it is there: its name was on the way."""
    if not kept.is_file() or kept.stat().st_ino != now.stat().st_ino:
        return
    new, old = now.read_bytes(), kept.read_bytes()
    size = dice.choice((len(new), len(old), dice.randint(min(len(new), len(old)), max(len(new), len(old)))))
    mixed = bytearray(old.ljust(size, b"\0")[:size])
    for at in range(0, size, PAGE):
        upto = at + dice.choice((0, PAGE, PAGE, SECTOR * dice.randint(1, 7)))
        part = new[at : min(upto, size)]
        mixed[at : at + len(part)] = part
    kept.write_bytes(mixed)


PLACES: dict[str, type[Plain]] = {place.kind: place for place in (Plain, Small, Disk)}
