"""What a person's files take: whose they are, what is on its way, and what is not counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api.accounts.people import Quotas
from api.disk_use import DiskUse
from api.replies import Refusal
from graph.folders import standard_folders

ANNA = "anna_1"


async def _in_trash(person: str) -> int:
    return 50 if person == ANNA else 0


def made(tmp_path: Path, most: int | None) -> DiskUse:
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
    return DiskUse(folders, tmp_path / "user", lambda person: Quotas(disk_bytes=most), _in_trash)


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
