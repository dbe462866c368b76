"""What a person's files take: whose they are, what is on its way, and what is not counted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api import disk_use
from api.accounts.people import Quotas
from api.disk_use import DiskUse
from api.replies import Refusal
from graph.folders import standard_folders

ANNA = "anna_1"


async def _in_trash(person: str) -> int:
    return 50 if person == ANNA else 0


def made(tmp_path: Path, most: int | None, in_trash: Callable[[str], Awaitable[int]] = _in_trash) -> DiskUse:
    folders = standard_folders([], input=tmp_path / "in", output=tmp_path / "out", temp=tmp_path / "t")
    for path, size in (
        (tmp_path / "in/first.bin", 1000),
        (tmp_path / f"in/people/{ANNA}/a/b.bin", 300),
        (tmp_path / f"out/people/{ANNA}/c.bin", 40),
        (tmp_path / f"t/people/{ANNA}/passing.bin", 5000),
        (tmp_path / f"user/{ANNA}/workflows/w.json", 10),
        (tmp_path / "user/default/w.json", 7),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    (tmp_path / f"in/people/{ANNA}/link").symlink_to(tmp_path / "in/first.bin")
    (tmp_path / f"in/people/{ANNA}/folder").symlink_to(tmp_path / "t")
    return DiskUse(folders, tmp_path / "user", lambda person: Quotas(disk_bytes=most), in_trash)


def test_each_persons_files_are_counted_for_them(tmp_path: Path) -> None:
    use = made(tmp_path, None)
    links = sum((tmp_path / f"in/people/{ANNA}" / name).lstat().st_size for name in ("link", "folder"))
    assert asyncio.run(use.used(ANNA)) == 300 + 40 + 10 + 50 + links
    assert asyncio.run(use.used("default")) == 1000 + 7
    assert asyncio.run(use.left(ANNA)) is None


def test_uploads_at_once_share_what_is_left(tmp_path: Path) -> None:
    use = made(tmp_path, 2000)

    async def work() -> list[str]:
        found: list[str] = []
        before = await use.left("default")
        assert before == 2000 - 1007

        async def one() -> None:
            try:
                async with use.room_for("default", 400):
                    await asyncio.sleep(0)
                    use.add("default", 400)
                found.append("taken")
            except Refusal as refusal:
                found.append(str(refusal.status))

        await asyncio.gather(*(one() for _ in range(5)))
        assert await use.left("default") == before - 800
        return found

    assert sorted(asyncio.run(work())) == ["507"] * 3 + ["taken"] * 2


def test_an_upload_that_is_broken_off_gives_its_room_back(tmp_path: Path) -> None:
    use = made(tmp_path, 2000)

    async def work() -> None:
        with pytest.raises(ConnectionError):
            async with use.room_for("default", 900):
                raise ConnectionError
        async with use.room_for("default", 900):
            pass

    asyncio.run(work())


def test_a_file_that_goes_while_it_is_counted_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use = made(tmp_path, None)
    scandir = os.scandir
    for n in range(5):
        (tmp_path / f"in/{n}.bin").write_bytes(b"x" * 10)

    @contextmanager
    def losing_the_first(folder: str) -> Iterator[list[os.DirEntry[str]]]:
        files = sorted(scandir(folder), key=lambda entry: entry.is_dir())
        if Path(folder) == tmp_path / "in":
            files.sort(key=lambda entry: entry.name != "0.bin")
            Path(files[0]).unlink()
        yield files

    monkeypatch.setattr(disk_use.os, "scandir", losing_the_first)
    assert asyncio.run(use.used("default")) == 1000 + 7 + 4 * 10


OUTDATED: list[Callable[[DiskUse], None]] = [
    lambda use: use.forget(),
    lambda use: use.heard("job_ended", {}, ANNA),
]


@pytest.mark.parametrize("tell", OUTDATED, ids=["gone", "made"])
def test_what_changes_during_a_count_is_counted_the_next_time(tmp_path: Path, tell: Callable[[DiskUse], None]) -> None:
    """The trash is asked last: the folders have been looked through by then."""
    file = tmp_path / f"in/people/{ANNA}/new.bin"

    async def in_trash(_: str) -> int:
        if not file.exists():
            file.write_bytes(b"x" * 600)
            tell(use)
        return 0

    use = made(tmp_path, None, in_trash)

    async def work() -> int:
        return await use.used(ANNA) - await use.used(ANNA)

    assert asyncio.run(work()) == -600


def test_what_is_sent_during_a_count_is_counted(tmp_path: Path) -> None:
    async def in_trash(_: str) -> int:
        use.add(ANNA, 600)
        return 0

    use = made(tmp_path / "one", None, in_trash)
    before = asyncio.run(made(tmp_path / "two", None).used(ANNA)) - 50
    assert asyncio.run(use.used(ANNA)) == before + 600
